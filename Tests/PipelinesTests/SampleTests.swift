import Foundation
import Media
import Models
import Pipelines
import Store
import Tensors
import Testing

/// Content that nobody filmed.
@Suite(.serialized)
struct SampleTests {
    private let fixture: LibraryFixture

    init() throws { fixture = try LibraryFixture.get() }

    private func sample(
        _ seed: UInt64,
        _ edit: (inout SampleRequest) -> Void = { _ in }
    ) throws -> (report: SampleReport, samples: [SampledContent]) {
        var request = SampleRequest(seed: seed)
        edit(&request)
        var samples: [SampledContent] = []
        let report = try fixture.session.sample(request) { samples.append($0) }
        return (report, samples)
    }

    @Test func aSampleIsAClipWithoutMotionThatKeepsItsSeed() throws {
        let drawn = try sample(11) { $0.tags = ["drawn"] }
        #expect(drawn.report.added == 1 && drawn.samples.first?.name == "sample-11")
        let library = fixture.session.library
        let clip = try library.resolve("sample-11").clip
        #expect(clip.tags == ["drawn"] && clip.duration == 0)
        let assets = try library.assets(of: clip.id)
        #expect(assets.map(\.kind) == [.content, .style, .look, .thumbnails])
        let provenance = try #require(assets.first?.provenanceJSON)
        #expect(provenance.contains(#""seed":11"#) && provenance.contains(#""psi":0.7"#))
        #expect(provenance.contains(#""average":"weights""#))
    }

    @Test func theSameSeedAgainDoesNothingAndAnotherPsiIsAnotherSample() throws {
        let first = try sample(21)
        let again = try sample(21) { $0.name = "other" }
        #expect(again.report.added == 0 && again.report.skipped == 1)
        #expect(again.samples.first?.id == first.samples.first?.id)
        #expect(again.samples.first?.name == "sample-21")
        #expect(try sample(21) { $0.psi = 1 }.report.added == 1)
        // A cutoff at the last layer, or without a truncation, makes no difference.
        #expect(try sample(21) { $0.cutoff = 12 }.report.skipped == 1)
        #expect(try sample(21) { ($0.psi, $0.cutoff) = (1, 3) }.report.skipped == 1)
        #expect(try sample(21) { $0.cutoff = 3 }.report.added == 1)
    }

    @Test func manyAreTheSameAsOneByOne() throws {
        let one = try sample(32)
        let many = try sample(31) { $0.count = 3 }
        #expect(many.samples.map(\.seed) == [31, 32, 33])
        #expect(many.samples[1].id == one.samples[0].id)
        #expect(many.report.added == 2 && many.report.skipped == 1)
    }

    @Test func theStoredCodeDrawsThePictureThatWasShown() throws {
        let path = try fixture.path("sample.png")
        let drawn = try sample(41) { $0.picture = path }
        let generator = try fixture.session.pack().generator()
        let id = try #require(drawn.samples.first.flatMap { ClipID(hex: $0.id) })
        let code = try #require(try fixture.session.library.tensor(of: id, .content)).float
        let image = generator.synthesize(code.reshaped([1] + code.shape))[0]
        #expect(try StillImage.read(path) == RGBImage(image, .minusOneToOne))
        // The same bits once more, in a request of its own.
        let twin = try fixture.path("twin.png")
        #expect(try sample(41) { $0.picture = twin }.report.skipped == 1)
        #expect(try StillImage.read(path) == StillImage.read(twin))
    }

    @Test func aSampleMovesLikeAClip() throws {
        _ = try sample(51)
        var request = fixture.request(frames: 3)
        request.content = "sample-51"
        let frames = try fixture.frames(request)
        #expect(frames.count == 3 && frames[0] != frames[2])
    }

    @Test func aSheetShowsAll() throws {
        let path = try fixture.path("sheet.png")
        _ = try sample(61) { ($0.count, $0.sheet) = (10, path) }
        let sheet = try StillImage.read(path)
        #expect(sheet.width > 8 * 128 && sheet.height > 2 * 128)
    }

    @Test func whatCannotBeDrawnIsRefusedBeforeAnyWork() throws {
        let before = try fixture.session.library.clips().count
        let edits: [(inout SampleRequest) -> Void] = [
            { $0.count = 0 }, { $0.count = 1001 }, { $0.psi = .nan }, { $0.psi = .infinity },
            { $0.cutoff = 0 }, { $0.cutoff = 13 }, { $0.seed = .max },
            { ($0.count, $0.picture) = (2, "two.png") },
        ]
        for edit in edits { #expect(throws: RequestError.self) { try sample(71, edit) } }
        #expect(throws: MediaError.self) { try sample(71) { $0.picture = "sample.txt" } }
        #expect(throws: MediaError.self) { try sample(71) { $0.sheet = "/nowhere/a.png" } }
        #expect(try fixture.session.library.clips().count == before)
    }
}

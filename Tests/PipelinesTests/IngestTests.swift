import Foundation
import Media
import Packs
import Pipelines
import Store
import Testing

/// Files become clips; bad ones are named and lose nothing.
@Suite(.serialized)
struct IngestTests {
    private let fixture: LibraryFixture

    init() throws { fixture = try LibraryFixture.get() }

    private func ingest(
        _ inputs: [String],
        _ edit: (inout IngestRequest) -> Void = { _ in }
    ) throws -> (report: IngestReport, clips: [IngestedClip]) {
        var request = IngestRequest(inputs: inputs)
        edit(&request)
        var clips: [IngestedClip] = []
        let report = try fixture.session.ingest(request) { event in
            if case .clip(let clip) = event { clips.append(clip) }
        }
        return (report, clips)
    }

    /// Writes a film of grey frames, each a little lighter.
    private func film(_ name: String, frames: Int, width: Int = 64, height: Int = 64) throws
        -> String
    {
        let path = try fixture.path(name)
        guard let rate = FrameRate(25) else { return path }
        let writer = try VideoWriter(path: path, width: width, height: height, frameRate: rate)
        for index in 0..<frames {
            let level = UInt8(60 + index % 120)
            try writer.append(
                RGBImage(width: width, height: height, red: level, green: level, blue: level)
            )
        }
        try writer.finish()
        return path
    }

    @Test func theSameBytesAgainDoNothing() throws {
        let again = try ingest([LibraryFixture.first])
        #expect(again.report.added == 0 && again.report.skipped == 1)
        #expect(again.clips.first?.isNew == false)
    }

    @Test func anotherAlignmentIsAnotherClip() throws {
        let padded = try ingest([LibraryFixture.first]) { $0.alignment = .pad }
        #expect(padded.report.added == 1)
        #expect(padded.clips.first?.name != "figure00_motion00")
    }

    @Test func everyAssetOfAClipIsStored() throws {
        let clip = try fixture.session.library.resolve("figure00_motion00").clip
        let kinds = Set(try fixture.session.library.assets(of: clip.id).map(\.kind))
        #expect(kinds == [.content, .dynamics, .motion, .style, .look, .thumbnails])
    }

    @Test func aLongFilmBecomesPieces() throws {
        let path = try film("long.mp4", frames: 160)
        let pieces = try ingest([path])
        #expect(pieces.clips.map(\.start) == [0, 2, 4, 6])
        #expect(abs((pieces.clips.last?.end ?? 0) - 6.4) < 0.01)
        let whole = try ingest([path]) { $0.segment = .none }
        #expect(whole.clips.count == 1)
    }

    @Test func oneFrameIsContentOnly() throws {
        let result = try ingest([try film("single.mp4", frames: 1)])
        #expect(result.clips.first?.hasMotion == false)
        #expect(result.clips.first?.warnings.contains { $0.contains("no motion") } == true)
    }

    @Test func otherShapesAreAligned() throws {
        for alignment in [PackManifest.Alignment.none, .center, .pad] {
            let path = try film("wide-\(alignment).mkv", frames: 5, width: 90, height: 51)
            #expect(try ingest([path]) { $0.alignment = alignment }.report.added == 1)
        }
    }

    @Test func badFilesAreNamedAndTheOthersGoOn() throws {
        let text = try fixture.path("text.mp4")
        try Data("this is not a film\n".utf8).write(to: URL(fileURLWithPath: text))
        let empty = try fixture.path("empty.mp4")
        try Data().write(to: URL(fileURLWithPath: empty))
        let missing = fixture.root + "/missing.mp4"
        let cut = try fixture.path("cut.mp4")
        let whole = try Data(contentsOf: URL(fileURLWithPath: LibraryFixture.second))
        try whole.prefix(whole.count * 3 / 4).write(to: URL(fileURLWithPath: cut))
        let good = try film("good.mp4", frames: 30)
        let result = try ingest([text, missing, good, empty, cut])
        #expect(result.report.added >= 1)
        #expect(result.clips.contains { $0.name == "good" && $0.isNew })
        let failed = Set(result.report.failures.map(\.path))
        #expect(failed == [text, missing, empty, cut])
        for failure in result.report.failures { #expect(!failure.reason.isEmpty) }
    }

    @Test func anImpossibleRequestIsRefusedBeforeAnyWork() {
        #expect(throws: RequestError.self) { try ingest([]) }
        #expect(throws: RequestError.self) {
            try ingest([LibraryFixture.first, LibraryFixture.second]) { $0.name = "one" }
        }
        #expect(throws: RequestError.self) {
            try ingest([LibraryFixture.first]) { ($0.start, $0.end) = (2, 1) }
        }
        #expect(throws: RequestError.self) {
            try ingest([LibraryFixture.first]) { $0.segment = .seconds(0) }
        }
    }

    @Test func cancellingKeepsWhatWasReported() throws {
        let cancellation = Cancellation()
        let path = try film("cancelled.mp4", frames: 500)
        var reported: [String] = []
        #expect(throws: InterruptedError.self) {
            try fixture.session.ingest(
                IngestRequest(inputs: [path]),
                cancellation: cancellation
            ) { event in
                if case .clip(let clip) = event { reported.append(clip.id) }
                if case .progress(let state) = event, state.videoSeconds > 0 {
                    cancellation.cancel()
                }
            }
        }
        for id in reported {
            let found = try fixture.session.library.resolve(id)
            #expect(try fixture.session.library.tensor(of: found.clip.id, .content) != nil)
        }
    }
}

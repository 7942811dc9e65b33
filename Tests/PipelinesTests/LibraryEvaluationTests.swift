import Foundation
import Pipelines
import Store
import Testing

/// Clips of a library measured by what needs no truth.
struct LibraryEvaluationTests {
    private func measured(
        _ inputs: [String],
        captions: [String: String] = [:],
        _ edit: (inout EvaluationRequest) -> Void = { _ in }
    ) throws -> EvaluationReport {
        let root = NSTemporaryDirectory() + "/vsdb-eval-library-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: root) }
        let session = Session(library: try Library.create(at: root))
        try session.addPack(from: LibraryFixture.samples + "/packs/paper-doll")
        var request = IngestRequest(inputs: inputs)
        request.captions = captions
        _ = try session.ingest(request)
        var evaluation = EvaluationRequest()
        evaluation.frameCount = 4
        edit(&evaluation)
        return try session.evaluate(evaluation)
    }

    @Test func clipsAreMeasuredAgainstTheirOwnFrames() throws {
        let report = try measured(
            [LibraryFixture.first, LibraryFixture.second],
            captions: ["figure00_motion00.mp4": "one", "figure01_motion13.mp4": "another"]
        )
        let inverted = try #require(report.value("reconstruction", "G(f_C(x))", "psnr"))
        let result = try #require(
            report.value("reconstruction", "reconstruction G(z_C + dz_t)", "psnr")
        )
        #expect(inverted > 20 && result > 15)
        #expect(report.counts["real frames"] == 8 && report.counts["real films"] == 2)
        #expect(report.value("distances", "frames: animation", "frechet") ?? -1 > 0)
        let score = try #require(report.value("classes", "real frames", "classScore"))
        #expect((1...2).contains(score))
        let own = try #require(report.value("identity", "animation", "identity"))
        let other = try #require(report.value("identity", "animation", "otherIdentity"))
        #expect(own > other)
        #expect(
            report.sections.allSatisfy { section in
                section.rows.allSatisfy { $0.values.values.allSatisfy(\.isFinite) }
            }
        )
    }

    @Test func oneClipSaysWhatItCannotTell() throws {
        let report = try measured([LibraryFixture.first])
        #expect(report.value("reconstruction", "G(f_C(x))", "psnr") != nil)
        for text in ["one clip", "class score", "two vectors at least"] {
            #expect(report.missing.contains { $0.contains(text) }, "\(report.missing)")
        }
    }

    @Test func aSourceThatIsGoneLeavesTheRest() throws {
        let folder = try LibraryFixture.get().path("")
        let copy = folder + "copy.mp4"
        try FileManager.default.copyItem(atPath: LibraryFixture.first, toPath: copy)
        let report = try measured([copy, LibraryFixture.second]) { _ in
            try? FileManager.default.removeItem(atPath: copy)
        }
        #expect(report.missing.contains { $0.contains("is not there any more") })
        #expect(report.counts["real films"] == 1)
        #expect(report.value("steadiness", "animation", "warping") != nil)
    }

    @Test func anEmptyLibraryIsRefused() throws {
        let error = #expect(throws: RequestError.self) {
            _ = try measured([LibraryFixture.samples + "/stills/figure05.png"])
        }
        #expect(error?.description.contains("none of the 1 clips moves") == true)
    }
}

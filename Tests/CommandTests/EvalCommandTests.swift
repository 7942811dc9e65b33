import Foundation
import Testing

/// Measuring from the command line.
struct EvalCommandTests {
    @Test func aLibraryIsMeasuredAsATable() throws {
        let workspace = try Workspace.prepared.get()
        let result = try workspace.expectSuccess("eval", "--frames", "3", "--rate", "5")
        for text in [
            "Reconstruction", "Frechet distances over CLIP features", "Steadiness", "weights",
            "3 frames of each clip", "Not measured",
        ] {
            #expect(result.output.contains(text), "\(result.output)")
        }
        #expect(result.errors.contains("measured in"))
    }

    @Test func programsReadOneDocument() throws {
        let workspace = try Workspace.prepared.get()
        let lines = try workspace.expectSuccess(
            "eval",
            "figure00_motion00",
            "--frames",
            "3",
            "--json"
        ).jsonLines()
        let report = try #require(lines.last?["report"] as? [String: Any])
        #expect(lines.last?["event"] as? String == "done")
        #expect((report["counts"] as? [String: Int])?["clips"] == 1)
        #expect((report["missing"] as? [String])?.isEmpty == false)
        let sections = try #require(report["sections"] as? [[String: Any]])
        let rows = try #require(sections.first?["rows"] as? [[String: Any]])
        #expect((rows.first?["values"] as? [String: Double])?["psnr"] ?? 0 > 15)
    }

    @Test func aReportIsAPageThatStandsAlone() throws {
        let workspace = try Workspace.copyOfPrepared()
        let result = try workspace.expectSuccess("eval", "--frames", "2", "-o", "report.html")
        #expect(result.output.hasSuffix("report.html\n"))
        let page = try String(contentsOfFile: workspace.path("report.html"), encoding: .utf8)
        for text in ["<h1>paper-doll</h1>", "<h2>Reconstruction</h2>", "G(z_C + dz_t)", "PSNR dB"] {
            #expect(page.contains(text))
        }
        #expect(!page.contains("src=\"http"))
    }

    @Test(arguments: [
        (["-o", "report.txt"], 64), (["--stride", "2"], 64), (["--frames", "1"], 64),
        (["--rate", "nan"], 64),
        (["--samples", "gone"], 1), (["--samples", "gone", "--frames", "3"], 64),
        (["--classes", "gone"], 64), (["nobody"], 12), (["--pack", "nobody"], 12),
    ])
    func wrongUsageIsSaid(arguments: [String], status: Int) throws {
        let result = try Workspace.prepared.get().run(["eval"] + arguments)
        #expect(Int(result.status) == status, "\(arguments): \(result.errors)")
        #expect(result.output.isEmpty && result.errors.hasPrefix("vsdb: error: "))
    }

    @Test func anEmptyLibraryAndABadManifestAreRefused() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        try workspace.expectSuccess("pack", "add", Workspace.samples + "/packs/paper-doll")
        let empty = try workspace.run(["eval"])
        #expect(empty.status == 1 && empty.errors.contains("has no clip of pack"))
        try FileManager.default.createDirectory(
            atPath: workspace.path("set"),
            withIntermediateDirectories: true
        )
        try workspace.write(#"{"format": 1}"#, to: "set/samples.json")
        let bad = try workspace.run(["eval", "--samples", "set"])
        #expect(bad.status == 15 && bad.errors.contains("the key name is missing"))
    }
}

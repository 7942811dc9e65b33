import Foundation
import Testing

/// Drawing content from the command line.
struct SampleCommandTests {
    @Test func samplesAreListedShownAndComposed() throws {
        let workspace = try Workspace.copyOfPrepared()
        let first = try workspace.expectSuccess("sample", "--seed", "7", "-o", "seven.png")
        #expect(first.output.hasPrefix("added  ") && first.output.hasSuffix("seven.png\n"))
        #expect(first.errors.contains("psi 0.7 towards the weights' average"))
        let again = try workspace.expectSuccess("sample", "--seed", "7", "--psi", "0.7")
        #expect(again.output.hasPrefix("known  ") && again.errors.contains("0 samples added"))
        let renamed = try workspace.expectSuccess("sample", "--seed", "7", "--name", "lucky")
        #expect(renamed.errors.contains("--name lucky is not used"))
        #expect(try workspace.expectSuccess("list").output.contains("sample-7"))
        let shown = try workspace.expectSuccess("show", "sample-7").output
        #expect(shown.contains("vsdb sample --seed 7 --psi 0.7") && shown.contains(#""seed":7"#))
        try workspace.expectSuccess(
            "compose",
            "--content",
            "sample-7",
            "--motion",
            "figure00_motion00",
            "-o",
            "moved.mp4"
        )
        #expect(workspace.has("moved.mp4"))
    }

    @Test func jsonIsOneObjectALine() throws {
        let workspace = try Workspace.copyOfPrepared()
        let lines = try workspace.expectSuccess(
            "sample",
            "--seed",
            "1",
            "--count",
            "2",
            "--psi",
            "1",
            "--json"
        ).jsonLines()
        #expect(lines.compactMap { $0["event"] as? String } == ["sample", "sample", "done"])
        let report = try #require(lines.last?["report"] as? [String: Any])
        #expect(report["added"] as? Int == 2 && report["psi"] as? Double == 1)
    }

    @Test(arguments: [
        ["--psi", "nan"], ["--psi", "inf"], ["--count", "0"], ["--seed", "-1"],
        ["--count", "2", "-o", "two.png"], ["-o", "-"],
    ])
    func wrongUsageIsSaid(arguments: [String]) throws {
        let workspace = try Workspace.prepared.get()
        let seed = arguments.contains("--seed") ? [] : ["--seed", "1"]
        let result = try workspace.run(["sample"] + seed + arguments)
        #expect(result.status == 64, "\(result.errors)")
    }

    @Test func aPackWithoutAMappingNetworkSaysSo() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.makePack { manifest in
            var generator = manifest["generator"] as? [String: Any] ?? [:]
            var config = generator["config"] as? [String: Any] ?? [:]
            config["mappingLayers"] = 0
            generator["config"] = config
            manifest["generator"] = generator
        }
        try workspace.expectSuccess("pack", "add", "pack", "--name", "unmapped")
        let result = try workspace.run(["sample", "--seed", "1", "--pack", "unmapped"])
        #expect(result.status == 14 && result.errors.contains("mapping network"))
    }
}

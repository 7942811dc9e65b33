import Foundation
import Testing

/// `vsdb train dynamics` on the sample pack and two sample clips.
@Suite struct TrainDynamicsCommandTests {
    /// Changes the printed configuration and writes it.
    private func configure(
        _ workspace: Workspace,
        _ change: (inout [String: Any]) -> Void
    ) throws {
        let printed = try workspace.expectSuccess("train", "dynamics", "--print-config")
        var config = try #require(try printed.json() as? [String: Any])
        change(&config)
        let data = try JSONSerialization.data(withJSONObject: config, options: .sortedKeys)
        try workspace.write(String(decoding: data, as: UTF8.self), to: "config.json")
    }

    private func small(_ config: inout [String: Any]) {
        config["clips"] = 2
        var sampling = config["sampling"] as? [String: Any] ?? [:]
        sampling["observed"] = [3, 4]
        sampling["drawn"] = [3, 3]
        config["sampling"] = sampling
        var run = config["run"] as? [String: Any] ?? [:]
        run["steps"] = 3
        run["logSteps"] = 1
        config["run"] = run
    }

    /// A run makes a pack that ingests, composes and says where it comes from.
    @Test func trainsAPack() throws {
        let workspace = try Workspace.copyOfPrepared()
        try configure(workspace, small)
        let begun = try workspace.expectSuccess(
            "train",
            "dynamics",
            "--config",
            "config.json",
            "-o",
            "run",
            "--json"
        )
        #expect(begun.errors.contains("the pack has no DINO: the terms LA and LS are off"))
        let lines = try begun.jsonLines()
        #expect(lines.map { $0["event"] as? String } == ["step", "step", "step", "done"])
        for file in ["config.json", "log.jsonl", "report.html", "pack/pack.json"] {
            #expect(workspace.has("run/" + file), "\(file) is there")
        }
        let manifest = try String(
            contentsOfFile: workspace.path("run/pack/pack.json"),
            encoding: .utf8
        )
        #expect(manifest.contains("3 of 3 steps"))
        try workspace.expectSuccess("pack", "add", "run/pack")
        try workspace.expectSuccess(
            "ingest",
            Workspace.clip("figure00_motion00"),
            "--pack",
            "paper-doll-trained",
            "--name",
            "again"
        )
        try workspace.expectSuccess(
            "compose",
            "--content",
            "again",
            "--motion",
            "again",
            "-o",
            "again.mp4"
        )
        #expect(workspace.has("again.mp4"))
    }

    /// What cannot be trained is refused, with the key or clip and what to do.
    @Test func refuses() throws {
        let workspace = try Workspace.copyOfPrepared()
        try configure(workspace) { config in
            small(&config)
            config["clip"] = 3
        }
        let unknown = try workspace.run([
            "train",
            "dynamics",
            "--config",
            "config.json",
            "-o",
            "run",
        ])
        #expect(unknown.errors.contains("the key clip is not known"))
        try configure(workspace) { config in
            small(&config)
            config["clips"] = 3
        }
        let few = try workspace.run(["train", "dynamics", "--config", "config.json", "-o", "run"])
        #expect(few.errors.contains("2 clips of this pack"))
        #expect(unknown.status != 0 && few.status != 0)
        try configure(workspace, small)
        try workspace.expectSuccess("train", "dynamics", "--config", "config.json", "-o", "run")
        let again = try workspace.run(["train", "dynamics", "--config", "config.json", "-o", "run"])
        #expect(again.errors.contains("already holds a run"))
        #expect(again.status != 0)
        try workspace.expectSuccess("pack", "add", "run/pack")
        let mixed = try workspace.run([
            "train",
            "dynamics",
            "--config",
            "config.json",
            "-o",
            "other",
            "--pack",
            "paper-doll-trained",
        ])
        #expect(mixed.errors.contains("2 of 2 clips were ingested with another pack"))
        #expect(mixed.status != 0)
    }
}

import Foundation
import Testing

/// `vsdb train clip` on the sample clips.
@Suite struct TrainCLIPCommandTests {
    /// A folder `data` with two of the sample clips, and captions if wanted; a small configuration beside it.
    private func workspace(captions: String?) throws -> Workspace {
        let workspace = try Workspace()
        let data = workspace.path("data")
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        for name in ["figure00_motion00", "figure01_motion01"] {
            try FileManager.default.copyItem(
                atPath: Workspace.clip(name),
                toPath: "\(data)/\(name).mp4"
            )
        }
        if let captions { try workspace.write(captions, to: "data/captions.json") }
        return workspace
    }

    private func config(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> String {
        let workspace = try Workspace()
        let printed = try workspace.expectSuccess("train", "clip", "--print-config")
        var config = try #require(try printed.json() as? [String: Any])
        config["batch"] = 2
        config["validationShare"] = 0
        for key in ["vision", "text"] { config[key] = ["width": 64, "heads": 1, "layers": 1] }
        config["embedDim"] = 32
        change(&config)
        let data = try JSONSerialization.data(withJSONObject: config)
        return String(decoding: data, as: UTF8.self)
    }

    private static let captions = """
        {"figure00_motion00.mp4": "a red doll", "figure01_motion01.mp4": "a blue doll"}
        """

    @Test func aRunGivesWhatAPackTakes() throws {
        let workspace = try workspace(captions: Self.captions)
        try workspace.write(config { $0["patch"] = 32 }, to: "small.json")
        let shared = ["data", "-o", "run", "--config", "small.json", "--frames-per-clip", "2"]
        let result = try workspace.run(["train", "clip"] + shared + ["--steps", "2", "--json"])
        #expect(result.status == 0, "\(result.errors)")
        let lines = try result.jsonLines()
        #expect(lines.last?["event"] as? String == "done")
        for name in ["clip.safetensors", "vocab.json", "merges.txt", "clip.json"] {
            #expect(workspace.has("run/clip/" + name), "\(name)")
        }
        let again = try workspace.run(["train", "clip"] + shared + ["--steps", "2"])
        #expect(again.status == 64)
        #expect(again.errors.contains("--resume"))
        let samples = Workspace.samples + "/packs/paper-doll/generator.safetensors"
        // Heads are told by no tensor; width / 64 is assumed.
        try workspace.expectSuccess(
            "pack",
            "create",
            "own",
            samples,
            "--clip",
            "run/clip/clip.safetensors",
            "--tokenizer",
            "run/clip",
            "--video-length",
            "50",
            "-o",
            "pack"
        )
        let made = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(filePath: workspace.path("pack/pack.json")))
        )
        let own = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(filePath: workspace.path("run/clip/clip.json")))
        )
        #expect((made as? [String: Any])?["clip"] as? NSDictionary == own as? NSDictionary)
    }

    @Test func captionsThatAreMissingAreExplained() throws {
        let workspace = try workspace(captions: nil)
        let result = try workspace.run(["train", "clip", "data", "-o", "run"])
        #expect(result.status == 1)
        #expect(result.errors.contains("captions.json"))
        #expect(result.errors.contains("\"a woman in a red dress\""))
    }

    /// A caption that is written later is seen, though the frames were read before.
    @Test func captionsMayComeLater() throws {
        let workspace = try workspace(captions: nil)
        try workspace.write(config { $0["patch"] = 32 }, to: "small.json")
        let command = [
            "train", "clip", "data", "-o", "run", "--config", "small.json", "--frames-per-clip",
            "2", "--steps", "1",
        ]
        #expect(try workspace.run(command).status == 1)
        try workspace.write("a red doll\n", to: "data/figure00_motion00.txt")
        try workspace.write("a blue doll\n", to: "data/figure01_motion01.txt")
        let result = try workspace.run(command)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func tooFewClipsAreCounted() throws {
        let workspace = try workspace(captions: Self.captions)
        let result = try workspace.run(["train", "clip", "data", "-o", "run"])
        #expect(result.status == 1)
        #expect(result.errors.contains("the key batch"))
    }

    @Test func badKeysAreNamed() throws {
        let workspace = try workspace(captions: Self.captions)
        try workspace.write(config { $0["pach"] = 3 }, to: "unknown.json")
        try workspace.write(config { $0["patch"] = nil }, to: "missing.json")
        try workspace.write(config { $0["patch"] = 30 }, to: "wrong.json")
        for (file, text) in [
            ("unknown", "the key pach is not known"), ("missing", "the key patch is missing"),
            ("wrong", "the key imageSize"),
        ] {
            let result = try workspace.run([
                "train", "clip", "data", "-o", "run", "--config", file + ".json",
            ])
            #expect(result.status == 64)
            #expect(result.errors.contains(text), "\(result.errors)")
        }
    }
}

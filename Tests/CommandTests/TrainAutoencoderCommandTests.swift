import Foundation
import Testing

/// `vsdb train autoencoder` on two of the sample clips, in a size that takes no time.
@Suite struct TrainAutoencoderCommandTests {
    /// A folder `data` with clips, and the configuration `small.json` beside it.
    private func workspace(
        clips: [String] = ["figure00_motion00", "figure01_motion01"],
        _ change: (inout [String: Any]) -> Void = { _ in }
    ) throws -> Workspace {
        let workspace = try Workspace()
        try FileManager.default.createDirectory(
            atPath: workspace.path("data"),
            withIntermediateDirectories: true
        )
        for name in clips {
            try FileManager.default.copyItem(
                atPath: Workspace.clip(name),
                toPath: workspace.path("data/\(name).mp4")
            )
        }
        let printed = try workspace.expectSuccess("train", "autoencoder", "--print-config")
        var config = try #require(try printed.json() as? [String: Any])
        config["batch"] = 2
        config["fineLayers"] = 2
        config["generator"] = [
            "layout": "rosinality", "height": 32, "width": 32, "styleDim": 32, "mappingLayers": 0,
            "channels": [16, 16, 16, 16],
        ]
        config["encoder"] = [
            "inputSize": 32, "widths": [16, 24, 32, 48], "units": [1, 1, 1, 1],
            "taps": [1, 2, 3],
            "styleCount": 8, "styleDim": 32, "coarseIndex": 3, "middleIndex": 6,
            "squeezeReduction": 8,
        ]
        change(&config)
        let data = try JSONSerialization.data(withJSONObject: config)
        try workspace.write(String(decoding: data, as: UTF8.self), to: "small.json")
        return workspace
    }

    private static let shared = [
        "train", "autoencoder", "data", "-o", "run", "--config", "small.json",
        "--frames-per-clip", "3", "--json",
    ]

    /// From a folder of clips to a pack that ingests them.
    @Test func aRunGivesWhatAPackTakes() throws {
        let workspace = try workspace()
        let result = try workspace.run(Self.shared + ["--steps", "4"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.jsonLines().last?["event"] as? String == "done")
        for name in ["config.json", "log.jsonl", "report.html", "sheets/step-0000004.png"] {
            #expect(workspace.has("run/" + name), "\(name)")
        }
        let again = try workspace.run(Self.shared + ["--steps", "4"])
        #expect(again.status == 64)
        #expect(again.errors.contains("--resume"))
        try workspace.expectSuccess(
            "pack",
            "create",
            "own",
            "--generator",
            "run/weights/generator.safetensors",
            "--encoder",
            "run/weights/encoder.safetensors",
            "-o",
            "pack"
        )
        try workspace.expectSuccess("init")
        try workspace.expectSuccess("pack", "add", "pack")
        let lines = try workspace.expectSuccess("ingest", "data", "--json").jsonLines()
        #expect(lines.last?["added"] as? Int == 2)
    }

    /// A folder behind a link is read; a run inside its data, and a resumed run that is not there, are refused.
    @Test func whereDataAndRunsMayLie() throws {
        let workspace = try workspace()
        try FileManager.default.createSymbolicLink(
            atPath: workspace.path("link"),
            withDestinationPath: workspace.path("data")
        )
        var command = Self.shared + ["--steps", "1"]
        command[2] = "link"
        #expect(try workspace.run(command).status == 0)
        command[4] = "data/run"
        let inside = try workspace.run(command)
        #expect(inside.status == 1)
        #expect(inside.errors.contains("lies in its data"))
        #expect(!workspace.has("data/run"))
        command[4] = "none"
        let none = try workspace.run(command + ["--resume"])
        #expect(none.status == 64)
        #expect(none.errors.contains("there is no run in"))
    }

    /// A run that is stopped saves; resumed, it writes the files of one that was not.
    @Test func aStoppedRunGoesOnAsIfItHadNotBeenStopped() throws {
        let workspace = try workspace {
            var run = $0["run"] as? [String: Any] ?? [:]
            run["steps"] = 150
            run["logSteps"] = 1
            $0["run"] = run
        }
        let running = try workspace.start(Self.shared)
        while running.isRunning, !running.output.contains(#""step":3}"#) { usleep(5_000) }
        running.send(SIGINT)
        let stopped = try running.finish()
        #expect(stopped.status == 130, "\(stopped.errors)")
        let steps = try stopped.jsonLines().filter { $0["event"] as? String == "step" }.count
        #expect(steps < 150)
        let resumed = try workspace.run(Self.shared + ["--resume"])
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(
            try resumed.jsonLines().filter { $0["event"] as? String == "step" }.count
                == 150 - steps
        )
        let straight = try workspace.run(
            Self.shared.map { $0 == "run" ? "straight" : $0 }
        )
        #expect(straight.status == 0, "\(straight.errors)")
        for name in ["generator", "encoder"] {
            let file = "/weights/\(name).safetensors"
            #expect(
                FileManager.default.contentsEqual(
                    atPath: workspace.path("run" + file),
                    andPath: workspace.path("straight" + file)
                ),
                "\(name)"
            )
        }
    }

    /// A process that ends between a checkpoint and what is made of it leaves nothing that `--resume` does not mend.
    @Test func resumingACompleteRunWritesItsFilesAnew() throws {
        let workspace = try workspace()
        #expect(try workspace.run(Self.shared + ["--steps", "2"]).status == 0)
        try FileManager.default.removeItem(atPath: workspace.path("run/weights"))
        let result = try workspace.run(Self.shared + ["--steps", "2", "--resume"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(workspace.has("run/weights/generator.safetensors"))
    }

    @Test func oneClipIsTooFew() throws {
        let workspace = try workspace(clips: ["figure00_motion00"])
        let result = try workspace.run(Self.shared)
        #expect(result.status == 1)
        #expect(result.errors.contains("1 clips are too few"), "\(result.errors)")
    }

    @Test func badKeysAreNamed() throws {
        let workspace = try workspace()
        for (key, value, text) in [
            ("bach", 3, "the key bach is not known"), ("batch", 3, "the key batch needs an even"),
            ("fineLayers", 8, "the key fineLayers needs 0 to 7"),
        ] {
            let file = URL(filePath: workspace.path("small.json"))
            var config = try #require(
                try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
            )
            config[key] = value
            try JSONSerialization.data(withJSONObject: config)
                .write(to: URL(filePath: workspace.path("wrong.json")))
            let result = try workspace.run(
                Self.shared.map { $0 == "small.json" ? "wrong.json" : $0 }
            )
            #expect(result.status == 64)
            #expect(result.errors.contains(text), "\(result.errors)")
        }
    }
}

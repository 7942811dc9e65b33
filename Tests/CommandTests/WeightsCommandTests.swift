import CheckpointFixtures
import Foundation
import Tensors
import TestSupport
import Testing

/// Looking into checkpoints.
struct WeightsCommandTests {
    private static let video = PackCreateCommandTests.golden(
        "vidstyleode_small/vidstyleode_small.ckpt"
    )
    private static let generator = PackCreateCommandTests.golden(
        "stylegan2_rosinality_64/stylegan2_rosinality_64.weights.safetensors"
    )

    @Test func inspectShowsNetworksSizesAndWhatMustBeStated() throws {
        let text = try Workspace().expectSuccess("weights", "inspect", Self.video).output
        for part in [
            "PyTorch archive", "state_dict.stylegan_G.G.", "64x64, W+ 10x40",
            "state_dict.criterionVGG.extractor.model.", "--modulation-heads", "assumed 32",
            "F64 32",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        let short = text.split(separator: "\n").count
        let all = try Workspace().expectSuccess("weights", "inspect", Self.video, "--all").output
        #expect(short < 60 && all.split(separator: "\n").count > 500)
    }

    @Test func inspectGivesOneDocumentWithStableKeys() throws {
        let json = try Workspace().expectSuccess("weights", "inspect", Self.video, "--json").json()
        let document = try #require(json as? [String: Any])
        #expect(
            Set(document.keys) == [
                "path", "format", "bytes", "networks", "remarks", "placeholders", "unrecognised",
                "tensors", "unread",
            ]
        )
        #expect(document["format"] as? String == "torchArchive")
        let networks = try #require(document["networks"] as? [[String: Any]])
        #expect(
            networks.map { $0["kind"] as? String } == ["generator", "clip", "dynamics", "dino"]
        )
        let dynamics = networks[2]
        #expect(
            Set(dynamics.keys) == [
                "kind", "prefix", "summary", "isUsable", "isPreferred", "tensorCount", "known",
                "assumed", "open",
            ]
        )
        let open = try #require(dynamics["open"] as? [[String: String]])
        #expect(open.map { $0["option"] } == ["--modulation-heads", "--groups"])
        let tensors = try #require(document["tensors"] as? [[String: Any]])
        #expect(Set(tensors[0].keys) == ["name", "dtype", "shape", "bytes", "network"])
        #expect(tensors.contains { $0["network"] is NSNull })
    }

    @Test func verifyAcceptsEveryGoldenCheckpoint() throws {
        for golden in try Goldens.cases(having: "checkpoint") {
            let result = try Workspace().run(["weights", "verify", golden.path("checkpoint")])
            #expect(result.status == 0, "\(golden.name): \(result.output) \(result.errors)")
        }
    }

    @Test func verifyListsAllThatIsWrongWithThirteen() throws {
        let workspace = try Workspace()
        let source = try SafetensorsFile(path: Self.generator)
        var tensors: [String: RawTensor] = [:]
        for name in source.names { tensors[name] = source.raw(name) }
        tensors["conv1.activate.bias"] = nil
        tensors["to_rgb1.bias"] = RawTensor(Tensor<Float>(repeating: 0, shape: [1, 4, 1, 1]))
        tensors["surplus"] = RawTensor(Tensor<Float>(repeating: 0, shape: [1]))
        let path = workspace.path("broken.safetensors")
        try SafetensorsFile.encode(tensors).write(to: URL(filePath: path))
        let result = try workspace.run(["weights", "verify", path])
        #expect(result.status == 13)
        #expect(result.output.contains("conv1.activate.bias is missing, expected with shape [24]"))
        #expect(result.output.contains("to_rgb1.bias is [1, 4, 1, 1], expected [1, 3, 1, 1]"))
        #expect(result.errors.contains("surplus"))
        let json = try workspace.run(["weights", "verify", path, "--json"])
        let networks = try #require(try json.json() as? [[String: Any]])
        #expect(json.status == 13 && networks[0]["isSound"] as? Bool == false)
        let findings = try #require(networks[0]["findings"] as? [[String: Any]])
        #expect(findings.count == 2)
        #expect(findings.allSatisfy { Set($0.keys) == ["tensor", "rule", "found", "expected"] })
        #expect(findings.contains { $0["rule"] as? String == "missing" && $0["found"] is NSNull })
    }

    /// A file of the torch archive of one pickle.
    private func archive(
        in workspace: Workspace,
        _ name: String = "a.pt",
        _ body: (inout PickleBuilder) -> Void
    ) throws -> String {
        let path = workspace.path(name)
        try torchFile(PickleBuilder.dictionary("a", body)).write(to: URL(filePath: path))
        return path
    }

    @Test func aPickleThatNamesAProgramIsRefusedByEveryCommand() throws {
        let workspace = try Workspace()
        let path = try archive(in: workspace) { pickle in
            pickle.global("posix", "system")
            pickle.string("touch \(workspace.path("marker"))")
            pickle.raw([0x85])
            pickle.code("R")
        }
        for arguments in [
            ["weights", "inspect", path], ["weights", "verify", path],
            ["pack", "create", "evil", path, "-o", workspace.path("evil")],
        ] {
            let result = try workspace.run(arguments)
            #expect(result.status == 15, "\(arguments): \(result.errors)")
            #expect(
                result.errors.contains(
                    "data.pkl, byte 9: names posix.system, which runs programs; no weight file needs"
                ),
                "\(result.errors)"
            )
        }
        #expect(!workspace.has("marker") && !workspace.has("evil"))
    }

    @Test func ordersToATerminalInNamesAreNotCarriedOut() throws {
        let workspace = try Workspace()
        let name = "a\u{1B}[31mRED\nnewline"
        let tensors = workspace.path("a.safetensors")
        try SafetensorsFile.encode([name: RawTensor(Tensor<Float>(repeating: 0, shape: [1]))])
            .write(to: URL(filePath: tensors))
        let pickle = try archive(in: workspace) { pickle in
            pickle.global("my\u{1B}[2J", "Net")
        }
        for path in [tensors, pickle] {
            for command in ["inspect", "verify"] {
                let result = try workspace.run(["weights", command, path])
                let all = result.output + result.errors
                #expect(!all.contains("\u{1B}") && !all.contains("\nnewline"), "\(all)")
            }
        }
        let text = try workspace.expectSuccess("weights", "inspect", tensors).output
        #expect(text.contains("a\u{FFFD}[31mRED"))
        let json = try workspace.expectSuccess("weights", "inspect", tensors, "--json").json()
        let entries = try #require((json as? [String: Any])?["tensors"] as? [[String: Any]])
        #expect(entries.map { $0["name"] as? String } == [name], "JSON is exact")
    }

    @Test func tensorsOfTypesThatAreNotReadAreListedAsSuch() throws {
        let workspace = try Workspace()
        let path = try archive(in: workspace) {
            $0.tensor(storage: "0", type: "QInt8Storage", count: 12, sizes: [12], strides: [1])
        }
        let text = try workspace.expectSuccess("weights", "inspect", path).output
        #expect(text.contains("a, not read: QInt8Storage"))
        #expect(text.contains("none") && !text.contains("TENSOR"), "no heading without tensors")
        let json = try workspace.expectSuccess("weights", "inspect", path, "--json").json()
        let unread = (json as? [String: Any])?["unread"] as? [[String: String]]
        #expect(unread == [["name": "a", "type": "QInt8Storage"]])
    }

    @Test func oneTensorIsNotSeveral() throws {
        let workspace = try Workspace()
        let path = workspace.path("one.safetensors")
        try SafetensorsFile.encode(["x": RawTensor(Tensor<Float>(repeating: 0, shape: [1]))])
            .write(to: URL(filePath: path))
        let text = try workspace.expectSuccess("weights", "inspect", path).output
        #expect(text.contains("1 tensor:"), "\(text)")
        let result = try workspace.run(["weights", "verify", path])
        #expect(result.errors.contains("(1 tensor)"), "\(result.errors)")
    }

    @Test func buffersOfEverySoundFileAreNoSurprise() throws {
        for golden in try Goldens.cases(having: "checkpoint") {
            let arguments = ["weights", "verify", try golden.path("checkpoint"), "-v"]
            let result = try Workspace().run(arguments)
            #expect(!result.errors.contains("not used"), "\(golden.name): \(result.errors)")
        }
    }

    @Test(.enabled(if: getuid() != 0, "root may read everything"))
    func aFileThatMayNotBeReadIsNotCalledDamaged() throws {
        let workspace = try Workspace()
        try workspace.write("x", to: "a.pt")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0],
            ofItemAtPath: workspace.path("a.pt")
        )
        let result = try workspace.run(["weights", "inspect", workspace.path("a.pt")])
        #expect(result.status == 1 && result.errors.contains("permission denied"))
    }

    @Test func aPipeIsNotCalledDamaged() throws {
        let workspace = try Workspace()
        #expect(mkfifo(workspace.path("a.pt"), 0o600) == 0)
        let result = try workspace.run(["weights", "inspect", workspace.path("a.pt")])
        #expect(result.status == 1 && result.errors.contains("not a regular file"))
    }

    @Test func aConfigurationThatIsNoJSONIsNamedWithPlaceAndWithoutTheDecoder() throws {
        let workspace = try Workspace()
        for text in [#"{"time": nope}"#, #"{"time": {"frameRate": "fast"}}"#] {
            try workspace.write(text, to: "bad.json")
            let result = try workspace.run([
                "pack", "create", "faces", Self.generator, "-o", workspace.path("faces"),
                "--config", workspace.path("bad.json"),
            ])
            #expect(result.status == 64, "\(result.errors)")
            #expect(result.errors.contains("--config \"\(workspace.path("bad.json"))\""))
            #expect(!result.errors.contains("DecodingError"), "\(result.errors)")
            #expect(!result.errors.contains("Expected to decode"), "\(result.errors)")
        }
    }

    static let refused: [(arguments: [String], status: Int32, message: String)] = [
        (["inspect", "nowhere.pt"], 1, "no such file"),
        (["inspect", Workspace.samples + "/README.md"], 15, "README.md"),
        (["verify", Workspace.samples + "/README.md"], 15, "README.md"),
        (
            ["verify", generator, "--network", "clip"], 13,
            "it holds a StyleGAN2 generator, not a CLIP"
        ),
        (["verify", generator, "--network", "gan"], 64, "'generator'"),
        (["inspect"], 64, "<file>"),
    ]

    @Test(arguments: refused.indices)
    func whatCannotBeReadIsRefused(index: Int) throws {
        let (arguments, status, message) = Self.refused[index]
        let result = try Workspace().run(["weights"] + arguments)
        #expect(result.status == status, "\(arguments): \(result.errors)")
        #expect(result.errors.contains(message), "\(result.errors)")
    }
}

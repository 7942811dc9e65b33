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
                "tensors",
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
        #expect((networks[0]["findings"] as? [[String: Any]])?.count == 2)
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

import CheckpointFixtures
import Foundation
import Packs
import Tensors
import TestSupport
import Testing

/// Files that PyTorch wrote, against the same tensors in safetensors.
struct TorchArchiveGoldenTests {
    private static let suffixes = ["pt", "pth", "ckpt"]

    /// Every torch file of the goldens, with its case.
    private static func torchFiles() throws -> [(golden: GoldenCase, role: String)] {
        try Goldens.cases().flatMap { golden in
            golden.files.keys.sorted().filter { role in
                golden.url(role).map { suffixes.contains($0.pathExtension) } ?? false
            }
            .map { (golden, $0) }
        }
    }

    @Test func goldenTensorsEqualTheirSafetensorsTwins() throws {
        for (golden, role) in try Self.torchFiles() where golden.url("weights") != nil {
            let archive = try TorchArchive(path: golden.path(role))
            let twin = try SafetensorsFile(path: golden.path("weights"))
            // Names in the twin leave out the entry that holds the state dictionary.
            // Names in the twin leave out the entry that holds the state dictionary.
            let prefixes = ["", "g_ema.", "state_dict."].sorted { one, other in
                twin.names.count { archive.raw(one + $0) != nil }
                    > twin.names.count { archive.raw(other + $0) != nil }
            }
            let prefix = prefixes[0]
            for name in twin.names {
                let expected = try Goldens.tensor(name, in: twin)
                // The twin of a file with entries beside the state dictionary lists those, too.
                let found = archive.raw(prefix + name) ?? archive.raw(name)
                let actual = try #require(found, "\(golden.name) \(role): \(name)")
                #expect(actual.shape == expected.shape, "\(golden.name) \(role): \(name)")
                if actual.dtype == expected.dtype {
                    #expect(actual.bytes == expected.bytes, "\(golden.name) \(role): \(name)")
                } else {
                    // Twins of float16 weights hold the same numbers in float32, exactly.
                    #expect(actual.dtype == .float16 && expected.dtype == .float32)
                    #expect(actual.float == expected.float, "\(golden.name) \(role): \(name)")
                }
            }
            let others = archive.names.filter { name in
                twin.raw(name) == nil && twin.raw(String(name.dropFirst(prefix.count))) == nil
            }
            for name in others {
                // The twin leaves out networks that are cases of their own; TorchScript adds three numbers.
                #expect(
                    name.contains(".clip_loss.") || name.contains(".criterionVGG.")
                        || archive.raw(name)?.shape == [],
                    "\(golden.name) \(role): \(name)"
                )
            }
        }
    }

    @Test func goldenNetworksInsideLightningCheckpointsEqualTheirOwnFiles() throws {
        let parts = [
            ("clip_small_vocab", "state_dict.clip_loss.model."),
            ("dino12_splice", "state_dict.criterionVGG.extractor.model."),
        ]
        let cases = try Goldens.cases(having: "checkpoint").filter { $0.number == 6 }
        for golden in cases {
            let archive = try TorchArchive(path: golden.path("checkpoint"))
            for (name, prefix) in parts
            where archive.names.contains(where: { $0.hasPrefix(prefix) }) {
                guard let part = try Goldens.cases().first(where: { $0.name == name }) else {
                    continue
                }
                let twin = try SafetensorsFile(path: part.path("weights"))
                for name in twin.names {
                    #expect(archive.raw(prefix + name)?.float == twin.raw(name)?.float, "\(name)")
                }
            }
        }
    }

    @Test func goldenFilesOpenByTheirContent() throws {
        for (golden, role) in try Self.torchFiles() {
            let archive = try Checkpoint.open(path: golden.path(role))
            #expect(archive is TorchArchive && !archive.names.isEmpty, "\(golden.name) \(role)")
        }
        for golden in try Goldens.cases(having: "weights") {
            #expect(try Checkpoint.open(path: golden.path("weights")) is SafetensorsFile)
        }
    }

    @Test(arguments: try Goldens.cases(number: 4).filter { $0.url("torchscript") != nil })
    func goldenTorchScriptNamesFollowTheModules(golden: GoldenCase) throws {
        let archive = try TorchArchive(path: golden.path("torchscript"))
        let config = golden.config
        let width = try #require(config["transformer_width"]?.int)
        let vocabulary = try #require(config["vocab_size"]?.int)
        let context = try #require(config["context_length"]?.int)
        let weights = Weights(archive)
        #expect(weights.shape("token_embedding.weight") == [vocabulary, width])
        #expect(weights.shape("positional_embedding") == [context, width])
        #expect(weights.shape("logit_scale") == [])
        let block = "transformer.resblocks.0"
        #expect(weights.shape("\(block).attn.in_proj_weight") == [3 * width, width])
        #expect(weights.shape("\(block).mlp.c_fc.bias") == [4 * width])
        #expect(archive.raw("visual.conv1.weight")?.dtype == .float16)
        #expect(archive.raw("vocab_size")?.integers == [vocabulary])
    }

    @Test(arguments: try Goldens.cases(number: 6).filter { $0.url("checkpoint") != nil })
    func goldenLightningCheckpointsSharePartsUnderTwoNames(golden: GoldenCase) throws {
        let archive = try TorchArchive(path: golden.path("checkpoint"))
        let units = try #require(golden.config["ode_units"]?.int)
        let channels = try #require(golden.config["spatial_code_ch"]?.int)
        let inner = "ode_func.gradient_net.0.weight"
        let one = "state_dict.bVAE_enc.z0_diffeq_solver.\(inner)"
        let other = "state_dict.bVAE_enc.encoder_z0.z0_diffeq_solver.\(inner)"
        let first = try #require(archive.raw(one))
        #expect(first.dtype == .float64)
        #expect(first.shape == [units, channels, 3, 3])
        #expect(first.bytes == archive.raw(other)?.bytes)
        // What else Lightning stores is there to look at.
        #expect(archive.value["epoch"]?.integer != nil)
        if let count = golden.json["n_tensors"]?.int {
            #expect(archive.names.count { $0.hasPrefix("state_dict.") } == count)
        }
    }

    @Test(arguments: try Goldens.cases(number: 3).filter { $0.url("checkpoint") != nil })
    func goldenOptionsOfPSP(golden: GoldenCase) throws {
        let options = try #require(TorchArchive(path: golden.path("checkpoint")).value["opts"])
        #expect(options["encoder_type"]?.string == "GradualStyleEncoder")
        #expect(options["start_from_latent_avg"]?.bool == true)
        #expect(options["lpips_lambda"]?.double == 0.8)
    }
}

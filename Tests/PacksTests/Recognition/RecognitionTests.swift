import Foundation
import Packs
import Tensors
import TestSupport
import Testing

/// Finding networks by content: which one is taken, which one is refused, and what is said.
struct RecognitionTests {
    /// The tensors of a golden file under another prefix.
    private func tensors(
        _ number: Int,
        _ prefix: String,
        _ role: String = "weights"
    ) throws -> [String: RawTensor] {
        let golden = try Goldens.cases(number: number).first { $0.url(role) != nil }
        let archive = try Checkpoint.open(path: try #require(golden).path(role))
        var tensors: [String: RawTensor] = [:]
        for name in archive.names { tensors[prefix + name] = archive.raw(name) }
        return tensors
    }

    private func recognise(_ tensors: [String: RawTensor]) throws -> Recognition {
        let path = NSTemporaryDirectory() + "/vsdb-recognise-\(UUID().uuidString)"
        try SafetensorsFile.encode(tensors).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Recognition(of: Checkpoint.read(path: path))
    }

    private func floats(_ shape: [Int], _ value: Float = 1) -> RawTensor {
        RawTensor(Tensor<Float>(repeating: value, shape: shape))
    }

    @Test(arguments: try GoldenForm.all(1, 2, 3, 4, 5, 6))
    func goldenFormsAreRecognisedByTheirContent(form: GoldenForm) throws {
        let recognition = try Recognition(of: Checkpoint.read(path: form.path))
        let expected: Set<NetworkKind> =
            switch form.golden.number {
            case 1, 2: [.generator]
            case 3: [.generator, .encoder]
            case 4: [.clip]
            case 5: [.dino]
            default: [.generator, .dynamics]
            }
        let found = Set(recognition.networks.map(\.kind))
        #expect(found.isSuperset(of: expected), "\(recognition.contents)")
        #expect(recognition.networks.allSatisfy { $0.problem == nil })
        if form.golden.number == 6 {
            #expect(recognition.videoLength == 50 || form.role != "checkpoint")
        }
    }

    @Test func averagedWeightsAreTakenWhateverTheOrder() throws {
        let raw = try tensors(1, "g.")
        let averaged = try tensors(1, "g_ema.")
        let recognition = try recognise(raw.merging(averaged) { first, _ in first })
        #expect(recognition.network(.generator)?.prefix == "g_ema.")
        #expect(recognition.networks.map(\.prefix) == ["g_ema.", "g."])
        let both = try tensors(5, "student.backbone.")
            .merging(tensors(5, "teacher.backbone.")) { first, _ in first }
        #expect(try recognise(both).network(.dino)?.prefix == "teacher.backbone.")
    }

    @Test func anUnknownFileSaysThatItHoldsNothing() throws {
        let recognition = try recognise(["weight": floats([2, 2])])
        #expect(recognition.networks.isEmpty && recognition.remarks.isEmpty)
        #expect(recognition.contents.contains("no network that vsdb knows"))
    }

    @Test func anEncoderWithoutStyleHeadsIsNamedInARemark() throws {
        let all = try tensors(3, "")
        let recognition = try recognise(all.filter { !$0.key.contains("styles.") })
        #expect(recognition.network(.encoder) == nil)
        let remark = try #require(recognition.remarks.first)
        #expect(remark.contains("pSp encoder") && remark.contains("styles.0.linear.weight"))
    }

    @Test func networksThatAreKnownButNotSupportedAreNamed() throws {
        let recognition = try recognise([
            "visual.attnpool.positional_embedding": floats([50, 8]),
            "synthesis.input.freqs": floats([8, 2]),
        ])
        #expect(recognition.remarks.count == 2)
        #expect(recognition.remarks[0].contains("ResNet"))
        #expect(recognition.remarks[1].contains("StyleGAN3"))
    }

    @Test func everyFindingIsListedNotTheFirstAlone() throws {
        var all = try tensors(1, "g_ema.")
        all["g_ema.conv1.activate.bias"] = nil
        all["g_ema.to_rgb1.bias"] = floats([1, 4, 1, 1])
        all["g_ema.convs.0.activate.bias"] = all["g_ema.convs.0.activate.bias"].map {
            floats($0.shape, .nan)
        }
        all["g_ema.convs.0.conv.blur.kernel"] = floats([4, 4])
        all["g_ema.surplus"] = floats([1])
        let recognition = try recognise(all)
        let network = try #require(recognition.network(.generator))
        let check = WeightCheck(network, in: recognition)
        #expect(Set(check.findings.map(\.rule)) == [.missing, .shape, .notFinite, .values])
        let shape = try #require(check.findings.first { $0.rule == .shape })
        #expect(shape.found == [1, 4, 1, 1] && shape.expected == [1, 3, 1, 1])
        #expect(check.unused.contains("g_ema.surplus"))
    }

    @Test func anImpossibleExtentIsRefused() throws {
        var all = try tensors(4, "")
        all["visual.conv1.weight"] = RawTensor(
            dtype: .float32,
            shape: [64, 3, 0, 1 << 60],
            bytes: Data()
        )
        let error = #expect(throws: CheckpointError.self) { try recognise(all) }
        #expect(error?.description.contains("visual.conv1.weight") == true)
    }

    @Test func networksWithEmptyTensorsDoNotCrash() throws {
        for number in [1, 2, 3, 4, 5] {
            var all = try tensors(number, "")
            for name in all.keys where name.hasSuffix("weight") {
                all[name] = RawTensor(dtype: .float32, shape: [0, 0, 0, 0], bytes: Data())
            }
            for network in try recognise(all).networks { #expect(network.problem != nil) }
        }
    }
}

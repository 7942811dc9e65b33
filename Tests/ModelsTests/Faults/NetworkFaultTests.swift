import Foundation
import Models
import Packs
import Tensors
import TestSupport
import Testing

/// Weights and configurations that do not fit are refused with the tensor or key named.
struct NetworkFaultTests {
    @Test(arguments: try Goldens.cases(number: 3))
    func goldenEncoderWithFaults(golden: GoldenCase) throws {
        let archive = try Checkpoint.open(path: golden.path("weights"))
        let config = try PSPConfig(inferredFrom: Weights(archive, prefix: "encoder."))
        func load(_ config: PSPConfig, _ weights: Weights, average: Tensor<Float>? = nil) throws {
            _ = try PSPEncoder(config, weights, latentAverage: average)
        }
        func refuses(_ text: String, _ fault: (name: String, shape: [Int]?)) {
            let altered = Weights(AlteredArchive(base: archive, fault), prefix: "encoder.")
            expectRefusal(text) { try load(config, altered) }
        }
        refuses("styles.0", ("encoder.styles.0.convs.0.weight", nil))
        refuses(
            "encoder.input_layer.1.running_var is missing",
            ("encoder.input_layer.1.running_var", nil)
        )
        refuses("[1, 2]", ("encoder.latlayer1.weight", [1, 2]))
        let whole = Weights(archive, prefix: "encoder.")
        expectRefusal("latent average") {
            try load(config, whole, average: Tensor(repeating: 0, shape: [1]))
        }
        for (key, change) in Self.changes {
            var changed = config
            change(&changed)
            expectRefusal(key) { try load(changed, whole) }
        }
        var larger = config
        larger.inputSize *= 2
        expectRefusal("inputSize") { try load(larger, whole) }
    }

    private static let changes: [(String, @Sendable (inout PSPConfig) -> Void)] = [
        ("inputSize", { $0.inputSize = -16 }),
        ("widths", { $0.widths = [0, 1, 2, 3] }),
        ("units", { $0.units = [Int.max, 1, 1, 1] }),
        ("taps", { $0.taps = [3, 2, 1] }),
        ("middleIndex", { $0.middleIndex = 1000 }),
        ("squeezeReduction", { $0.squeezeReduction = 0 }),
        ("styleCount", { $0.styleCount = 0 }),
        ("styleDim", { $0.styleDim = -1 }),
    ]

    @Test(arguments: try Goldens.cases(number: 4, prefix: "clip_small"))
    func goldenCLIPWithFaults(golden: GoldenCase) throws {
        let archive = try Checkpoint.open(path: golden.path("weights"))
        let config = try CLIPConfig(inferredFrom: Weights(archive))
        for name in ["visual.proj", "logit_scale", "transformer.resblocks.0.ln_1.bias"] {
            expectRefusal(name) {
                _ = try CLIPModel(config, Weights(AlteredArchive(base: archive, (name, nil))))
            }
            expectRefusal(name) {
                _ = try CLIPModel(config, Weights(AlteredArchive(base: archive, (name, [3, 1]))))
            }
        }
        var changed = config
        changed.vision.heads = 7
        expectRefusal("vision.heads") { _ = try CLIPModel(changed, Weights(archive)) }
        changed = config
        changed.patch = 0
        expectRefusal("imageSize") { _ = try CLIPModel(changed, Weights(archive)) }
        expectRefusal("visual.conv1.weight") {
            _ = try CLIPConfig(inferredFrom: Weights(archive, prefix: "elsewhere."))
        }
    }

    @Test(arguments: try Goldens.cases(number: 5))
    func goldenDINOWithFaults(golden: GoldenCase) throws {
        let archive = try Checkpoint.open(path: golden.path("weights"))
        let heads = try #require(golden.config["num_heads"]?.int)
        let config = try DINOConfig(inferredFrom: Weights(archive), heads: heads)
        for name in ["cls_token", "blocks.0.attn.qkv.bias", "norm.weight"] {
            expectRefusal(name) {
                _ = try DINOModel(config, Weights(AlteredArchive(base: archive, (name, nil))))
            }
        }
        expectRefusal("blocks.0.mlp.fc2.weight") {
            let fault = ("blocks.0.mlp.fc2.weight", [config.width, 5])
            _ = try DINOModel(config, Weights(AlteredArchive(base: archive, fault)))
        }
        var changed = config
        changed.heads = 0
        expectRefusal("heads") { _ = try DINOModel(changed, Weights(archive)) }
    }
}

/// Expects an error whose message contains a text.
private func expectRefusal(
    _ text: String,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("nothing was refused, expected \(text)", sourceLocation: sourceLocation)
    } catch {
        #expect("\(error)".contains(text), "\(error)", sourceLocation: sourceLocation)
    }
}

/// A file in which one tensor is missing or has another shape.
private struct AlteredArchive: TensorArchive {
    let base: any TensorArchive
    let fault: (name: String, shape: [Int]?)

    init(base: any TensorArchive, _ fault: (name: String, shape: [Int]?)) {
        self.base = base
        self.fault = fault
    }

    var path: String { base.path }

    var names: [String] { base.names.filter { $0 != fault.name || fault.shape != nil } }

    func raw(_ name: String) -> RawTensor? {
        guard name == fault.name else { return base.raw(name) }
        return fault.shape.map { shape in
            RawTensor(
                dtype: .uint8,
                shape: shape,
                bytes: .init(repeating: 0, count: shape.reduce(1, *))
            )
        }
    }
}

import Foundation
import Models
import Packs
import Tensors
import TestSupport
import Testing

/// CLIP against the numbers of the original network, in every layout it is published in.
struct CLIPGoldenTests {
    private static let reason = "float32 transformer blocks; the manifest's tolerance"

    /// A checkpoint file of a case.
    struct Form: CustomTestStringConvertible {
        let golden: GoldenCase
        let role: String
        let path: String

        var testDescription: String { "\(golden.name) \(role)" }

        /// All checkpoints of the CLIP cases: safetensors, torch archives, TorchScript, Hugging Face.
        static func all() throws -> [Form] {
            try Goldens.cases(number: 4).flatMap { golden in
                ["weights", "state_dict", "torchscript", "hf"].compactMap { role in
                    golden.url(role).map {
                        let suffix = role == "hf" ? "/model.safetensors" : ""
                        return Form(golden: golden, role: role, path: $0.path + suffix)
                    }
                }
            }
        }

        func weights() throws -> Weights { Weights(try Checkpoint.open(path: path)) }

        func model() throws -> CLIPModel {
            let weights = try weights()
            return try CLIPModel(CLIPConfig(inferredFrom: weights), weights)
        }
    }

    @Test(arguments: try Form.all())
    func goldenImageFeatures(form: Form) throws {
        let io = try Goldens.io(form.golden)
        var observed: [String: Tensor<Float>] = [:]
        let images = try Goldens.tensor("image", in: io).float
        let features = try form.model().encodeImage(images) { observed[$0] = $1 }
        try expect(features, equals: "image_features", in: io, form)
        let patches = try #require(observed["vision_patch"])
        let grid = try #require(io.raw("vision_patch_conv")?.shape.last)
        try expect(channelsFirst(patches, grid: grid), equals: "vision_patch_conv", in: io, form)
        try expect(try #require(observed["vision_ln_pre"]), equals: "vision_ln_pre", in: io, form)
        try expectBlocks(observed, "vision", in: io, form)
    }

    @Test(arguments: try Form.all())
    func goldenTextFeatures(form: Form) throws {
        let io = try Goldens.io(form.golden)
        let tokens = try Self.tokens(io)
        let model = try form.model()
        try expect(model.encodeText(tokens), equals: "text_features", in: io, form)
        var observed: [String: Tensor<Float>] = [:]
        let features = model.encodeText(tokens) { observed[$0] = $1 }
        try expect(features, equals: "text_features", in: io, form)
        try expectBlocks(observed, "text", in: io, form)
    }

    @Test(arguments: try Form.all())
    func goldenLogits(form: Form) throws {
        let io = try Goldens.io(form.golden)
        let model = try form.model()
        let images = model.encodeImage(try Goldens.tensor("image", in: io).float)
        let texts = model.encodeText(try Self.tokens(io))
        for (name, logits) in [
            ("logits_per_image", model.logits(images: images, texts: texts)),
            ("logits_per_text", model.logits(images: texts, texts: images)),
        ] {
            expectClose(
                logits,
                try Goldens.tensor(name, in: io).float,
                abs: form.golden.absolute("logits_abs"),
                because: "cosines times up to 100; the manifest's tolerance",
                name: name
            )
        }
        for (name, features) in [("image", images), ("text", texts)] {
            let stored = "hf_\(name)_embeds_normalised"
            guard io.raw(stored) != nil else { continue }
            try expect(normalisedRows(features), equals: stored, in: io, form)
        }
    }

    @Test(arguments: try Form.all())
    func goldenConfigurationIsInferred(form: Form) throws {
        let config = try CLIPConfig(inferredFrom: form.weights())
        let json = form.golden.config
        #expect(config.layout == (form.role == "hf" ? .huggingFace : .openAI))
        #expect(config.embedDim == json["embed_dim"]?.int)
        #expect(config.imageSize == json["image_resolution"]?.int)
        #expect(config.patch == json["vision_patch_size"]?.int)
        #expect(config.vision.width == json["vision_width"]?.int)
        #expect(config.vision.heads == json["vision_heads"]?.int)
        #expect(config.vision.layers == json["vision_layers"]?.int)
        #expect(config.text.width == json["transformer_width"]?.int)
        #expect(config.text.heads == json["transformer_heads"]?.int)
        #expect(config.text.layers == json["transformer_layers"]?.int)
        #expect(config.context == json["context_length"]?.int)
        #expect(config.vocabulary == json["vocab_size"]?.int)
    }

    private static func tokens(_ io: SafetensorsFile) throws -> [[Int32]] {
        let tokens = try Goldens.tensor("tokens", in: io).float
        return (0..<tokens.shape[0]).map { tokens[$0].scalars.map(Int32.init) }
    }

    /// Compares the stored outputs of blocks, `[T, n, W]` for the first n samples.
    private func expectBlocks(
        _ observed: [String: Tensor<Float>],
        _ tower: String,
        in io: SafetensorsFile,
        _ form: Form
    ) throws {
        for name in io.names where name.hasPrefix(tower) && name.hasSuffix("_LND") {
            let stored = try Goldens.tensor(name, in: io).float
            let block = try #require(observed[String(name.dropLast("_LND".count))])
            let tokensFirst = Tensor.stack(
                (0..<stored.shape[0]).map { token in
                    Tensor.stack((0..<stored.shape[1]).map { block[$0][token] })
                }
            )
            try expect(tokensFirst, equals: name, in: io, form)
        }
    }

    private func expect(
        _ actual: Tensor<Float>,
        equals name: String,
        in io: SafetensorsFile,
        _ form: Form
    ) throws {
        expectClose(
            actual,
            try Goldens.tensor(name, in: io).float,
            abs: form.golden.absolute(),
            rel: form.golden.relative,
            because: Self.reason,
            name: name
        )
    }

    /// Tokens `[N, P, W]` as a convolution gives them, `[N, W, grid, P / grid]`.
    private func channelsFirst(_ x: Tensor<Float>, grid: Int) -> Tensor<Float> {
        let (samples, tokens, width) = (x.shape[0], x.shape[1], x.shape[2])
        var scalars: [Float] = []
        for sample in 0..<samples {
            for channel in 0..<width {
                for token in 0..<tokens {
                    scalars.append(x.scalars[(sample * tokens + token) * width + channel])
                }
            }
        }
        return Tensor(shape: [samples, width, tokens / grid, grid], scalars: scalars)
    }
}

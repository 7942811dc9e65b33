import Layers
import Models
import Packs
import Tensors
import TestSupport
import Testing

/// The DINO vision transformer against the numbers of the original network.
struct DINOGoldenTests {
    private static let reason = "float32 transformer blocks; the manifest's tolerance"

    @Test(arguments: try Goldens.cases(number: 5, prefix: "dino_"), ["weights", "checkpoint"])
    func goldenForwardPass(golden: GoldenCase, role: String) throws {
        guard golden.url(role) != nil else { return }
        let io = try Goldens.io(golden)
        let model = try dinoModel(golden, role: role)
        let last = model.config.layers - 1
        for input in io.names where input.hasSuffix("_input") {
            let size = input.dropLast("input".count)
            let images = try Goldens.tensor(input, in: io).float
            let trace = model(images)
            let width = model.config.width
            let normed = model.features(images)
            let positions = model.positionEmbedding(
                height: images.shape[2],
                width: images.shape[3]
            )
            var actual: [String: Tensor<Float>] = [
                "tokens_in": trace.embedded,
                "pos_embed": positions.reshaped([1] + positions.shape),
                "attn_last": trace.blocks[last].probabilities,
                "keys_last": headsFirst(trace.keys(layer: last)[0], heads: model.config.heads),
                "key_selfsim_last": cosines(trace.keys(layer: last)),
                "cls_normed": normed[0][0..<1].reshaped([1, width]),
                "last_tokens_normed": normed,
            ]
            for layer in 0...last {
                actual["block_\(layer)"] = trace.tokens[layer]
                actual["qkv_\(layer)"] = trace.blocks[layer].qkv
            }
            for name in io.names where name.hasPrefix(size) && name != input {
                let tensor = try #require(
                    actual[String(name.dropFirst(size.count))],
                    "no test for the golden tensor \(name)"
                )
                expectClose(
                    tensor,
                    try Goldens.tensor(name, in: io).float,
                    abs: golden.absolute(),
                    rel: golden.relative,
                    because: Self.reason,
                    name: name
                )
            }
        }
    }

    @Test(arguments: try Goldens.cases(number: 5))
    func goldenConfigurationIsInferred(golden: GoldenCase) throws {
        let config = try dinoModel(golden).config
        let json = golden.config
        #expect(config.imageSize == json["img_size"]?.int)
        #expect(config.patch == json["patch_size"]?.int)
        #expect(config.width == json["embed_dim"]?.int)
        #expect(config.layers == json["depth"]?.int)
        #expect(Double(config.eps) == json["layernorm_eps"]?.double.map { Double(Float($0)) })
    }
}

/// The model of a golden case; the number of heads is in no tensor.
func dinoModel(_ golden: GoldenCase, role: String = "weights") throws -> DINOModel {
    let weights = Weights(try Checkpoint.open(path: golden.path(role)))
    let heads = try #require(golden.config["num_heads"]?.int)
    return try DINOModel(DINOConfig(inferredFrom: weights, heads: heads), weights)
}

/// Rows `[T, D]` split into heads: `[heads, T, D / heads]`.
func headsFirst(_ x: Tensor<Float>, heads: Int) -> Tensor<Float> {
    let (tokens, width) = (x.shape[0], x.shape[1])
    let size = width / heads
    var scalars: [Float] = []
    for head in 0..<heads {
        for token in 0..<tokens {
            let start = token * width + head * size
            scalars += x.scalars[start..<start + size]
        }
    }
    return Tensor(shape: [heads, tokens, size], scalars: scalars)
}

/// The cosines between all rows of each sample: `[N, T, D]` to `[N, T, T]`.
private func cosines(_ keys: Tensor<Float>) -> Tensor<Float> {
    let samples = (0..<keys.shape[0]).map { sample in
        let rows = (0..<keys.shape[1]).map { keys[sample][$0].scalars }
        let lengths = rows.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        return Tensor(
            shape: [rows.count, rows.count],
            scalars: rows.indices.flatMap { left in
                rows.indices.map { right in
                    zip(rows[left], rows[right]).reduce(0) { $0 + $1.0 * $1.1 }
                        / (lengths[left] * lengths[right])
                }
            }
        )
    }
    return Tensor.stack(samples)
}

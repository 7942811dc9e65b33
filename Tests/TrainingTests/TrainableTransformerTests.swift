import Gradients
import Models
import Tensors
import TestSupport
import Testing
import Training

/// The networks that losses look through compute what the networks of inference compute.
@Suite struct TrainableTransformerTests {
    private static let reason = "the same float32 sums in another order, through all blocks"

    private func pictures(_ shape: [Int]) -> Tensor<Float> {
        var random = SeededRandom(seed: 5)
        return Tensor(
            shape: shape,
            scalars: (0..<shape.reduce(1, *)).map { _ in Float(2 * random.uniform() - 1) }
        )
    }

    @Test func goldenCLIP() throws {
        let golden = try #require(try Goldens.cases(number: 4, prefix: "clip_small").first)
        let weights = Weights(try SafetensorsFile(path: golden.path("weights")))
        let config = try CLIPConfig(inferredFrom: weights)
        let plain = try CLIPModel(config, weights)
        let trained = try TrainableCLIP(config, Parameters(weights, isTrained: false))
        let images = pictures([2, 3, 40, 30])
        let prepared = CLIPPreprocessing(resolution: config.imageSize)(images)
        let seen = DifferentiableResizing.clip(
            Variable(images.channelsLast),
            resolution: config.imageSize
        )
        expectClose(
            seen.value.channelsFirst,
            prepared,
            abs: 1e-5,
            because: Self.reason,
            name: "prepared"
        )
        expectClose(
            trained.encode(images: seen).value,
            plain.encodeImage(prepared),
            abs: 1e-4,
            because: Self.reason,
            name: "image features"
        )
        let end = Int32(config.vocabulary - 1)
        let texts: [[Int32]] = [[3, 9, 27, end], [4, end, 0, 0, 0]]
        expectClose(
            trained.encode(texts: texts).value,
            plain.encodeText(texts),
            abs: 1e-4,
            because: Self.reason,
            name: "text features"
        )
    }

    @Test func goldenDINO() throws {
        let golden = try #require(try Goldens.cases(number: 5, prefix: "dino12").first)
        let weights = Weights(try SafetensorsFile(path: golden.path("weights")))
        let config = try DINOConfig(
            inferredFrom: weights,
            heads: golden.config["heads"]?.int ?? golden.config["num_heads"]?.int
        )
        let plain = try DINOModel(config, weights)
        let trained = try TrainableDINO(config, Parameters(weights, isTrained: false))
        let images = pictures([2, 3, 40, 30]).map { ($0 + 1) / 2 }
        let prepared = SplicePreprocessing(shorterSide: 60)(images)
        let seen = DifferentiableResizing.splice(
            Variable(images.channelsLast),
            shorterSide: 60
        )
        let (expected, found) = (plain(prepared), trained(seen))
        let last = config.layers - 1
        expectClose(
            found.keys[last].value,
            expected.keys(layer: last),
            abs: 1e-4,
            because: Self.reason,
            name: "keys"
        )
        expectClose(
            found.classTokens(layer: last).value,
            expected.classTokens(layer: last),
            abs: 1e-4,
            because: Self.reason,
            name: "class tokens"
        )
    }
}

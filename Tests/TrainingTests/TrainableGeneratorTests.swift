import Gradients
import Models
import Tensors
import TestSupport
import Testing
import Training

@Suite struct TrainableGeneratorTests {
    private static let reason =
        "float32 sums of up to 9 * 26 products per layer, ten layers; the manifest's tolerance"

    /// The network that is trained through draws what the reference draws.
    @Test(arguments: try Goldens.cases(number: 1) + Goldens.cases(number: 2))
    func goldenImage(golden: GoldenCase) throws {
        let io = try Goldens.io(golden)
        let weights = Weights(try SafetensorsFile(path: golden.path("weights")))
        var config = try StyleGAN2Config(inferredFrom: weights)
        config.convClamp = golden.config["conv_clamp"]?.double.map { Float($0) }
        let generator = try TrainableGenerator(config, Parameters(weights, isTrained: false))
        let codes = try Goldens.tensor("wplus", in: io).float
        expectClose(
            generator(Variable(codes)).value.channelsFirst,
            try Goldens.tensor("image", in: io).float,
            abs: golden.absolute(),
            rel: golden.relative,
            because: Self.reason,
            name: "\(golden.name) image"
        )
    }
}

import Models
import Tensors
import TestSupport
import Testing

/// The structure and appearance losses, and their gradients, against the numbers of the original code.
struct SpliceGoldenTests {
    private static let reason = "12 float32 blocks on 226 tokens; the manifest's tolerance"

    @Test(arguments: try Goldens.cases(number: 5, prefix: "dino12"))
    func goldenLosses(golden: GoldenCase) throws {
        let (losses, generated, target, io) = try Self.load(golden)
        let structure = losses.structure(generated, target).loss
        let appearance = losses.appearance(generated, target).loss
        let weight = losses.structureWeight
        for (name, loss) in [
            ("structure_loss", structure),
            ("style_loss", appearance),
            ("forward_total", structure + appearance),
            ("raw_ssim", structure / weight),
            ("raw_cls", appearance / (1 - weight)),
        ] {
            expectClose(
                Tensor(shape: [], scalars: [loss]),
                try Goldens.tensor(name, in: io).double,
                abs: 0,
                rel: golden.relative,
                because: Self.reason,
                name: name
            )
        }
    }

    @Test(arguments: try Goldens.cases(number: 5, prefix: "dino12"))
    func goldenGradients(golden: GoldenCase) throws {
        let (losses, generated, target, io) = try Self.load(golden)
        for (name, value) in [
            ("structure", losses.structure(generated, target, needsGradient: true)),
            ("style", losses.appearance(generated, target, needsGradient: true)),
        ] {
            let expected = try Goldens.tensor("grad_\(name)_wrt_outputs", in: io).float
            let largest = expected.scalars.map(\.magnitude).max() ?? 0
            expectClose(
                try #require(value.gradient),
                expected,
                abs: golden.relative * Double(largest),
                because: "\(Self.reason) relative to the largest gradient, as many cancel",
                name: name
            )
        }
    }

    @Test(arguments: try Goldens.cases(number: 5, prefix: "dino12"))
    func goldenFeatures(golden: GoldenCase) throws {
        let (losses, generated, _, io) = try Self.load(golden)
        let prepared = SplicePreprocessing()(generated)
        let trace = losses.model(prepared)
        let layer = losses.structureLayer
        let keys = trace.keys(layer: layer)
        let similarity = SelfSimilarity(keys).values[0]  // [T, T]
        let heads = losses.model.config.heads
        let mean = similarity.scalars.reduce(0) { $0 + Double($1) } / Double(similarity.count)
        let corner = Tensor.stack((0..<16).map { similarity[$0][0..<16] })
        for (name, actual) in [
            ("block8_cls_0", trace.classTokens(layer: losses.appearanceLayer)[0]),
            ("block_tokens_first8", Tensor.stack(trace.tokens.map { $0[0][0..<8] })),
            ("keys11_first16", headsFirst(keys[0][0..<16], heads: heads)),
            ("selfsim11_first16x16", corner.reshaped([1, 16, 16])),
            ("selfsim11_mean", Tensor(shape: [], scalars: [Float(mean)])),
        ] {
            expectClose(
                actual,
                try Goldens.tensor(name, in: io).float,
                abs: golden.absolute(),
                rel: golden.relative,
                because: Self.reason,
                name: name
            )
        }
        let size = try Goldens.tensor("transformed_0_size", in: io).integers
        #expect(Array(prepared.shape[1...]) == Array(size[1...]))
    }

    private static func load(_ golden: GoldenCase) throws -> (
        losses: SpliceLosses, generated: Tensor<Float>, target: Tensor<Float>, io: SafetensorsFile
    ) {
        let io = try Goldens.io(golden)
        let losses = try SpliceLosses(
            dinoModel(golden),
            structureWeight: #require(golden.config["structure_lambda"]?.double),
            structureLayer: #require(golden.config["structure_layer"]?.int),
            appearanceLayer: #require(golden.config["cls_layer_num"]?.int)
        )
        return (
            losses,
            try Goldens.tensor("outputs", in: io).float,
            try Goldens.tensor("inputs", in: io).float,
            io
        )
    }
}

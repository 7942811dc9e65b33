import Gradients
import Models
import Tensors
import TestSupport
import Testing
import Training

/// The structure and appearance losses, and their gradients, against the numbers of the original code.
@Suite struct SpliceGoldenTests {
    private static let reason = "12 float32 blocks on 226 tokens; the manifest's tolerance"

    private struct Loaded {
        let io: SafetensorsFile
        let network: TrainableDINO
        let heads: Int
        let structureWeight: Double
        let structureLayer: Int
        let appearanceLayer: Int

        init(_ golden: GoldenCase) throws {
            io = try Goldens.io(golden)
            let weights = Weights(try SafetensorsFile(path: golden.path("weights")))
            heads = try #require(golden.config["num_heads"]?.int)
            network = try TrainableDINO(
                DINOConfig(inferredFrom: weights, heads: heads),
                Parameters(weights, isTrained: false)
            )
            structureWeight = try #require(golden.config["structure_lambda"]?.double)
            structureLayer = try #require(golden.config["structure_layer"]?.int)
            appearanceLayer = try #require(golden.config["cls_layer_num"]?.int)
        }

        /// The features of the generated pictures, which carry gradients, or of the target.
        func features(_ pictures: Variable<Float>) -> TrainableDINO.Features {
            network(DifferentiableResizing.splice(pictures))
        }

        func pictures(_ name: String) throws -> Variable<Float> {
            Variable(
                try Goldens.tensor(name, in: io).float.channelsLast,
                needsGradient: name == "outputs"
            )
        }

        /// Structure and appearance, without their weights.
        func losses(_ generated: Variable<Float>) throws -> (Variable<Float>, Variable<Float>) {
            let (own, wanted) = (features(generated), features(try pictures("inputs")))
            return (
                FeatureLosses.structure(
                    own.keys[structureLayer],
                    wanted.keys[structureLayer],
                    .authors
                ),
                FeatureLosses.appearance(
                    own.classTokens(layer: appearanceLayer),
                    wanted.classTokens(layer: appearanceLayer),
                    .authors
                )
            )
        }
    }

    @Test(arguments: try Goldens.cases(number: 5, prefix: "dino12"))
    func goldenLosses(golden: GoldenCase) throws {
        let loaded = try Loaded(golden)
        let (structure, appearance) = try loaded.losses(try loaded.pictures("outputs"))
        let weight = loaded.structureWeight
        let (raw, rawTokens) = (Double(structure.number), Double(appearance.number))
        for (name, loss) in [
            ("structure_loss", weight * raw),
            ("style_loss", (1 - weight) * rawTokens),
            ("forward_total", weight * raw + (1 - weight) * rawTokens),
            ("raw_ssim", raw),
            ("raw_cls", rawTokens),
        ] {
            expectClose(
                Tensor(shape: [], scalars: [loss]),
                try Goldens.tensor(name, in: loaded.io).double,
                abs: 0,
                rel: golden.relative,
                because: Self.reason,
                name: name
            )
        }
    }

    @Test(arguments: try Goldens.cases(number: 5, prefix: "dino12"))
    func goldenGradients(golden: GoldenCase) throws {
        let loaded = try Loaded(golden)
        let weight = Float(loaded.structureWeight)
        for name in ["structure", "style"] {
            let generated = try loaded.pictures("outputs")
            let (structure, appearance) = try loaded.losses(generated)
            let loss =
                name == "structure" ? structure.scaled(weight) : appearance.scaled(1 - weight)
            loss.backward()
            let expected = try Goldens.tensor("grad_\(name)_wrt_outputs", in: loaded.io).float
            let largest = expected.scalars.map(\.magnitude).max() ?? 0
            expectClose(
                try #require(generated.gradient).channelsFirst,
                expected,
                abs: golden.relative * Double(largest),
                because: "\(Self.reason) relative to the largest gradient, as many cancel",
                name: name
            )
        }
    }

    @Test(arguments: try Goldens.cases(number: 5, prefix: "dino12"))
    func goldenFeatures(golden: GoldenCase) throws {
        let loaded = try Loaded(golden)
        let prepared = DifferentiableResizing.splice(try loaded.pictures("outputs"))
        let found = loaded.network(prepared)
        let keys = found.keys[loaded.structureLayer]
        let similarity = keys.unitRows(eps: 1e-16).rowProducts.value[0]  // [T, T]
        let mean = similarity.scalars.reduce(0) { $0 + Double($1) } / Double(similarity.count)
        let corner = Tensor.stack((0..<16).map { similarity[$0][0..<16] })
        let classTokens = found.classTokens(layer: loaded.appearanceLayer).value
        for (name, actual) in [
            ("block8_cls_0", classTokens[0]),
            ("block_tokens_first8", Tensor.stack(found.tokens.map { $0.value[0][0..<8] })),
            ("selfsim11_first16x16", corner.reshaped([1, 16, 16])),
            ("selfsim11_mean", Tensor(shape: [], scalars: [Float(mean)])),
        ] {
            expectClose(
                actual,
                try Goldens.tensor(name, in: loaded.io).float,
                abs: golden.absolute(),
                rel: golden.relative,
                because: Self.reason,
                name: name
            )
        }
        let size = try Goldens.tensor("transformed_0_size", in: loaded.io).integers
        #expect(Array(prepared.shape[1...2]) == Array(size[2...].suffix(2)))
    }
}

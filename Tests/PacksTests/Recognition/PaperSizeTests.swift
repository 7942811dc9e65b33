import Models
import Packs
import PaperSizes
import Tensors
import Testing

/// Checkpoints of the published sizes, by names and shapes alone: nothing of them is written.
struct PaperSizeTests {
    private func recognise(_ model: PaperModel) throws -> (Recognition, RandomWeights) {
        let weights = try model.weights()
        return (try Recognition(of: CheckpointFile(shapesOf: weights)), weights)
    }

    /// Numbers that are trained, not buffers.
    private func parameterCount(_ weights: RandomWeights, under prefix: String = "") -> Int {
        let buffers = ["noise_const", "noises.noise_", "kernel", "filter", "w_avg", "running_"]
        return weights.names
            .filter { name in name.hasPrefix(prefix) && !buffers.contains { name.contains($0) } }
            .reduce(0) { $0 + (weights.layout($1)?.shape.reduce(1, *) ?? 0) }
    }

    @Test(arguments: [
        (PaperModel.clip, "", 151_277_313), (.dino, "", 85_798_656),
        (.nvidia, "", 30_370_060), (.rosinality, "g_ema.", 30_370_060),
    ])
    func publishedModelsHaveThePublishedNumberOfParameters(
        model: PaperModel,
        prefix: String,
        count: Int
    ) throws {
        #expect(parameterCount(try model.weights(), under: prefix) == count)
    }

    @Test(arguments: PaperModel.allCases)
    func everyFullSizeCheckpointIsRecognisedAndComplete(model: PaperModel) throws {
        let (recognition, _) = try recognise(model)
        let expected: [NetworkKind] =
            switch model {
            case .rosinality, .nvidia, .human: [.generator]
            case .pSp: [.generator, .encoder]
            case .clip: [.clip]
            case .dino: [.dino]
            case .authors, .paper: [.dynamics]
            case .fashion: [.generator, .clip, .dynamics, .dino]
            }
        #expect(recognition.networks.map(\.kind) == expected)
        for network in recognition.networks {
            #expect(network.problem == nil)
            let check = WeightCheck(network, in: recognition, readsValues: false)
            #expect(check.findings.isEmpty && check.unused.isEmpty, "\(model)")
        }
    }

    @Test func generatorsAreInferredAsPublished() throws {
        let rosinality = try StyleGAN2Config(
            inferredFrom: Weights(PaperModel.rosinality.weights(), prefix: "g_ema.")
        )
        #expect(rosinality == PaperSizes.styleGAN2(.rosinality))
        #expect(rosinality.channels == [512, 512, 512, 512, 512, 256, 128, 64, 32])
        #expect(rosinality.layerCount == 18)
        let human = try StyleGAN2Config(
            inferredFrom: Weights(PaperModel.human.weights(), prefix: "G_ema.")
        )
        #expect(human == PaperSizes.styleGAN2(.nvidia, columns: 512))
        #expect((human.height, human.width, human.layerCount) == (1024, 512, 18))
    }

    @Test func theEncoderIsInferredAsPublished() throws {
        let weights = Weights(try PaperModel.pSp.weights(), prefix: "state_dict.encoder.")
        #expect(try PSPConfig(inferredFrom: weights) == PaperSizes.encoder)
        let (recognition, _) = try recognise(.pSp)
        #expect(recognition.network(.encoder)?.latentAverage == "latent_avg")
        #expect(recognition.network(.generator)?.prefix == "state_dict.decoder.")
    }

    @Test func transformersAreInferredAsPublished() throws {
        #expect(
            try CLIPConfig(inferredFrom: Weights(PaperModel.clip.weights())) == PaperSizes.clip
        )
        #expect(
            try DINOConfig(inferredFrom: Weights(PaperModel.dino.weights())) == PaperSizes.dino
        )
    }

    @Test(arguments: [
        (PaperModel.authors, PaperSizes.Variant.authors, 128), (.fashion, .authors, 96),
        (.paper, .paper, 128),
    ])
    func dynamicsAreInferredAsPublished(
        model: PaperModel,
        variant: PaperSizes.Variant,
        columns: Int
    ) throws {
        let weights = Weights(try model.weights(), prefix: "state_dict.")
        let config = try DynamicsConfig(
            inferredFrom: weights,
            imageHeight: 128,
            imageWidth: columns
        )
        #expect(config == (try PaperSizes.dynamics(variant, columns: columns)))
        let cells = config.gridHeight * config.gridWidth
        #expect(cells == (columns == 96 ? 48 : 64))
        let modulation = try ModulationConfig(
            inferredFrom: weights,
            heads: 8,
            groups: [4, 6, 8],
            deltaScale: 0.01
        )
        #expect(modulation == (try PaperSizes.modulation(variant, positions: cells)))
    }

    @Test func whatNoTensorTellsIsAssumedAsTheAuthorsHaveIt() throws {
        let (recognition, _) = try recognise(.clip)
        let clip = try #require(recognition.network(.clip))
        let heads = recognition.completion(of: clip)
        #expect(heads.assumed["config.vision.heads"]?.integer == 12)
        #expect(heads.assumed["config.text.heads"]?.integer == 8 && heads.open.isEmpty)
        let (motion, _) = try recognise(.authors)
        let dynamics = motion.completion(of: try #require(motion.network(.dynamics)))
        #expect(dynamics.assumed["modulation.heads"]?.integer == 8)
    }

    @Test func smallFullSizeTensorsHoldFiniteNumbersOfTheirKind() throws {
        let weights = try PaperModel.pSp.weights()
        let kernel = try #require(weights.raw("state_dict.decoder.convs.0.conv.blur.kernel"))
        #expect(kernel.float.scalars.reduce(0, +) == 4)
        let slope = try #require(weights.raw("state_dict.encoder.body.0.res_layer.2.weight"))
        #expect(slope.float.scalars.allSatisfy { (0.2...0.3).contains($0) })
        let affine = "state_dict.decoder.conv1.conv.modulation.bias"
        let bias = try #require(weights.raw(affine)).float.scalars
        #expect(bias.allSatisfy { (0.8...1.2).contains($0) } && Set(bias).count > 100)
    }
}

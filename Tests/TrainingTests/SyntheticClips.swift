import Foundation
import Gradients
import Models
import Tensors
import TestSupport
import Testing
import Training

/// Clips of the golden generator: a content code, and a motion that moves two of its layers.
///
/// What is learned is known to be reachable: every frame is `G` of a code.
final class SyntheticClips: TrainingClips {
    let generator: TrainableGenerator
    private let contents: [Tensor<Float>]
    private let offsets: [[Tensor<Float>]]
    private let pictures: [Tensor<UInt8>]
    private let hasCaptions: Bool
    private let length: Int

    init(_ generator: TrainableGenerator, count: Int, length: Int = 16, hasCaptions: Bool = true) {
        self.generator = generator
        self.hasCaptions = hasCaptions
        self.length = length
        let shape = [generator.layerCount, generator.config.styleDim]
        var random = SeededRandom(seed: 11)
        func code(_ deviation: Double, layers: Range<Int>) -> Tensor<Float> {
            var code = Tensor<Float>(repeating: 0, shape: shape)
            for layer in layers {
                for channel in 0..<shape[1] {
                    code.scalars[layer * shape[1] + channel] = Float(deviation * random.normal())
                }
            }
            return code
        }
        contents = (0..<count).map { _ in code(1, layers: 0..<shape[0]) }
        let directions = (0..<count).map { _ in code(0.5, layers: 0..<4) }
        offsets = directions.enumerated().map { clip, direction in
            (0..<length).map { frame in
                let phase = Float(frame) / Float(length) * 6 + Float(clip)
                return direction.map { $0 * sin(phase) }
            }
        }
        pictures = (0..<count).map { [contents, offsets] clip in
            let codes = Tensor.stack(offsets[clip].map { contents[clip] + $0 })
            return Tensor(
                shape: [length, generator.config.height, generator.config.width, 3],
                scalars: generator(Variable(codes)).value.scalars.map {
                    UInt8(min(max(($0 + 1) * 127.5, 0), 255).rounded())
                }
            )
        }
    }

    var count: Int { contents.count }
    func times(of clip: Int) -> [Double] { (0..<length).map { Double($0) / 50 } }
    func caption(of clip: Int) -> String? { hasCaptions ? "figure \(clip)" : nil }
    func content(of clip: Int) -> Tensor<Float> { contents[clip] }
    func frames(of clip: Int, _ indices: [Int]) -> Tensor<UInt8> {
        .stack(indices.map { pictures[clip][$0] })
    }
    func codes(of clip: Int, _ indices: [Int]) -> Tensor<Float> {
        .stack(indices.map { contents[clip] + offsets[clip][$0] })
    }
}

/// The networks and sizes of the golden step, for tests of whole trainings.
enum SmallTraining {
    static func weights(_ name: String, _ prefix: String = "") throws -> Weights {
        let golden = try #require(try Goldens.cases().first { $0.name == name })
        return Weights(try SafetensorsFile(path: golden.path("weights")), prefix: prefix)
    }

    static func frozen() throws -> DynamicsTask.Frozen {
        let generator = try weights("vidstyleode_small", "stylegan_G.G.")
        let clip = try weights("clip_small_vocab")
        let dino = try weights("dino12_splice")
        func parameters(_ weights: Weights) -> Parameters { Parameters(weights, isTrained: false) }
        let clipConfig = try CLIPConfig(inferredFrom: clip)
        let last = Int32(clipConfig.vocabulary - 1)
        return DynamicsTask.Frozen(
            generator: try TrainableGenerator(
                StyleGAN2Config(inferredFrom: generator),
                parameters(generator)
            ),
            clip: try TrainableCLIP(clipConfig, parameters(clip)),
            dino: try TrainableDINO(DINOConfig(inferredFrom: dino, heads: 3), parameters(dino)),
            tokenize: { text in
                [last - 1] + text.utf8.map { Int32($0) % (last - 1) } + [last]
            }
        )
    }

    static func config(steps: Int) -> DynamicsTrainingConfig {
        var config = DynamicsTrainingConfig.paper(steps: steps, window: 0.4)
        config.clips = 2
        config.run.learningRate = Schedule(1e-3)
        config.run.logSteps = 1
        config.sampling.observed = [3, 5]
        config.sampling.drawn = [3, 3]
        config.objective.dinoSide = 64
        return config
    }

    static func task(
        _ config: DynamicsTrainingConfig,
        clips count: Int = 3,
        hasCaptions: Bool = true,
        startsFromWeights: Bool = true
    ) throws -> DynamicsTask {
        let frozen = try frozen()
        let whole = try weights("vidstyleode_small")
        var modulation = try ModulationConfig(
            inferredFrom: whole,
            heads: 4,
            groups: [3, 3, 4],
            deltaScale: 0.2
        )
        // Offsets of both signs.
        modulation.lastModuleIsLinear = true
        return try DynamicsTask(
            config,
            frozen: frozen,
            dynamics: DynamicsConfig(inferredFrom: whole, imageHeight: 32, imageWidth: 32),
            modulation: modulation,
            weights: startsFromWeights ? whole : nil,
            clips: SyntheticClips(frozen.generator, count: count, hasCaptions: hasCaptions)
        )
    }
}

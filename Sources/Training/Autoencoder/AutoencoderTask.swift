internal import Foundation
internal import Gradients
internal import Kernels
internal import Models
public import Tensors

/// Trains a generator and a content encoder together, so that pictures survive the way through a W+ code.
///
/// Each step draws pairs of frames of one clip. Sometimes the fine layers of a pair's codes are exchanged before the
/// pictures are drawn: what differs between the frames, motion, then has to lie in the other layers. No adversarial term:
/// pictures become soft rather than invented.
public final class AutoencoderTask: TrainingTask {
    /// Those of both networks, and the latent average.
    public let parameters: Parameters
    /// The generator, and the encoder at a rate of its own.
    public let groups: [ParameterGroup]
    private let config: AutoencoderTrainingConfig
    private let pictures: PictureSet
    private let generator: TrainableGenerator
    private let encoder: TrainablePSP
    /// `[L, D]`, part of the encoder's file.
    private let latentAverage: Variable<Float>
    private let pairs: [PictureSet.Clip]

    private static let generatorPrefix = "generator."
    private static let encoderPrefix = "encoder."

    /// Prepares the networks.
    ///
    /// - Parameters:
    ///   - config: Validated here.
    ///   - pictures: Of the generator's size.
    ///   - weights: Generator and encoder to start from, in the names of their files; nil to start from the seed.
    /// - Throws: `TrainingError`, `WeightError`.
    public init(
        _ config: AutoencoderTrainingConfig,
        pictures: PictureSet,
        weights: (generator: Weights?, encoder: Weights?) = (nil, nil)
    ) throws {
        try config.validate()
        guard
            pictures.height == config.generator.height, pictures.width == config.generator.width
        else {
            throw TrainingError(
                .badData,
                "the frames are \(pictures.width)x\(pictures.height), the generator draws "
                    + "\(config.generator.width)x\(config.generator.height)"
            )
        }
        pairs = pictures.clips.filter { $0.count > 0 }
        guard pairs.count >= 2 else {
            throw TrainingError(
                .badData,
                "\(pairs.count) clips are too few to train on; give at least 2, better thousands"
            )
        }
        self.config = config
        self.pictures = pictures
        parameters = Parameters(nil, isTrained: true, seed: config.run.seed)
        let own = parameters.scoped(Self.encoderPrefix, weights: weights.encoder)
        generator = try TrainableGenerator(
            config.generator,
            parameters.scoped(Self.generatorPrefix, weights: weights.generator)
        )
        encoder = try TrainablePSP(config.encoder, own.scoped("encoder.", weights: nil))
        latentAverage = try own.float(
            "latent_avg",
            [config.encoder.styleCount, config.encoder.styleDim],
            .constant(0)
        )
        generator.precision = config.precision
        encoder.precision = config.precision
        groups = [
            ParameterGroup(prefixes: [Self.generatorPrefix], beta1: 0.5, beta2: 0.99),
            ParameterGroup(
                prefixes: [Self.encoderPrefix],
                rateFactor: config.encoderRateFactor,
                beta1: 0.5,
                beta2: 0.99
            ),
        ]
    }

    /// Draws pairs, reconstructs them and computes the gradients; see `TrainingTask`.
    public func step(_ step: Int, random: inout SeededRandom) throws -> StepResult {
        let frames = (0..<config.batch / 2).flatMap { _ in
            let clip = pairs[random.index(below: pairs.count)]
            return [
                clip.first + random.index(below: clip.count),
                clip.first + random.index(below: clip.count),
            ]
        }
        let swaps = random.uniform() < config.swapProbability
        let target = pictures.pictures(frames)
        let images = Variable(target)
        encoder.isTraining = true
        let offsets = encoder(images)
        let codes = shifted(offsets)
        let drawn = generator(swaps ? exchangingFine(codes) : codes, usesNoise: false)
        let weights = config.weights
        var terms: [(name: String, weight: Double, value: Variable<Float>)] = []
        func add(_ name: String, _ weight: Double, _ value: () -> Variable<Float>) {
            if weight > 0 { terms.append((name, weight, value())) }
        }
        add("absolute", weights.absolute) {
            PictureLosses.absolute(
                drawn,
                images,
                weights: PictureLosses.figureWeights(
                    target,
                    figure: weights.figure,
                    background: weights.background
                )
            )
        }
        add("coarse", weights.coarse) { PictureLosses.coarse(drawn, images) }
        add("gradient", weights.gradient) { PictureLosses.gradient(drawn, images) }
        add("square", weights.square) { PictureLosses.square(drawn, images) }
        add("code", weights.code) { offsets.squared.mean }
        let loss = Variable.combination(terms.map { (Float($0.weight), $0.value) })
        loss.backward()
        let error = Self.meanSquare(drawn.value, target)
        return StepResult(
            losses: [("loss", Double(loss.number))]
                + terms.map { ($0.name, Double($0.value.number)) }
                + [("PSNR dB", 10 * log10(4 / max(error, 1e-10)))],
            images: config.batch
        )
    }

    /// Adds the average to every code.
    private func shifted(_ offsets: Variable<Float>) -> Variable<Float> {
        let size = config.encoder.styleCount * config.encoder.styleDim
        return offsets.reshaped([offsets.shape[0], size])
            .addingRows(latentAverage.reshaped([size])).reshaped(offsets.shape)
    }

    /// Exchanges the last layers of neighbouring codes.
    private func exchangingFine(_ codes: Variable<Float>) -> Variable<Float> {
        let (samples, layers, width) = (codes.shape[0], codes.shape[1], codes.shape[2])
        let order = (0..<samples).flatMap { sample in
            (0..<layers).map { layer in
                (layer < layers - config.fineLayers ? sample : sample ^ 1) * layers + layer
            }
        }
        return codes.reshaped([samples * layers, width]).picking(order).reshaped(codes.shape)
    }

    private static func meanSquare(_ a: Tensor<Float>, _ b: Tensor<Float>) -> Double {
        var sum = 0.0
        a.scalars.withUnsafeBufferPointer { a in
            b.scalars.withUnsafeBufferPointer { b in
                for index in a.indices {
                    let difference = Double(a[index] - b[index])
                    sum += difference * difference
                }
            }
        }
        return sum / Double(max(a.count, 1))
    }

    /// Frames of some clips and what becomes of them: two of `[N, H, W, 3]` in -1...1, running statistics.
    ///
    /// - Parameter count: How many, spread over all clips.
    /// - Returns: The frames and their reconstructions.
    public func examples(_ count: Int) -> (originals: Tensor<Float>, drawn: Tensor<Float>) {
        let frames = (0..<count).map { index in
            let clip = pairs[index * pairs.count / count]
            return clip.first + clip.count / 2
        }
        let originals = pictures.pictures(frames)
        encoder.isTraining = false
        defer { encoder.isTraining = true }
        let drawn = generator(shifted(encoder(Variable(originals))).detached, usesNoise: false)
        return (originals, drawn.value)
    }

    /// The files of the two networks from averaged parameters, in the names of their checkpoints.
    ///
    /// Batch norms get the statistics of the averaged encoder: those that were kept belong to the encoder of the steps.
    ///
    /// - Parameter averaged: `Trainer.averaged`.
    /// - Returns: `generator.safetensors` and `encoder.safetensors`, which holds `encoder.…` and `latent_avg`.
    /// - Throws: `WeightError`.
    public func files(_ averaged: [String: RawTensor]) throws -> (
        generator: [String: RawTensor], encoder: [String: RawTensor]
    ) {
        func part(_ prefix: String) -> [String: RawTensor] {
            Dictionary(
                uniqueKeysWithValues: averaged.filter { $0.key.hasPrefix(prefix) }
                    .map { (String($0.key.dropFirst(prefix.count)), $0.value) }
            )
        }
        var encoderFile = part(Self.encoderPrefix)
        let stored = try SafetensorsFile(
            path: "averaged encoder",
            data: SafetensorsFile.encode(encoderFile)
        )
        let own = Parameters(Weights(stored), isTrained: false)
        let scope = own.scoped("encoder.", weights: Weights(stored, prefix: "encoder."))
        let network = try TrainablePSP(config.encoder, scope)
        var random = SeededRandom(seed: config.run.seed, step: -1)
        for round in 0..<Self.statisticsRounds {
            // The mean of all rounds so far.
            network.momentum = 1 / Float(round + 1)
            let frames = (0..<config.batch).map { _ in
                let clip = pairs[random.index(below: pairs.count)]
                return clip.first + random.index(below: clip.count)
            }
            _ = network(Variable(pictures.pictures(frames)))
        }
        for (name, tensor) in own.bufferTensors { encoderFile[name] = tensor }
        return (part(Self.generatorPrefix), encoderFile)
    }

    private static let statisticsRounds = 32
}

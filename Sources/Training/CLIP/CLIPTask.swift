internal import Foundation
internal import Gradients
internal import Kernels
public import Models
public import Tensors

/// Trains CLIP on the frames of clips and their captions.
///
/// A step draws clips, one frame of each, and pulls the features of frame and caption together. Source: Radford et
/// al. 2021, section 2.3; the optimiser's numbers are those of table 20.
public final class CLIPTask: TrainingTask {
    /// The largest value of `logit_scale`, the logarithm of 100.
    ///
    /// Source: Radford et al. 2021, section 2.5.
    static let largestLogitScale = Float(4.605170185988092)

    /// What is trained, and how.
    public let config: CLIPTrainingConfig
    /// The clips and the vocabulary.
    public let clips: CLIPClips
    /// Everything that a checkpoint holds.
    public let parameters: Parameters
    /// Matrices with weight decay; norms, biases and the temperature without.
    public let groups: [ParameterGroup]
    private let pictures: PictureSet
    private let network: TrainableCLIP
    /// What the newest checkpoint gave the frames that are not trained on, empty before it.
    public private(set) var matches: [CLIPRetrieval.Match] = []

    /// Prepares a training from new weights.
    ///
    /// - Parameters:
    ///   - config: What is trained; validated here.
    ///   - pictures: The frames; cropped and resized to `imageSize` if they have another size.
    /// - Throws: `TrainingError`, `.badConfig` or `.badData`.
    public init(_ config: CLIPTrainingConfig, pictures: PictureSet) throws {
        try config.validate()
        self.config = config
        self.pictures = pictures
        clips = try CLIPClips(pictures.clips, config)
        parameters = Parameters(nil, isTrained: true, seed: config.run.seed)
        network = try TrainableCLIP(
            config.network(vocabulary: clips.vocabulary.vocabularyCount),
            parameters
        )
        let shapes = parameters.tensors
        let names = shapes.keys.sorted()
        func group(_ isMatrix: Bool, _ decay: Double) -> ParameterGroup {
            ParameterGroup(
                prefixes: names.filter { ((shapes[$0]?.shape.count ?? 0) > 1) == isMatrix },
                beta2: 0.98,
                weightDecay: decay
            )
        }
        groups = [group(true, config.weightDecay), group(false, 0)]
    }

    /// The sizes of the network.
    public var networkConfig: CLIPConfig { network.config }

    /// Computes the loss of a batch and its gradients.
    ///
    /// - Parameters:
    ///   - step: Counted from 0.
    ///   - random: Of this step alone.
    /// - Returns: The loss, the accuracies within the batch, and the temperature (what cosines are divided by).
    /// - Throws: Nothing; the frames are at hand.
    public func step(_ step: Int, random: inout SeededRandom) throws -> StepResult {
        // No part of it runs on oneDNN, which a crew would keep to one thread.
        ThreadPool.crew { crewStep(&random) }
    }

    private func crewStep(_ random: inout SeededRandom) -> StepResult {
        let batch = clips.draw(config.batch, &random).map { clips.training[$0] }
        let frames = batch.map { $0.clip.first + random.index(below: $0.clip.count) }
        let result = ContrastiveLoss(
            images: network.encode(
                images: DifferentiableResizing.clip(
                    Variable(pictures.pictures(frames)),
                    resolution: config.imageSize
                )
            ),
            texts: network.encode(texts: batch.map(\.tokens)),
            logitScale: network.logitScale,
            captions: batch.map(\.number)
        )
        let loss = Double(result.loss.number)
        result.loss.backward()
        return StepResult(
            losses: [
                ("loss", loss),
                ("imageToText", result.imageToText),
                ("textToImage", result.textToImage),
                ("temperature", exp(-Double(network.logitScale.number))),
            ],
            images: batch.count
        )
    }

    /// Keeps the temperature from falling below 1/100.
    public func didUpdate() {
        let scale = network.logitScale
        guard scale.number > Self.largestLogitScale else { return }
        scale.value = Tensor(shape: [], scalars: [Self.largestLogitScale])
    }

    /// Measures the averaged weights on the clips that are not trained on.
    public func measure(_ averaged: [String: RawTensor]) throws -> [String: Double] {
        guard let found = try retrieval(averaged) else { return [:] }
        matches = found.matches
        return [
            "imageToText1": found.shares.imageToText1,
            "imageToText5": found.shares.imageToText5,
            "textToImage1": found.shares.textToImage1,
            "textToImage5": found.shares.textToImage5,
        ]
    }

    /// The features of the middle frames of some clips and of their captions, by weights as a checkpoint has them.
    ///
    /// - Parameters:
    ///   - clips: N clips.
    ///   - weights: The network's tensors, such as a trainer's averages.
    /// - Returns: Features `[N, E]` of frames and of captions, of length 1.
    /// - Throws: `WeightError` if a tensor is missing.
    func features(of clips: [CLIPClips.Clip], _ weights: [String: RawTensor]) throws
        -> (images: Tensor<Float>, texts: Tensor<Float>)
    {
        let file = try SafetensorsFile(
            path: "averaged weights",
            data: SafetensorsFile.encode(weights)
        )
        let model = try CLIPModel(network.config, Weights(file))
        let preparation = CLIPPreprocessing(resolution: config.imageSize)
        // Some at a time: memory for the activations of all of them is not needed.
        let parts = stride(from: 0, to: clips.count, by: 64).map { start in
            let part = clips[start..<min(start + 64, clips.count)]
            let frames = pictures.pictures(part.map { Self.shownFrame(of: $0.clip) })
            return (
                model.encodeImage(preparation(frames.channelsFirst)),
                model.encodeText(part.map(\.tokens))
            )
        }
        return (
            normalisedRows(Tensor.concatenate(parts.map(\.0))),
            normalisedRows(Tensor.concatenate(parts.map(\.1)))
        )
    }

    /// The frame of a clip that is shown and measured: the middle one.
    static func shownFrame(of clip: PictureSet.Clip) -> Int { clip.first + clip.count / 2 }

    /// The shown frames of some clips in -1...1: `[N, H, W, 3]`.
    public func frames(of clips: [CLIPClips.Clip]) -> Tensor<Float> {
        pictures.pictures(clips.map { Self.shownFrame(of: $0.clip) })
    }
}

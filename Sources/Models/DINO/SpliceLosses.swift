public import Tensors

/// The structure and appearance losses of generated images, seen by a DINO model.
///
/// Images are `[N, 3, H, W]` in 0...1 and pass through `SplicePreprocessing`; losses SUM over images. Only
/// the generated images carry gradients.
/// Source: Tumanyan et al. 2022; VidStyleODE `src/losses/splice_vit.py`; spec section 7.
public struct SpliceLosses: Sendable {
    /// The network.
    public let model: DINOModel
    /// The weight of the structure loss; appearance has the rest to 1.
    public let structureWeight: Double
    /// The block whose keys describe the structure.
    public let structureLayer: Int
    /// The block whose class token describes the appearance.
    public let appearanceLayer: Int
    private let preprocessing = SplicePreprocessing()

    /// Prepares the losses.
    ///
    /// - Parameters:
    ///   - model: The network.
    ///   - structureWeight: The weight of the structure loss in 0...1.
    ///   - structureLayer: The block whose keys describe the structure.
    ///   - appearanceLayer: The block whose class token describes the appearance.
    /// - Throws: `ConfigError` if the model has too few blocks.
    public init(
        _ model: DINOModel,
        structureWeight: Double = 0.8,
        structureLayer: Int = 11,
        appearanceLayer: Int = 8
    ) throws(ConfigError) {
        for (key, layer) in [
            ("structureLayer", structureLayer), ("appearanceLayer", appearanceLayer),
        ] where !(0..<model.config.layers).contains(layer) {
            throw ConfigError(key, "needs 0..<\(model.config.layers), got \(layer)")
        }
        self.model = model
        self.structureWeight = structureWeight
        self.structureLayer = structureLayer
        self.appearanceLayer = appearanceLayer
    }

    /// A loss and its gradient with respect to the generated images.
    public struct Value: Sendable {
        /// The loss.
        public let loss: Double
        /// `[N, 3, H, W]`, or nil if not asked for.
        public let gradient: Tensor<Float>?
    }

    /// How differently the parts of the images relate to each other.
    ///
    /// - Parameters:
    ///   - generated: `[N, 3, H, W]` in 0...1.
    ///   - target: Images of the same shape.
    ///   - needsGradient: Whether to compute the gradient too.
    /// - Returns: The weighted sum over images of the mean squared difference of key self-similarities.
    public func structure(
        _ generated: Tensor<Float>,
        _ target: Tensor<Float>,
        needsGradient: Bool = false
    ) -> Value {
        let depth = structureLayer + 1
        let trace = model(preprocessing(generated), depth: depth)
        let similarity = SelfSimilarity(trace.keys(layer: structureLayer))
        let wanted = SelfSimilarity(
            model(preprocessing(target), depth: depth).keys(layer: structureLayer)
        )
        let (loss, gradient) = squaredError(
            similarity.values,
            wanted.values,
            weight: structureWeight
        )
        guard needsGradient else { return Value(loss: loss, gradient: nil) }
        let images = model.imageGradient(
            tokens: [:],
            qkv: [structureLayer: packedKeys(similarity.keyGradient(gradient))],
            trace
        )
        return Value(loss: loss, gradient: unprocessed(images, shape: generated.shape))
    }

    /// How different the images look as a whole.
    ///
    /// - Parameters:
    ///   - generated: `[N, 3, H, W]` in 0...1.
    ///   - target: Images of the same shape.
    ///   - needsGradient: Whether to compute the gradient too.
    /// - Returns: The weighted sum over images of the mean squared difference of class tokens.
    public func appearance(
        _ generated: Tensor<Float>,
        _ target: Tensor<Float>,
        needsGradient: Bool = false
    ) -> Value {
        let depth = appearanceLayer + 1
        let trace = model(preprocessing(generated), depth: depth)
        let (loss, gradient) = squaredError(
            trace.classTokens(layer: appearanceLayer),
            model(preprocessing(target), depth: depth).classTokens(layer: appearanceLayer),
            weight: 1 - structureWeight
        )
        guard needsGradient else { return Value(loss: loss, gradient: nil) }
        let all = gradient.asClassTokens(shape: trace.tokens[appearanceLayer].shape)
        let images = model.imageGradient(tokens: [appearanceLayer: all], qkv: [:], trace)
        return Value(loss: loss, gradient: unprocessed(images, shape: generated.shape))
    }

    /// Key gradients `[N, T, D]` inside packed projections `[N, T, 3D]`.
    private func packedKeys(_ gradient: Tensor<Float>) -> Tensor<Float> {
        let width = gradient.shape[2]
        var packed = Tensor(
            repeating: Float(0),
            shape: [gradient.shape[0], gradient.shape[1], 3 * width]
        )
        for row in 0..<gradient.shape[0] * gradient.shape[1] {
            packed.scalars.replaceSubrange(
                (3 * row + 1) * width..<(3 * row + 2) * width,
                with: gradient.scalars[row * width..<(row + 1) * width]
            )
        }
        return packed
    }

    /// The gradient of the images in 0...1 from that of the network's input.
    private func unprocessed(_ gradient: Tensor<Float>, shape: [Int]) -> Tensor<Float> {
        preprocessing.inputGradient(gradient, shape: shape)
    }
}

/// `weight` times the sum over samples of mean squared differences, and its gradient; `[N, ...]` each.
private func squaredError(
    _ actual: Tensor<Float>,
    _ wanted: Tensor<Float>,
    weight: Double
) -> (loss: Double, gradient: Tensor<Float>) {
    precondition(actual.shape == wanted.shape, "\(actual.shape) and \(wanted.shape)")
    let factor = weight * Double(actual.shape[0]) / Double(actual.count)
    var sum = 0.0
    let gradient = Tensor<Float>(uninitialized: actual.shape) { out in
        for index in out.indices {
            let difference = actual.scalars[index] - wanted.scalars[index]
            sum += Double(difference) * Double(difference)
            out.initializeElement(at: index, to: Float(2 * factor) * difference)
        }
    }
    return (sum * factor, gradient)
}

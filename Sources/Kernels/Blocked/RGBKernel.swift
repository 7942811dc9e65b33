internal import CKernels
public import Tensors

/// From features to RGB: a modulated 1x1 convolution without demodulation, bias, clamp, and the sum with the
/// picture of the resolution below.
///
/// Source: Karras et al. 2020, figure 7b.
public struct RGBKernel: Sendable {
    /// `[3, I]`, all gains applied.
    private let weight: Tensor<Float>
    /// `[3]`.
    private let bias: [Float]
    private let clamp: Float?

    /// Keeps the weights.
    public init(weight: Tensor<Float>, bias: Tensor<Float>, clamp: Float?) {
        precondition(
            weight.count == 3 * weight.shape[1] && bias.count == 3,
            "RGB from a weight \(weight.shape) and a bias \(bias.shape)"
        )
        self.weight = weight.reshaped([3, weight.shape[1]])
        self.bias = bias.scalars
        self.clamp = clamp
    }

    /// The work of the layer on features of a shape `[N, I, H, W]`.
    public func cost(_ shape: [Int]) -> LayerCost {
        let (pixels, inputs) = (Double(shape[0] * shape[2] * shape[3]), Double(shape[1]))
        return LayerCost(operations: 6 * inputs * pixels, bytes: 4 * pixels * (inputs + 3))
    }

    /// Runs the layer.
    ///
    /// - Parameters:
    ///   - x: `[N, I, H, W]`.
    ///   - styles: `[N, I]`.
    ///   - below: The picture to add, `[N, 3, H, W]`; nil for none.
    /// - Returns: `[N, 3, H, W]`.
    public func callAsFunction(
        _ x: FeatureMap,
        styles: Tensor<Float>,
        below: Tensor<Float>?
    ) -> Tensor<Float> {
        picture(of: x.shape, styles: styles, below: below) { to in
            withUnsafePointer(to: x.map) { ck_rgb($0, &to) }
        }
    }

    /// A picture that `fill` writes.
    ///
    /// - Parameters:
    ///   - shape: Of the features, `[N, I, H, W]`.
    ///   - styles: `[N, I]`.
    ///   - below: The picture to add, `[N, 3, H, W]`; nil for none.
    ///   - fill: Is told the modulated weights and where the picture goes.
    /// - Returns: `[N, 3, H, W]`.
    func picture(
        of shape: [Int],
        styles: Tensor<Float>,
        below: Tensor<Float>?,
        _ fill: (inout ck_rgb) -> Void
    ) -> Tensor<Float> {
        let (samples, inputs) = (shape[0], weight.shape[1])
        let pictures = [samples, 3, shape[2], shape[3]]
        precondition(
            shape[1] == inputs && styles.shape == [samples, inputs]
                && below.map { $0.shape == pictures } ?? true,
            "RGB of \(inputs) features from \(shape) with styles \(styles.shape)"
        )
        let stride = FeatureMap.blockCount(inputs) * FeatureMap.line * FeatureMap.line
        var modulated = [Float](repeating: 0, count: samples * stride)
        for sample in 0..<samples {
            for input in 0..<inputs {
                let style = styles.scalars[sample * inputs + input]
                for colour in 0..<3 {
                    modulated[sample * stride + input * FeatureMap.line + colour] =
                        weight.scalars[colour * inputs + input] * style
                }
            }
        }
        let weights = PackedWeights(padding: modulated)
        return Tensor(uninitialized: pictures) { out in
            // The kernel sees a pointer into the weights, which does not keep them.
            withExtendedLifetime(weights) {
                bias.withUnsafeBufferPointer { bias in
                    func run(_ below: UnsafePointer<Float>?) {
                        var to = ck_rgb(
                            weights: weights.start,
                            bias: bias.baseAddress,
                            below: below,
                            clamp: clamp ?? -1,
                            image: out.baseAddress
                        )
                        fill(&to)
                    }
                    guard let below else { return run(nil) }
                    below.scalars.withUnsafeBufferPointer { run($0.baseAddress) }
                }
            }
        }
    }
}

/// What makes a picture of the features of a layer.
public struct RGBLayer: Sendable {
    /// The weights.
    public let kernel: RGBKernel
    /// `[N, I]`.
    public let styles: Tensor<Float>
    /// The picture to add, `[N, 3, H, W]`; nil for none.
    public let below: Tensor<Float>?

    /// Collects the parts.
    public init(kernel: RGBKernel, styles: Tensor<Float>, below: Tensor<Float>?) {
        self.kernel = kernel
        self.styles = styles
        self.below = below
    }
}

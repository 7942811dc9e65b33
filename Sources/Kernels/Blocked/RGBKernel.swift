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

    /// The work of the layer on `x [N, I, H, W]`.
    public func cost(_ x: FeatureMap) -> LayerCost {
        let pixels = Double(x.shape[0] * x.shape[2] * x.shape[3])
        let inputs = Double(x.shape[1])
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
        let shape = [x.shape[0], 3, x.shape[2], x.shape[3]]
        let inputs = weight.shape[1]
        precondition(
            x.shape[1] == inputs && styles.shape == [x.shape[0], inputs]
                && below.map { $0.shape == shape } ?? true,
            "RGB of \(inputs) features from \(x.shape) with styles \(styles.shape)"
        )
        let stride = FeatureMap.blockCount(inputs) * FeatureMap.line * FeatureMap.line
        var modulated = [Float](repeating: 0, count: x.shape[0] * stride)
        for sample in 0..<x.shape[0] {
            for input in 0..<inputs {
                let style = styles.scalars[sample * inputs + input]
                for colour in 0..<3 {
                    modulated[sample * stride + input * FeatureMap.line + colour] =
                        weight.scalars[colour * inputs + input] * style
                }
            }
        }
        let weights = PackedWeights(padding: modulated)
        return Tensor(uninitialized: shape) { out in
            guard let start = out.baseAddress else { return }
            // The kernel sees a pointer into the weights, which does not keep them.
            withExtendedLifetime(weights) {
                withUnsafePointer(to: x.map) { map in
                    guard let below else {
                        ck_rgb(map, weights.start, bias, clamp ?? -1, nil, start)
                        return
                    }
                    ck_rgb(map, weights.start, bias, clamp ?? -1, below.scalars, start)
                }
            }
        }
    }
}

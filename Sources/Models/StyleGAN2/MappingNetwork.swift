internal import Kernels
public import Layers
public import Tensors

/// StyleGAN2's mapping network: pixel norm, then linear layers with leaky ReLU.
///
/// Shapes: `z [N, Z]` to `w [N, D]`, float32. Source: Karras et al. 2019; spec section 3.
public struct MappingNetwork: Sendable {
    /// The layers, gains and learning rate multiplier applied.
    public let layers: [Linear]
    /// The mean of many w, `[D]`, if the weights state one.
    public let average: Tensor<Float>?

    /// Maps z to w.
    public func callAsFunction(_ z: Tensor<Float>) -> Tensor<Float> {
        var x = PixelNorm.overFeatures(z)
        for layer in layers {
            x = Passes.leakyReLU(
                layer(x),
                slope: StyledConvolution.slope,
                gain: StyledConvolution.gain
            )
        }
        return x
    }

    /// Pulls w towards an average: `average + psi * (w - average)`.
    ///
    /// Shapes: `w [N, D]`, `average [D]`. Source: Karras et al. 2019, section B.
    public static func truncate(
        _ w: Tensor<Float>,
        towards average: Tensor<Float>,
        psi: Float
    ) -> Tensor<Float> {
        var result = w
        for index in result.scalars.indices {
            let mean = average.scalars[index % average.count]
            result.scalars[index] = mean + psi * (w.scalars[index] - mean)
        }
        return result
    }
}

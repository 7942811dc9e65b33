internal import Kernels
public import Layers
public import Tensors

/// StyleGAN2's mapping network: pixel norm, then linear layers with leaky ReLU.
///
/// Shapes: `z [N, Z]` to `w [N, D]`, float32. Source: Karras et al. 2019; spec section 3.
public struct MappingNetwork: Sendable {
    /// The layers, gains and learning rate multiplier applied.
    public let layers: [Linear]
    /// The mean of many w if the weights state one: `[D]`, or `[L, D]` if each layer has its own.
    public let average: Tensor<Float>?

    /// Z, the width of z; nil without layers.
    var inFeatures: Int? { layers.first?.inFeatures }

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
    /// Shapes: `w [N, D]` or `[N, L, D]`, `average [D]` or, for the latter, `[L, D]`.
    /// Source: Karras et al. 2019, appendix B.
    ///
    /// - Parameters:
    ///   - w: What the mapping gave.
    ///   - average: What psi 0 gives.
    ///   - psi: How far w stays from it.
    ///   - cutoff: Of `[N, L, D]`, only the first so many layers; nil for all.
    /// - Returns: A tensor of the shape of `w`.
    public static func truncate(
        _ w: Tensor<Float>,
        towards average: Tensor<Float>,
        psi: Float,
        cutoff: Int? = nil
    ) -> Tensor<Float> {
        let (width, layers) = (w.shape[w.rank - 1], w.rank == 3 ? w.shape[1] : 1)
        precondition(
            average.count == width || average.count == layers * width,
            "an average \(average.shape) of w \(w.shape)"
        )
        var result = w
        for index in result.scalars.indices where index / width % layers < cutoff ?? layers {
            let mean = average.scalars[index % average.count]
            result.scalars[index] = mean + psi * (w.scalars[index] - mean)
        }
        return result
    }
}

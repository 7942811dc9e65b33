internal import Kernels
public import Tensors

/// StyleGAN2's modulated and demodulated convolution, with constant weights.
///
/// Scaling the weights of input channel i by `s_i` equals scaling that channel of the activations, so the weights
/// stay packed; demodulation is a scale of the output: `d_o = rsqrt(sum_ik (W_oik s_i)^2 + 1e-8)`.
/// Shapes: `x [N, I, H, W]`, `w [N, D]` to `[N, O, H, W]`, or `[N, O, 2H, 2W]` if it upsamples, float32.
/// Source: Karras et al. 2020, section 2.2; spec section 3.
public struct ModulatedConvolution: Sendable {
    /// What the affine layer, the weights and the filter look like.
    public struct Parameters: Sendable {
        /// From a W vector `[D]` to one scale per input channel `[I]`.
        public var affine: Linear
        /// `[O, I, k, k]`, all gains applied.
        public var weight: Tensor<Float>
        /// Whether the size is doubled (transposed convolution, then blur).
        public var upsamples: Bool
        /// Whether outputs are divided by the norm of their modulated weights.
        public var demodulates: Bool

        /// Collects the parts.
        public init(affine: Linear, weight: Tensor<Float>, upsamples: Bool, demodulates: Bool) {
            self.affine = affine
            self.weight = weight
            self.upsamples = upsamples
            self.demodulates = demodulates
        }
    }

    /// The blur of up- and downsampling, `[1, 3, 3, 1]`, with the gain of 2 per axis.
    public static let upsamplingTaps: [Float] = [0.25, 0.75, 0.75, 0.25]

    private let affine: Linear
    private let convolution: Convolution
    /// `[O, I]`: the squares of the weights, summed over the kernel.
    private let squaredWeights: Linear?

    /// Packs the weights.
    public init(_ parameters: Parameters) {
        let weight = parameters.weight
        precondition(
            weight.rank == 4 && weight.shape[1] == parameters.affine.outFeatures
                && (!parameters.upsamples || weight.shape[2...] == [3, 3]),
            "weight \(weight.shape) with \(parameters.affine.outFeatures) styles"
        )
        affine = parameters.affine
        convolution = Convolution(
            weight: weight,
            stride: parameters.upsamples ? 2 : 1,
            padding: parameters.upsamples ? 0 : weight.shape[2] / 2,
            transposed: parameters.upsamples
        )
        let taps = weight.shape[2] * weight.shape[3]
        squaredWeights =
            parameters.demodulates
            ? Linear(
                weight: Tensor(uninitialized: [weight.shape[0], weight.shape[1]]) { out in
                    for index in out.indices {
                        let kernel = weight.scalars[index * taps..<(index + 1) * taps]
                        out.initializeElement(at: index, to: kernel.reduce(0) { $0 + $1 * $1 })
                    }
                }
            ) : nil
    }

    /// The number of output channels.
    public var outChannels: Int { convolution.geometry.outChannels }

    /// Runs the convolution without its demodulation, which the caller's epilogue applies.
    ///
    /// - Parameters:
    ///   - x: `[N, I, H, W]`.
    ///   - w: `[N, D]`.
    /// - Returns: The convolved features and the demodulation `[N, O]`, nil if there is none.
    public func callAsFunction(
        _ x: Tensor<Float>,
        w: Tensor<Float>
    ) -> (features: Tensor<Float>, demodulation: Tensor<Float>?) {
        let styles = affine(w)  // [N, I]
        var features = convolution(Passes.scaleChannels(x, by: styles))
        if convolution.geometry.isTransposed {
            features = Passes.fir(features, taps: Self.upsamplingTaps, padding: (1, 1))
        }
        let demodulation = squaredWeights.map { squares in
            squares(styles.map { $0 * $0 }).map { 1 / ($0 + 1e-8).squareRoot() }  // [N, O]
        }
        return (features, demodulation)
    }
}

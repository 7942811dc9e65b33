public import Kernels
public import Tensors

/// StyleGAN2's modulated and demodulated 3x3 convolution, with constant weights.
///
/// Scaling the weights of input channel i by `s_i` equals scaling that channel of the activations, so the weights
/// stay packed; demodulation is a scale of the output: `d_o = rsqrt(sum_ik (W_oik s_i)^2 + 1e-8)`.
/// Shapes: `x [N, I, H, W]`, `w [N, D]` to `[N, O, H, W]`, or `[N, O, 2H, 2W]` if it upsamples, float32.
/// Source: Karras et al. 2020, section 2.2; spec section 3.
public struct ModulatedConvolution: Sendable {
    private let affine: Linear
    private let kernel: StyledKernel
    /// `[O, I]`: the squares of the weights, summed over the kernel.
    private let squaredWeights: Linear

    /// Keeps the weights.
    ///
    /// - Parameters:
    ///   - affine: From a W vector `[D]` to one scale per input channel `[I]`.
    ///   - weight: `[O, I, 3, 3]`, all gains applied.
    ///   - upsamples: Whether the size is doubled (transposed convolution, then blur).
    public init(affine: Linear, weight: Tensor<Float>, upsamples: Bool) {
        precondition(
            weight.rank == 4 && weight.shape[1] == affine.outFeatures,
            "weight \(weight.shape) with \(affine.outFeatures) styles"
        )
        self.affine = affine
        kernel = StyledKernel(weight: weight, upsamples: upsamples)
        let taps = weight.shape[2] * weight.shape[3]
        squaredWeights = Linear(
            weight: Tensor(uninitialized: [weight.shape[0], weight.shape[1]]) { out in
                for index in out.indices {
                    let kernel = weight.scalars[index * taps..<(index + 1) * taps]
                    out.initializeElement(at: index, to: kernel.reduce(0) { $0 + $1 * $1 })
                }
            }
        )
    }

    /// The work of the convolution on `x [N, I, H, W]`.
    public func cost(_ x: FeatureMap) -> LayerCost { kernel.cost(x) }

    /// Runs the convolution and what follows it.
    ///
    /// - Parameters:
    ///   - x: `[N, I, H, W]`.
    ///   - w: `[N, D]`.
    ///   - epilogue: Noise, bias and activation; the demodulation is put in here.
    ///   - precision: What large layers multiply in.
    ///   - scratch: Memory; `x` may lie in it.
    /// - Returns: The features, in `scratch`.
    public func callAsFunction(
        _ x: FeatureMap,
        w: Tensor<Float>,
        epilogue: Passes.StyledEpilogue = Passes.StyledEpilogue(),
        precision: Precision = .float32,
        scratch: FeatureScratch
    ) -> FeatureMap {
        let (styles, epilogue) = modulation(w, epilogue)
        return kernel(
            x,
            styles: styles,
            epilogue: epilogue,
            precision: precision,
            scratch: scratch
        )
    }

    /// Runs the convolution, what follows it, and makes a picture of the features.
    ///
    /// - Parameters:
    ///   - x: `[N, I, H, W]`.
    ///   - w: `[N, D]`.
    ///   - epilogue: Noise, bias and activation; the demodulation is put in here.
    ///   - precision: What large layers multiply in.
    ///   - rgb: What makes the picture.
    ///   - scratch: Memory; `x` may lie in it.
    /// - Returns: `[N, 3, H, W]`.
    public func draw(
        _ x: FeatureMap,
        w: Tensor<Float>,
        epilogue: Passes.StyledEpilogue,
        precision: Precision,
        rgb: RGBLayer,
        scratch: FeatureScratch
    ) -> Tensor<Float> {
        let (styles, epilogue) = modulation(w, epilogue)
        return kernel.draw(
            x,
            styles: styles,
            epilogue: epilogue,
            precision: precision,
            rgb: rgb,
            scratch: scratch
        )
    }

    /// The styles `[N, I]`, and the epilogue with their demodulation `[N, O]`.
    private func modulation(
        _ w: Tensor<Float>,
        _ epilogue: Passes.StyledEpilogue
    ) -> (Tensor<Float>, Passes.StyledEpilogue) {
        let styles = affine(w)
        var epilogue = epilogue
        epilogue.demodulation = squaredWeights(styles.map { $0 * $0 })
            .map { 1 / ($0 + 1e-8).squareRoot() }
        return (styles, epilogue)
    }
}

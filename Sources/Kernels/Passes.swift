internal import CKernels
public import Tensors

/// The elementwise and filtering passes between convolutions, run by `CKernels`.
///
/// `Reference` holds the slow, plain version of each; tests compare the two.
public enum Passes {
    /// What follows a modulated convolution: demodulation, noise, bias, leaky ReLU, gain and clamp.
    public struct StyledEpilogue: Sendable {
        /// `[N, C]`, multiplied first; nil for 1.
        public var demodulation: Tensor<Float>?
        /// `[H, W]`, the same for all samples and channels; nil for none.
        public var noise: Tensor<Float>?
        /// What the noise is multiplied by.
        public var noiseStrength: Float
        /// `[C]`; nil for 0.
        public var bias: Tensor<Float>?
        /// The leaky ReLU's slope; 1 for none.
        public var slope: Float
        /// What the activation is multiplied by.
        public var gain: Float
        /// The largest magnitude let through; nil for any.
        public var clamp: Float?

        /// Collects the parts.
        public init(
            demodulation: Tensor<Float>? = nil,
            noise: Tensor<Float>? = nil,
            noiseStrength: Float = 0,
            bias: Tensor<Float>? = nil,
            slope: Float = 1,
            gain: Float = 1,
            clamp: Float? = nil
        ) {
            self.demodulation = demodulation
            self.noise = noise
            self.noiseStrength = noiseStrength
            self.bias = bias
            self.slope = slope
            self.gain = gain
            self.clamp = clamp
        }
    }

    /// Applies an epilogue to `x [N, C, H, W]` in place, in one pass.
    public static func apply(_ epilogue: StyledEpilogue, to x: inout Tensor<Float>) {
        let (samples, channels) = (x.shape[0], x.shape[1])
        let pixels = x.shape[2] * x.shape[3]
        precondition(
            fits(epilogue.demodulation, samples * channels) && fits(epilogue.noise, pixels)
                && fits(epilogue.bias, channels),
            "an epilogue of other sizes than \(x.shape)"
        )
        withOptional(epilogue.demodulation) { demodulation in
            withOptional(epilogue.noise) { noise in
                withOptional(epilogue.bias) { bias in
                    ck_styled_epilogue(
                        &x.scalars,
                        samples,
                        channels,
                        pixels,
                        demodulation,
                        noise,
                        epilogue.noiseStrength,
                        bias,
                        epilogue.slope,
                        epilogue.gain,
                        epilogue.clamp ?? -1
                    )
                }
            }
        }
    }

    /// Doubles the size: a zero after each pixel, padding 2 before and 1 after, then the filter.
    ///
    /// Shapes: `x [N, C, H, W]` to `[N, C, 2H, 2W]`. `taps` include the gain of 2 per axis.
    public static func upsample(_ x: Tensor<Float>, taps: [Float]) -> Tensor<Float> {
        precondition(taps.count == 4, "a filter of \(taps.count) taps, expected 4")
        return unary(x, [x.shape[0], x.shape[1], 2 * x.shape[2], 2 * x.shape[3]]) {
            ck_up2_fir4($0, $1, x.shape[0] * x.shape[1], x.shape[2], x.shape[3], taps)
        }
    }

    /// Leaky ReLU times a gain; any shape.
    public static func leakyReLU(_ x: Tensor<Float>, slope: Float, gain: Float = 1) -> Tensor<Float>
    {
        unary(x, x.shape) { ck_leaky_relu($0, $1, x.count, slope, gain) }
    }

    /// Layer normalisation over rows of `width` elements, biased variance.
    ///
    /// Shapes: `x [..., width]` with any leading axes; `weight` and `bias` have `width` elements.
    public static func layerNorm(
        _ x: Tensor<Float>,
        width: Int,
        weight: Tensor<Float>? = nil,
        bias: Tensor<Float>? = nil,
        eps: Float
    ) -> Tensor<Float> {
        precondition(
            width > 0 && x.count % width == 0 && fits(weight, width) && fits(bias, width),
            "layer norm over \(width) of \(x.shape)"
        )
        return withOptional(weight) { weight in
            withOptional(bias) { bias in
                unary(x, x.shape) {
                    ck_layer_norm($0, $1, x.count / width, width, weight, bias, eps)
                }
            }
        }
    }

    /// Softmax of `scale * x` over the last axis, in place; `x [..., queries, keys]`, `scale >= 0`.
    ///
    /// If causal, query q sees keys 0...q only and the others become 0.
    public static func softmax(_ x: inout Tensor<Float>, scale: Float, causal: Bool = false) {
        precondition(x.rank >= 2 && scale >= 0, "softmax of \(scale) * \(x.shape)")
        guard x.count > 0 else { return }
        let width = x.shape[x.rank - 1]
        ck_softmax(&x.scalars, x.count / width, width, scale, causal, x.shape[x.rank - 2])
    }

    /// What stands between linear layers.
    public enum Activation: Sendable {
        /// Nothing.
        case identity
        /// GELU with the error function.
        case gelu
        /// OpenAI CLIP's `x * sigmoid(1.702 x)`.
        case quickGELU

        var code: ck_activation {
            switch self {
            case .identity: CK_IDENTITY
            case .gelu: CK_GELU
            case .quickGELU: CK_QUICK_GELU
            }
        }
    }

    /// Applies an activation in place; any shape.
    public static func apply(_ activation: Activation, to x: inout Tensor<Float>) {
        ck_activate(&x.scalars, x.count, activation.code)
    }

    private static func fits(_ part: Tensor<Float>?, _ count: Int) -> Bool {
        part.map { $0.count == count } ?? true
    }

    private static func unary(
        _ x: Tensor<Float>,
        _ shape: [Int],
        _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) -> Tensor<Float> {
        Tensor(uninitialized: shape) { output in
            guard let out = output.baseAddress else { return }
            x.scalars.withUnsafeBufferPointer { input in
                guard let start = input.baseAddress else { return }
                body(start, out)
            }
        }
    }

    static func withOptional<Result>(
        _ tensor: Tensor<Float>?,
        _ body: (UnsafePointer<Float>?) -> Result
    ) -> Result {
        guard let tensor else { return body(nil) }
        return tensor.scalars.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

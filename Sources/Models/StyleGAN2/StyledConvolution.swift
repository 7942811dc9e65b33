public import Kernels
internal import Layers
public import Tensors

/// A modulated convolution with noise, bias and leaky ReLU: one layer of the synthesis network.
///
/// Source: Karras et al. 2020, figure 2c; spec section 3.
public struct StyledConvolution: Sendable {
    let convolution: ModulatedConvolution
    /// `[H, W]`, nil if the strength is 0.
    let noise: Tensor<Float>?
    let noiseStrength: Float
    /// `[O]`.
    let bias: Tensor<Float>
    let clamp: Float?

    static let slope: Float = 0.2
    static let gain = Float(2).squareRoot()

    /// Runs the layer: `x [N, I, H, W]`, `w [N, D]` to `[N, O, H', W']` in `scratch`.
    func callAsFunction(
        _ x: FeatureMap,
        w: Tensor<Float>,
        name: String,
        options: SynthesisOptions,
        scratch: FeatureScratch
    ) -> FeatureMap {
        if let observe = options.observe {
            // The convolution alone; what it wrote is overwritten by the layer proper.
            let apart = FeatureScratch()
            let copy = apart.next(x.shape)
            copy.load(x.tensor)
            observe(name + "_modconv", convolution(copy, w: w, scratch: apart).tensor)
        }
        let features = options.measure(name, convolution.cost(x)) {
            convolution(
                x,
                w: w,
                epilogue: epilogue(options),
                precision: options.precision,
                scratch: scratch
            )
        }
        options.observe?(name, features.tensor)
        return features
    }

    /// Runs the layer and makes a picture of its features, which nobody else sees.
    func draw(
        _ x: FeatureMap,
        w: Tensor<Float>,
        rgb: RGBLayer,
        options: SynthesisOptions,
        scratch: FeatureScratch
    ) -> Tensor<Float> {
        convolution.draw(
            x,
            w: w,
            epilogue: epilogue(options),
            precision: options.precision,
            rgb: rgb,
            scratch: scratch
        )
    }

    private func epilogue(_ options: SynthesisOptions) -> Passes.StyledEpilogue {
        Passes.StyledEpilogue(
            noise: options.usesNoise ? noise : nil,
            noiseStrength: noiseStrength,
            bias: bias,
            slope: Self.slope,
            gain: Self.gain,
            clamp: clamp
        )
    }
}

/// From features to RGB: a modulated 1x1 convolution without demodulation, plus bias.
public struct ToRGB: Sendable {
    /// From a W vector `[D]` to one scale per input channel `[I]`.
    let affine: Linear
    let kernel: RGBKernel

    /// Runs the layer: `x [N, I, H, W]`, `w [N, D]` and the picture of half the size to `[N, 3, H, W]`.
    func callAsFunction(
        _ x: FeatureMap,
        w: Tensor<Float>,
        below: Tensor<Float>?,
        name: String,
        options: SynthesisOptions
    ) -> Tensor<Float> {
        let image = options.measure(name, kernel.cost(x.shape)) {
            let layer = layer(w: w, below: below)
            return kernel(x, styles: layer.styles, below: layer.below)
        }
        options.observe?(name, image)
        return image
    }

    /// The layer for W vectors `[N, D]`, onto the picture of half the size.
    func layer(w: Tensor<Float>, below: Tensor<Float>?) -> RGBLayer {
        RGBLayer(
            kernel: kernel,
            styles: affine(w),
            below: below.map { Passes.upsample($0, taps: StyledKernel.upsamplingTaps) }
        )
    }
}

/// What a synthesis does beside the image.
public struct SynthesisOptions {
    /// Stop at the first resolution with at least this many rows; nil for the full size.
    public var rows: Int?
    /// Whether the stored noise is added.
    public var usesNoise = true
    /// What large layers multiply in; native here.
    public var precision = Precision.float32
    /// Is told the time and the cost of every layer.
    public var profile: Profile?
    /// Is shown every intermediate under its name (`feat_8_up`, `rgb_8`, ...), for tests.
    public var observe: ((String, Tensor<Float>) -> Void)?

    /// The full size, with noise.
    public init(
        rows: Int? = nil,
        usesNoise: Bool = true,
        precision: Precision = .float32,
        profile: Profile? = nil,
        observe: ((String, Tensor<Float>) -> Void)? = nil
    ) {
        self.rows = rows
        self.usesNoise = usesNoise
        self.precision = precision
        self.profile = profile
        self.observe = observe
    }

    /// Runs a layer and tells the profile.
    func measure<Result>(_ name: String, _ cost: LayerCost, _ layer: () -> Result) -> Result {
        guard let profile else { return layer() }
        return profile.measure("generator " + name, cost: cost, layer)
    }
}

public import Gradients
public import Kernels
public import Models
public import Tensors

/// The synthesis network of StyleGAN2 with gradients: W+ codes to pictures.
///
/// Shapes: `w [N, L, D]` to `[N, H, W, 3]`, about -1...1, channels last, float32. Names and gains are those of the
/// configuration's layout. Activations are modulated, weights are not, so that one convolution serves all samples.
/// Source: Karras et al. 2020; spec section 3.
public final class TrainableGenerator {
    /// The sizes.
    public let config: StyleGAN2Config
    /// What convolutions multiply in.
    public var precision = Precision.float32
    private let const: Variable<Float>
    private let layers: [Layer]
    private let colours: [Colour]

    /// A styled convolution.
    private struct Layer {
        let weight: Variable<Float>
        let style: Affine
        let bias: Variable<Float>
        let noise: Tensor<Float>
        let strength: Variable<Float>
        let isUpsampling: Bool
    }

    /// From features to RGB.
    private struct Colour {
        let weight: Variable<Float>
        let style: Affine
        let bias: Variable<Float>
    }

    /// From a W vector to one scale for each channel.
    private struct Affine {
        let weight: Variable<Float>
        let bias: Variable<Float>
        let gain: Float

        func callAsFunction(_ w: Variable<Float>) -> Variable<Float> {
            w.linear(weight, bias: bias, gain: gain)
        }
    }

    /// Reads or starts the parameters, in the names of the configuration's layout.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: StyleGAN2Config, _ parameters: Parameters) throws {
        try config.validate()
        self.config = config
        let names = GeneratorNames(config)
        let (channels, width) = (config.channels, config.styleDim)
        func affine(_ name: String, _ outputs: Int) throws -> Affine {
            Affine(
                weight: try parameters.float(name + ".weight", [outputs, width], .normal(1)),
                bias: try parameters.float(name + ".bias", [outputs], .constant(1)),
                gain: 1 / Float(width).squareRoot()
            )
        }
        func styled(_ resolution: Int, isUpsampling: Bool) throws -> Layer {
            let output = channels[resolution]
            let input = isUpsampling ? channels[resolution - 1] : output
            let size = [4 << resolution, (4 << resolution) * config.width / config.height]
            let name = names.styled(resolution, isUpsampling: isUpsampling)
            return Layer(
                weight: try parameters.float(
                    name.weight,
                    names.lead + [output, input, 3, 3],
                    .normal(1)
                ),
                style: try affine(name.affine, input),
                bias: try parameters.float(name.bias, [output], .constant(0)),
                noise: try parameters.buffer(
                    name.noise,
                    (config.layout == .rosinality ? [1, 1] : []) + size,
                    .normal(1)
                ).value.reshaped(size),
                strength: try parameters.float(
                    name.strength,
                    config.layout == .rosinality ? [1] : [],
                    .constant(0)
                ),
                isUpsampling: isUpsampling
            )
        }
        func colour(_ resolution: Int) throws -> Colour {
            let name = names.colour(resolution)
            return Colour(
                weight: try parameters.float(
                    name.weight,
                    names.lead + [3, channels[resolution], 1, 1],
                    .normal(1)
                ),
                style: try affine(name.affine, channels[resolution]),
                bias: try parameters.float(
                    name.bias,
                    config.layout == .rosinality ? [1, 3, 1, 1] : [3],
                    .constant(0)
                )
            )
        }
        const = try parameters.float(
            names.const,
            names.lead + [channels[0], 4, 4 * config.width / config.height],
            .normal(1)
        )
        var layers = [try styled(0, isUpsampling: false)]
        for resolution in 1..<channels.count {
            layers.append(try styled(resolution, isUpsampling: true))
            layers.append(try styled(resolution, isUpsampling: false))
        }
        self.layers = layers
        colours = try channels.indices.map(colour)
    }

    /// L, the number of W+ layers.
    public var layerCount: Int { config.layerCount }

    /// Draws pictures.
    ///
    /// - Parameters:
    ///   - codes: `[N, L, D]`.
    ///   - usesNoise: Whether the stored noise is added.
    /// - Returns: `[N, H, W, 3]`.
    public func callAsFunction(_ codes: Variable<Float>, usesNoise: Bool = true)
        -> Variable<Float>
    {
        let (samples, count, width) = (codes.shape[0], codes.shape[1], codes.shape[2])
        precondition(
            count == layerCount && width == config.styleDim,
            "codes \(codes.shape) for \(layerCount) layers of \(config.styleDim)"
        )
        // One row of W for each layer: [N, D], layer by layer.
        let byLayer = codes.reshaped([samples, count * width])
        func w(_ layer: Int) -> Variable<Float> {
            byLayer.columns(layer * width..<(layer + 1) * width)
        }
        // [C, 4, 4] to [N, 4, 4, C].
        let (rows, columns) = (4, 4 * config.width / config.height)
        var x = const.reshaped([config.channels[0], rows * columns]).transposed
            .reshaped([1, rows, columns, config.channels[0]])
            .picking([Int](repeating: 0, count: samples))
        x = styled(layers[0], x, w(0), usesNoise)
        var picture = colour(colours[0], x, w(1))
        for resolution in 1..<colours.count {
            let index = 2 * resolution - 1
            x = styled(layers[index], x, w(index), usesNoise)
            x = styled(layers[index + 1], x, w(index + 1), usesNoise)
            picture = upsampled(picture) + colour(colours[resolution], x, w(index + 2))
        }
        return picture
    }

    private func styled(
        _ layer: Layer,
        _ x: Variable<Float>,
        _ w: Variable<Float>,
        _ usesNoise: Bool
    ) -> Variable<Float> {
        let shape = Array(layer.weight.shape.suffix(4))  // [O, I, 3, 3]
        // NVIDIA's weights carry their gain.
        let gain = config.layout == .rosinality ? 1 / Float(shape[1] * 9).squareRoot() : 1
        let weight = layer.weight.reshaped(shape)
        let style = layer.style(w)  // [N, I]
        let demodulation = style.scaled(gain).squared.linear(weight.kernelSquares)
            .inverseRoot(eps: 1e-8)  // [N, O]
        // The gain is part of the style, so that the weight goes into the convolution as it is.
        let modulated = x.multiplyingRows(style.scaled(gain))
        var y =
            layer.isUpsampling
            ? blurred(modulated.convolvedTransposed(weight, stride: 2, precision: precision))
            : modulated.convolved(weight, padding: [1, 1, 1, 1], precision: precision)
        y = y.multiplyingRows(demodulation)
        return clamped(
            y.activated(
                bias: layer.bias,
                noise: layer.noise,
                strength: usesNoise ? layer.strength : nil
            )
        )
    }

    /// Keeps features within the bound of checkpoints that have one.
    private func clamped(_ x: Variable<Float>) -> Variable<Float> {
        guard let bound = config.convClamp else { return x }
        return x.maximum(-bound).scaled(-1).maximum(-bound).scaled(-1)
    }

    private func colour(_ layer: Colour, _ x: Variable<Float>, _ w: Variable<Float>)
        -> Variable<Float>
    {
        let channels = x.shape[3]
        let style = layer.style(w).scaled(1 / Float(channels).squareRoot())
        return clamped(
            x.multiplyingRows(style).linear(
                layer.weight.reshaped([3, channels]),
                bias: layer.bias.reshaped([3])
            )
        )
    }

    /// The FIR of both, gain 2 on each axis.
    private static let taps: [Float] = [1, 3, 3, 1].map { $0 / 4 }

    /// `[N, 2H + 1, 2W + 1, C]` to `[N, 2H, 2W, C]`: the FIR after a transposed convolution.
    private func blurred(_ x: Variable<Float>) -> Variable<Float> {
        filtered(x, up: 1, padding: (1, 1))
    }

    /// `[N, H, W, 3]` to `[N, 2H, 2W, 3]` by the same FIR.
    private func upsampled(_ x: Variable<Float>) -> Variable<Float> {
        filtered(x, up: 2, padding: (2, 1))
    }

    private func filtered(
        _ x: Variable<Float>,
        up: Int,
        padding: (Int, Int)
    ) -> Variable<Float> {
        [1, 2].reduce(x) { x, axis in
            let map = AxisMap(
                inputs: x.shape[axis],
                filter: Self.taps,
                up: up,
                padding: padding
            )
            return x.mapped(map, axis: axis)
        }
    }
}

/// What the tensors of a generator are called in a layout.
private struct GeneratorNames {
    private let layout: StyleGAN2Config.Layout

    init(_ config: StyleGAN2Config) { layout = config.layout }

    /// The extents before `[O, I, k, k]`.
    var lead: [Int] { layout == .rosinality ? [1] : [] }
    var const: String { layout == .rosinality ? "input.input" : "synthesis.b4.const" }

    struct Styled {
        let weight: String
        let affine: String
        let bias: String
        let noise: String
        let strength: String
    }

    func styled(_ resolution: Int, isUpsampling: Bool) -> Styled {
        switch layout {
        case .rosinality:
            let index = 2 * (resolution - 1) + (isUpsampling ? 0 : 1)
            let name = resolution == 0 ? "conv1" : "convs.\(index)"
            return Styled(
                weight: name + ".conv.weight",
                affine: name + ".conv.modulation",
                bias: name + ".activate.bias",
                noise: "noises.noise_\(resolution == 0 ? 0 : index + 1)",
                strength: name + ".noise.weight"
            )
        case .nvidia:
            let name = "synthesis.b\(4 << resolution).conv\(isUpsampling ? 0 : 1)"
            return Styled(
                weight: name + ".weight",
                affine: name + ".affine",
                bias: name + ".bias",
                noise: name + ".noise_const",
                strength: name + ".noise_strength"
            )
        }
    }

    func colour(_ resolution: Int) -> (weight: String, affine: String, bias: String) {
        switch layout {
        case .rosinality:
            let name = resolution == 0 ? "to_rgb1" : "to_rgbs.\(resolution - 1)"
            return (name + ".conv.weight", name + ".conv.modulation", name + ".bias")
        case .nvidia:
            let name = "synthesis.b\(4 << resolution).torgb"
            return (name + ".weight", name + ".affine", name + ".bias")
        }
    }
}

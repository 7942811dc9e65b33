public import Gradients
public import Kernels
public import Models
public import Tensors

/// The synthesis network of StyleGAN2 with gradients: W+ codes to pictures.
///
/// Shapes: `w [N, L, D]` to `[N, H, W, 3]`, about -1...1, channels last, float32. Names and gains are those of the
/// rosinality layout; weights of the NVIDIA layout are read into it. Activations are modulated, weights are not, so that
/// one convolution serves all samples. Source: Karras et al. 2020; spec section 3.
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

    /// Reads or starts the parameters, named as rosinality's.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: StyleGAN2Config, _ parameters: Parameters) throws {
        try config.validate()
        self.config = config
        let channels = config.channels
        let width = config.styleDim
        func affine(_ name: String, _ outputs: Int) throws -> Affine {
            Affine(
                weight: try parameters.float(name + ".weight", [outputs, width], .normal(1)),
                bias: try parameters.float(name + ".bias", [outputs], .constant(1)),
                gain: 1 / Float(width).squareRoot()
            )
        }
        func styled(_ name: String, _ resolution: Int, _ input: Int, _ isUp: Bool, _ number: Int)
            throws -> Layer
        {
            let output = channels[resolution]
            let size = [4 << resolution, (4 << resolution) * config.width / config.height]
            return Layer(
                weight: try parameters.float(
                    name + ".conv.weight",
                    [1, output, input, 3, 3],
                    .normal(1)
                ),
                style: try affine(name + ".conv.modulation", input),
                bias: try parameters.float(name + ".activate.bias", [output], .constant(0)),
                noise: try parameters.buffer(
                    "noises.noise_\(number)",
                    [1, 1] + size,
                    .normal(1)
                ).value.reshaped(size),
                strength: try parameters.float(name + ".noise.weight", [1], .constant(0)),
                isUpsampling: isUp
            )
        }
        func colour(_ name: String, _ resolution: Int) throws -> Colour {
            Colour(
                weight: try parameters.float(
                    name + ".conv.weight",
                    [1, 3, channels[resolution], 1, 1],
                    .normal(1)
                ),
                style: try affine(name + ".conv.modulation", channels[resolution]),
                bias: try parameters.float(name + ".bias", [1, 3, 1, 1], .constant(0))
            )
        }
        const = try parameters.float(
            "input.input",
            [1, channels[0], 4, 4 * config.width / config.height],
            .normal(1)
        )
        var layers = [try styled("conv1", 0, channels[0], false, 0)]
        var colours = [try colour("to_rgb1", 0)]
        for resolution in 1..<channels.count {
            let first = 2 * (resolution - 1)
            layers.append(
                try styled("convs.\(first)", resolution, channels[resolution - 1], true, first + 1)
            )
            layers.append(
                try styled("convs.\(first + 1)", resolution, channels[resolution], false, first + 2)
            )
            colours.append(try colour("to_rgbs.\(resolution - 1)", resolution))
        }
        self.layers = layers
        self.colours = colours
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
        // [1, C, 4, 4] to [N, 4, 4, C].
        let (channels, cells) = (const.shape[1], const.shape[2] * const.shape[3])
        var x = const.reshaped([channels, cells]).transposed
            .reshaped([1, const.shape[2], const.shape[3], channels])
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
        let shape = Array(layer.weight.shape.dropFirst())  // [O, I, 3, 3]
        let gain = 1 / Float(shape[1] * 9).squareRoot()
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
        return y.activated(
            bias: layer.bias,
            noise: layer.noise,
            strength: usesNoise ? layer.strength : nil
        )
    }

    private func colour(_ layer: Colour, _ x: Variable<Float>, _ w: Variable<Float>)
        -> Variable<Float>
    {
        let channels = layer.weight.shape[2]
        let style = layer.style(w).scaled(1 / Float(channels).squareRoot())
        return x.multiplyingRows(style).linear(
            layer.weight.reshaped([3, channels]),
            bias: layer.bias.reshaped([3])
        )
    }

    private static let taps: [Float] = [1, 3, 3, 1].map { $0 / 8 }

    /// `[N, 2H + 1, 2W + 1, C]` to `[N, 2H, 2W, C]`: the FIR after a transposed convolution, gain 4.
    private func blurred(_ x: Variable<Float>) -> Variable<Float> {
        [1, 2].reduce(x) { x, axis in
            x.mapped(
                AxisMap(
                    inputs: x.shape[axis],
                    filter: Self.taps.map { $0 * 2 },
                    padding: (1, 1)
                ),
                axis: axis
            )
        }
    }

    /// `[N, H, W, 3]` to `[N, 2H, 2W, 3]` by the same FIR.
    private func upsampled(_ x: Variable<Float>) -> Variable<Float> {
        [1, 2].reduce(x) { x, axis in
            x.mapped(
                AxisMap(
                    inputs: x.shape[axis],
                    filter: Self.taps.map { $0 * 2 },
                    up: 2,
                    padding: (2, 1)
                ),
                axis: axis
            )
        }
    }
}

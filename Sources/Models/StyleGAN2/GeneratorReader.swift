internal import Foundation
internal import Layers
internal import Tensors

/// Finds the parts of a generator in one key layout, with that layout's gains applied.
protocol GeneratorReader {
    func mapping() throws -> MappingNetwork
    func const() throws -> Tensor<Float>
    func styled(resolution: Int, part: BlockPart) throws -> StyledConvolution
    func rgb(resolution: Int) throws -> ToRGB
}

/// Which of the two convolutions of a resolution.
enum BlockPart {
    case up
    case plain
}

/// The learning rate multiplier of the mapping network.
private let mappingMultiplier: Float = 0.01

/// The layout of rosinality/stylegan2-pytorch.
struct RosinalityReader: GeneratorReader {
    let config: StyleGAN2Config
    let weights: Weights

    func mapping() throws -> MappingNetwork {
        let layers = try (1...config.mappingLayers).map { index in
            let layer = try Linear(weights, "style.\(index)", [config.styleDim, -1])
            return layer.scaled(
                weight: mappingMultiplier / Float(layer.inFeatures).squareRoot(),
                bias: mappingMultiplier
            )
        }
        // Beside the generator in its authors' files, inside the file in ours.
        let hasAverage = weights.shape("latent_avg") == [config.styleDim]
        let average = hasAverage ? try weights.float("latent_avg", [config.styleDim]) : nil
        return MappingNetwork(layers: layers, average: average)
    }

    func const() throws -> Tensor<Float> {
        try weights.float(
            "input.input",
            [1, config.channels[0], 4, 4 * config.width / config.height]
        )
    }

    func styled(resolution: Int, part: BlockPart) throws -> StyledConvolution {
        let out = config.channels[resolution]
        let input = part == .up ? config.channels[resolution - 1] : out
        let index = 2 * (resolution - 1) + (part == .up ? 0 : 1)
        let name = resolution == 0 ? "conv1" : "convs.\(index)"
        if part == .up, weights.has(name + ".conv.blur.kernel") {
            try checkFilter(weights.float(name + ".conv.blur.kernel"), gain: 4, name)
        }
        let rows = 4 << resolution
        let strength = try weights.float(name + ".noise.weight", [1]).scalars[0]
        let noise = try weights.float(
            "noises.noise_\(index + 1)",
            [1, 1, rows, rows * config.width / config.height]
        )
        return StyledConvolution(
            convolution: try modulated(name, out: out, input: input, kernel: 3, part == .up),
            noise: strength == 0 ? nil : noise,
            noiseStrength: strength,
            bias: try weights.float(name + ".activate.bias", [out]),
            clamp: config.convClamp
        )
    }

    func rgb(resolution: Int) throws -> ToRGB {
        let name = resolution == 0 ? "to_rgb1" : "to_rgbs.\(resolution - 1)"
        return ToRGB(
            convolution: try modulated(
                name,
                out: 3,
                input: config.channels[resolution],
                kernel: 1,
                false
            ),
            bias: try weights.float(name + ".bias", [1, 3, 1, 1]).reshaped([3]),
            clamp: config.convClamp
        )
    }

    private func modulated(
        _ name: String,
        out: Int,
        input: Int,
        kernel: Int,
        _ upsamples: Bool
    ) throws -> ModulatedConvolution {
        let weight = try weights.float(name + ".conv.weight", [1, out, input, kernel, kernel])
        let gain = 1 / Float(input * kernel * kernel).squareRoot()
        let affine = try Linear(weights, name + ".conv.modulation", [input, config.styleDim])
        return ModulatedConvolution(
            .init(
                affine: affine.scaled(weight: 1 / Float(config.styleDim).squareRoot()),
                weight: weight.reshaped([out, input, kernel, kernel]).map { $0 * gain },
                upsamples: upsamples,
                demodulates: kernel == 3
            )
        )
    }
}

/// The layout of NVlabs/stylegan2-ada-pytorch, which StyleGAN-Human uses too.
struct NVIDIAReader: GeneratorReader {
    let config: StyleGAN2Config
    let weights: Weights

    func mapping() throws -> MappingNetwork {
        let layers = try (0..<config.mappingLayers).map { index in
            let layer = try Linear(weights, "mapping.fc\(index)", [config.styleDim, -1])
            return layer.scaled(
                weight: mappingMultiplier / Float(layer.inFeatures).squareRoot(),
                bias: mappingMultiplier
            )
        }
        let average =
            weights.has("mapping.w_avg")
            ? try weights.float("mapping.w_avg", [config.styleDim]) : nil
        return MappingNetwork(layers: layers, average: average)
    }

    func const() throws -> Tensor<Float> {
        let shape = [config.channels[0], 4, 4 * config.width / config.height]
        return try weights.float("synthesis.b4.const", shape).reshaped([1] + shape)
    }

    func styled(resolution: Int, part: BlockPart) throws -> StyledConvolution {
        let out = config.channels[resolution]
        let input = part == .up ? config.channels[resolution - 1] : out
        let rows = 4 << resolution
        let name = "synthesis.b\(rows).conv\(part == .up ? 0 : 1)"
        if part == .up, weights.has(name + ".resample_filter") {
            try checkFilter(weights.float(name + ".resample_filter"), gain: 1, name)
        }
        let strength = try weights.float(name + ".noise_strength", []).scalars[0]
        let noise = try weights.float(
            name + ".noise_const",
            [rows, rows * config.width / config.height]
        )
        return StyledConvolution(
            convolution: ModulatedConvolution(
                .init(
                    affine: try Linear(weights, name + ".affine", [input, config.styleDim])
                        .scaled(weight: 1 / Float(config.styleDim).squareRoot()),
                    weight: try weights.float(name + ".weight", [out, input, 3, 3]),
                    upsamples: part == .up,
                    demodulates: true
                )
            ),
            noise: strength == 0 ? nil : noise,
            noiseStrength: strength,
            bias: try weights.float(name + ".bias", [out]),
            clamp: config.convClamp
        )
    }

    func rgb(resolution: Int) throws -> ToRGB {
        let name = "synthesis.b\(4 << resolution).torgb"
        let input = config.channels[resolution]
        let gain = 1 / Float(input).squareRoot()
        return ToRGB(
            convolution: ModulatedConvolution(
                .init(
                    affine: try Linear(weights, name + ".affine", [input, config.styleDim])
                        .scaled(weight: 1 / Float(config.styleDim).squareRoot()),
                    weight: try weights.float(name + ".weight", [3, input, 1, 1]).map { $0 * gain },
                    upsamples: false,
                    demodulates: false
                )
            ),
            bias: try weights.float(name + ".bias", [3]),
            clamp: config.convClamp
        )
    }
}

/// Refuses weights trained with another blur than outer([1, 3, 3, 1]) / 64 times a gain.
private func checkFilter(_ filter: Tensor<Float>, gain: Float, _ name: String) throws {
    let taps: [Float] = [1, 3, 3, 1]
    let expected = taps.flatMap { row in taps.map { row * $0 / 64 * gain } }
    let matches =
        filter.count == 16
        && zip(filter.scalars, expected).allSatisfy { abs($0 - $1) < 1e-4 }
    guard matches else {
        throw WeightError(
            "\(name): the resampling filter \(filter.scalars) is not [1, 3, 3, 1] x [1, 3, 3, 1], "
                + "the only one that is supported"
        )
    }
}

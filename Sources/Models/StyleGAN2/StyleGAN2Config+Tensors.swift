public import Tensors

extension StyleGAN2Config {
    /// Every tensor that the generator reads, in the names of its layout.
    public var requiredTensors: [TensorRequirement] {
        switch layout {
        case .rosinality: rosinalityTensors
        case .nvidia: nvidiaTensors
        }
    }

    /// A resampling filter that a file may state and that must be the only one there is.
    private func filter(_ name: String, gain: Float) -> TensorRequirement {
        let taps: [Float] = [1, 3, 3, 1]
        let values = taps.flatMap { row in taps.map { row * $0 / 64 * gain } }
        return TensorRequirement(name, [4, 4], isOptional: true, values: values)
    }

    private func grid(_ resolution: Int) -> [Int] {
        let rows = 4 << resolution
        return [rows, rows * width / height]
    }

    private var rosinalityTensors: [TensorRequirement] {
        var needs = [TensorRequirement("input.input", [1, channels[0]] + grid(0))]
        for index in 0..<mappingLayers {
            needs += TensorRequirement.layer("style.\(index + 1)", [styleDim, -1])
        }
        for resolution in channels.indices {
            let out = channels[resolution]
            if resolution > 0 {
                needs += rosinalityStyled(2 * resolution - 2, channels[resolution - 1], out)
            }
            needs += rosinalityStyled(2 * resolution - 1, out, out)
            let name = resolution == 0 ? "to_rgb1" : "to_rgbs.\(resolution - 1)"
            needs += rosinalityModulated(name, [1, 3, out, 1, 1])
            needs.append(TensorRequirement(name + ".bias", [1, 3, 1, 1]))
        }
        return needs
    }

    /// One convolution with noise; -1 is the first one, `conv1`.
    private func rosinalityStyled(_ index: Int, _ input: Int, _ out: Int) -> [TensorRequirement] {
        let name = index < 0 ? "conv1" : "convs.\(index)"
        var needs = rosinalityModulated(name, [1, out, input, 3, 3])
        needs += [
            TensorRequirement(name + ".noise.weight", [1]),
            TensorRequirement("noises.noise_\(index + 1)", [1, 1] + grid((index + 2) / 2)),
            TensorRequirement(name + ".activate.bias", [out]),
        ]
        if index >= 0, index % 2 == 0 {
            needs.append(filter(name + ".conv.blur.kernel", gain: 4))
        }
        return needs
    }

    private func rosinalityModulated(_ name: String, _ weight: [Int]) -> [TensorRequirement] {
        [TensorRequirement(name + ".conv.weight", weight)]
            + TensorRequirement.layer(name + ".conv.modulation", [weight[2], styleDim])
    }

    private var nvidiaTensors: [TensorRequirement] {
        var needs = [TensorRequirement("synthesis.b4.const", [channels[0]] + grid(0))]
        if mappingLayers > 0 {
            needs.append(TensorRequirement("mapping.w_avg", [styleDim], isOptional: true))
        }
        for index in 0..<mappingLayers {
            needs += TensorRequirement.layer("mapping.fc\(index)", [styleDim, -1])
        }
        for resolution in channels.indices {
            let block = "synthesis.b\(4 << resolution)."
            let out = channels[resolution]
            if resolution > 0 {
                let up = block + "conv0"
                needs += nvidiaStyled(up, channels[resolution - 1], out, resolution)
                needs.append(filter(up + ".resample_filter", gain: 1))
            }
            needs += nvidiaStyled(block + "conv1", out, out, resolution)
            needs += TensorRequirement.layer(block + "torgb", [3, out, 1, 1])
            needs += TensorRequirement.layer(block + "torgb.affine", [out, styleDim])
        }
        return needs
    }

    private func nvidiaStyled(
        _ name: String,
        _ input: Int,
        _ out: Int,
        _ resolution: Int
    ) -> [TensorRequirement] {
        var needs = TensorRequirement.layer(name, [out, input, 3, 3])
        needs += TensorRequirement.layer(name + ".affine", [input, styleDim])
        needs.append(TensorRequirement(name + ".noise_const", grid(resolution)))
        needs.append(TensorRequirement(name + ".noise_strength", []))
        return needs
    }
}

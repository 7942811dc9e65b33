public import Tensors

extension PSPConfig {
    /// Every tensor that the encoder reads, without `encoder.`; the latent average lies outside.
    public var requiredTensors: [TensorRequirement] {
        let shapes = unitShapes
        let read = shapes[...taps[2]]
        let channels = taps.map { shapes[$0].output }
        var needs = [
            TensorRequirement("input_layer.0.weight", [widths[0], 3, 3, 3]),
            TensorRequirement("input_layer.2.weight", [widths[0]]),
        ]
        needs += Self.norm("input_layer.1", widths[0])
        for (index, shape) in read.enumerated() { needs += unit("body.\(index)", shape) }
        needs += TensorRequirement.layer("latlayer1", [channels[2], channels[1], 1, 1])
        needs += TensorRequirement.layer("latlayer2", [channels[2], channels[0], 1, 1])
        for head in 0..<styleCount {
            let tap = head < coarseIndex ? taps[2] : head < middleIndex ? taps[1] : taps[0]
            let grid = shapes[...tap].reduce(inputSize) { ($0 - 1) / $1.stride + 1 }
            needs += styleHead("styles.\(head)", grid: grid, channels: channels[2])
        }
        return needs
    }

    private func unit(
        _ name: String,
        _ shape: (input: Int, output: Int, stride: Int)
    ) -> [TensorRequirement] {
        let (input, output) = (shape.input, shape.output)
        let residual = name + ".res_layer."
        let inner = output / squeezeReduction
        var needs = Self.norm(residual + "0", input) + Self.norm(residual + "4", output)
        needs += [
            TensorRequirement(residual + "1.weight", [output, input, 3, 3]),
            TensorRequirement(residual + "2.weight", [output]),
            TensorRequirement(residual + "3.weight", [output, output, 3, 3]),
            TensorRequirement(residual + "5.fc1.weight", [inner, output, 1, 1]),
            TensorRequirement(residual + "5.fc2.weight", [output, inner, 1, 1]),
        ]
        if input != output {
            let shortcut = name + ".shortcut_layer."
            needs.append(TensorRequirement(shortcut + "0.weight", [output, input, 1, 1]))
            needs += Self.norm(shortcut + "1", output)
        }
        return needs
    }

    /// Convolutions that halve the grid until it is one cell, then a linear layer.
    private func styleHead(_ name: String, grid: Int, channels: Int) -> [TensorRequirement] {
        var needs = TensorRequirement.layer(name + ".linear", [styleDim, styleDim])
        var (size, layer) = (grid, 0)
        while size > 1 {
            let input = layer == 0 ? channels : styleDim
            needs += TensorRequirement.layer(
                "\(name).convs.\(2 * layer)",
                [styleDim, input, 3, 3]
            )
            (size, layer) = ((size + 1) / 2, layer + 1)
        }
        return needs
    }

    private static func norm(_ name: String, _ channels: Int) -> [TensorRequirement] {
        ["weight", "bias", "running_mean", "running_var"].map {
            TensorRequirement("\(name).\($0)", [channels])
        }
    }
}

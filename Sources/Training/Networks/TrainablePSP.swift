public import Gradients
public import Kernels
public import Models
public import Tensors

/// The pSp encoder with gradients: from pictures to W+ codes.
///
/// Shapes: `[N, S, S, 3]` in -1...1 to `[N, L, D]`, channels last, float32. Batch norms take the statistics of the batch
/// in training, and keep running ones as PyTorch does (momentum 0.1, unbiased variance).
/// Source: Richardson et al. 2021; spec section 4.
public final class TrainablePSP {
    /// The sizes.
    public let config: PSPConfig
    /// What convolutions multiply in.
    public var precision = Precision.float32
    /// Whether batch norms take the statistics of the batch; else the running ones.
    public var isTraining = true
    /// How much of the running statistics a batch replaces.
    public var momentum: Float = 0.1
    private let input: (weight: Variable<Float>, norm: BatchNorm, slopes: Variable<Float>)
    private let body: [Unit]
    private let laterals: [Convolution]
    private let heads: [Head]

    private struct BatchNorm {
        let weight: Variable<Float>
        let bias: Variable<Float>
        let mean: Parameters.Buffer
        let variance: Parameters.Buffer

        init(_ parameters: Parameters, _ name: String, _ channels: Int) throws {
            weight = try parameters.float(name + ".weight", [channels], .constant(1))
            bias = try parameters.float(name + ".bias", [channels], .constant(0))
            mean = try parameters.buffer(name + ".running_mean", [channels], .constant(0))
            variance = try parameters.buffer(name + ".running_var", [channels], .constant(1))
        }
    }

    private struct Convolution {
        let weight: Variable<Float>
        let bias: Variable<Float>?
        let stride: Int

        init(
            _ parameters: Parameters,
            _ name: String,
            _ shape: [Int],
            stride: Int = 1,
            hasBias: Bool = false
        ) throws {
            let inputs = shape[1] * shape[2] * shape[3]
            weight = try parameters.float(name + ".weight", shape, .uniform(inputs: inputs))
            bias =
                hasBias
                ? try parameters.float(name + ".bias", [shape[0]], .uniform(inputs: inputs)) : nil
            self.stride = stride
        }

        func callAsFunction(_ x: Variable<Float>, _ precision: Precision) -> Variable<Float> {
            let pad = weight.shape[2] / 2
            let y = x.convolved(
                weight,
                stride: stride,
                padding: [pad, pad, pad, pad],
                precision: precision
            )
            return bias.map { y.addingRows($0) } ?? y
        }
    }

    /// A residual unit with squeeze and excitation.
    private struct Unit {
        let inputNorm: BatchNorm
        let first: Convolution
        let slopes: Variable<Float>
        let second: Convolution
        let lastNorm: BatchNorm
        let squeeze: Variable<Float>
        let excite: Variable<Float>
        let shortcut: (convolution: Convolution, norm: BatchNorm)?
        let stride: Int
    }

    /// Strided convolutions down to one pixel, then a linear layer.
    private struct Head {
        let convolutions: [Convolution]
        let weight: Variable<Float>
        let bias: Variable<Float>
        /// 0 for the finest map, 2 for the coarsest.
        let scale: Int
    }

    /// Reads or starts the parameters, named as in a pSp checkpoint below `encoder.`.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: PSPConfig, _ parameters: Parameters) throws {
        try config.validate()
        self.config = config
        let width = config.widths[0]
        input = (
            try parameters.float(
                "input_layer.0.weight",
                [width, 3, 3, 3],
                .uniform(inputs: 27)
            ),
            try BatchNorm(parameters, "input_layer.1", width),
            try parameters.float("input_layer.2.weight", [width], .constant(0.25))
        )
        let shapes = config.unitShapes
        body = try shapes[...config.taps[2]].enumerated().map { index, shape in
            try Self.unit(parameters, "body.\(index)", shape, config.squeezeReduction)
        }
        let channels = config.taps.map { shapes[$0].output }
        laterals = try [("latlayer1", 1), ("latlayer2", 0)].map { name, tap in
            try Convolution(
                parameters,
                name,
                [channels[2], channels[tap], 1, 1],
                hasBias: true
            )
        }
        let grids = config.taps.map { tap in
            shapes[...tap].reduce(config.inputSize) { ($0 - 1) / $1.stride + 1 }
        }
        heads = try (0..<config.styleCount).map { index in
            let scale = index < config.coarseIndex ? 2 : index < config.middleIndex ? 1 : 0
            return try Self.head(
                parameters,
                "styles.\(index)",
                channels[2],
                grids[scale],
                config.styleDim,
                scale
            )
        }
    }

    private static func unit(
        _ parameters: Parameters,
        _ name: String,
        _ shape: (input: Int, output: Int, stride: Int),
        _ reduction: Int
    ) throws -> Unit {
        let (input, output) = (shape.input, shape.output)
        let residual = name + ".res_layer."
        let inner = output / reduction
        return Unit(
            inputNorm: try BatchNorm(parameters, residual + "0", input),
            first: try Convolution(parameters, residual + "1", [output, input, 3, 3]),
            slopes: try parameters.float(residual + "2.weight", [output], .constant(0.25)),
            second: try Convolution(
                parameters,
                residual + "3",
                [output, output, 3, 3],
                stride: shape.stride
            ),
            lastNorm: try BatchNorm(parameters, residual + "4", output),
            squeeze: try parameters.float(
                residual + "5.fc1.weight",
                [inner, output, 1, 1],
                .uniform(inputs: output)
            ),
            excite: try parameters.float(
                residual + "5.fc2.weight",
                [output, inner, 1, 1],
                .uniform(inputs: inner)
            ),
            shortcut: input == output
                ? nil
                : (
                    try Convolution(
                        parameters,
                        name + ".shortcut_layer.0",
                        [output, input, 1, 1],
                        stride: shape.stride
                    ),
                    try BatchNorm(parameters, name + ".shortcut_layer.1", output)
                ),
            stride: shape.stride
        )
    }

    private static func head(
        _ parameters: Parameters,
        _ name: String,
        _ channels: Int,
        _ grid: Int,
        _ width: Int,
        _ scale: Int
    ) throws -> Head {
        var convolutions: [Convolution] = []
        var size = grid
        while size > 1 {
            let input = convolutions.isEmpty ? channels : width
            convolutions.append(
                try Convolution(
                    parameters,
                    "\(name).convs.\(2 * convolutions.count)",
                    [width, input, 3, 3],
                    stride: 2,
                    hasBias: true
                )
            )
            size = (size + 1) / 2
        }
        return Head(
            convolutions: convolutions,
            weight: try parameters.float(name + ".linear.weight", [width, width], .normal(1)),
            bias: try parameters.float(name + ".linear.bias", [width], .constant(0)),
            scale: scale
        )
    }

    /// Encodes pictures, without the latent average.
    ///
    /// - Parameter images: `[N, S, S, 3]` in -1...1.
    /// - Returns: `[N, L, D]`.
    public func callAsFunction(_ images: Variable<Float>) -> Variable<Float> {
        let side = config.inputSize
        precondition(
            Array(images.shape[1...]) == [side, side, 3],
            "the encoder needs [N, \(side), \(side), 3], got \(images.shape)"
        )
        let first = images.convolved(input.weight, padding: [1, 1, 1, 1], precision: precision)
        var x = normalised(first, input.norm).parametricReLU(input.slopes)
        var features: [Variable<Float>] = []
        for (index, unit) in body.enumerated() {
            x = self.unit(unit, x)
            if config.taps.contains(index) { features.append(x) }
        }
        let p2 = joined(features[2], features[1], laterals[0])
        let p1 = joined(p2, features[0], laterals[1])
        let maps = [p1, p2, features[2]]
        let codes = heads.map { head -> Variable<Float> in
            let last = head.convolutions.reduce(maps[head.scale]) { x, convolution in
                convolution(x, precision).leakyReLU(slope: 0.01)
            }
            return last.reshaped([images.shape[0], config.styleDim]).linear(
                head.weight,
                bias: head.bias,
                gain: 1 / Float(config.styleDim).squareRoot()
            )
        }
        return Variable.joinColumns(codes)
            .reshaped([images.shape[0], config.styleCount, config.styleDim])
    }

    private func unit(_ unit: Unit, _ x: Variable<Float>) -> Variable<Float> {
        let inner = unit.first(normalised(x, unit.inputNorm), precision)
            .parametricReLU(unit.slopes)
        let residual = normalised(unit.second(inner, precision), unit.lastNorm)
        let (samples, channels) = (residual.shape[0], residual.shape[3])
        let pixels = residual.shape[1] * residual.shape[2]
        let gate = residual.meanOverRows(pixels)
            .linear(unit.squeeze.reshaped([unit.squeeze.shape[0], channels]))
            .leakyReLU(slope: 0)
            .linear(unit.excite.reshaped([channels, unit.excite.shape[1]]))
            .sigmoid
            .reshaped([samples, channels])
        let kept: Variable<Float> =
            if let shortcut = unit.shortcut {
                normalised(shortcut.convolution(x, precision), shortcut.norm)
            } else if unit.stride == 1 {
                x
            } else {
                x.subsampled(unit.stride)
            }
        return residual.multiplyingRows(gate) + kept
    }

    /// A coarse map, enlarged, plus a finer one brought to its width.
    private func joined(
        _ coarse: Variable<Float>,
        _ fine: Variable<Float>,
        _ lateral: Convolution
    ) -> Variable<Float> {
        DifferentiableResizing.alignedCorners(
            coarse,
            height: fine.shape[1],
            width: fine.shape[2]
        ) + lateral(fine, precision)
    }

    private func normalised(_ x: Variable<Float>, _ norm: BatchNorm) -> Variable<Float> {
        guard isTraining else {
            let inverse = norm.variance.value.map { 1 / ($0 + 1e-5).squareRoot() }
            let shift = Tensor(
                shape: inverse.shape,
                scalars: zip(norm.mean.value.scalars, inverse.scalars).map { -$0 * $1 }
            )
            return x.multiplyingRows(Variable(inverse)).addingRows(Variable(shift))
                .multiplyingRows(norm.weight).addingRows(norm.bias)
        }
        let (value, statistics) = x.batchNorm(weight: norm.weight, bias: norm.bias)
        let unbiased = Float(statistics.rows) / Float(max(statistics.rows - 1, 1))
        norm.mean.value = mixed(norm.mean.value, statistics.mean, 1)
        norm.variance.value = mixed(norm.variance.value, statistics.variance, unbiased)
        return value
    }

    /// `(1 - momentum) old + momentum factor new`.
    private func mixed(_ old: Tensor<Float>, _ new: Tensor<Float>, _ factor: Float)
        -> Tensor<Float>
    {
        Tensor(
            shape: old.shape,
            scalars: zip(old.scalars, new.scalars).map {
                (1 - momentum) * $0 + momentum * factor * $1
            }
        )
    }
}

internal import Kernels
public import Tensors

/// The pSp encoder `E`: from an image to the W+ code with which the generator redraws it.
///
/// An IR-SE backbone gives three feature maps, a small pyramid joins them, and one head per W+ layer reads the
/// map of its scale.
/// Source: Richardson et al. 2021, "Encoding in Style"; spec section 2.
public struct PSPEncoder: Sendable {
    /// The sizes.
    public let config: PSPConfig
    private let input: Convolution
    private let inputSlope: Tensor<Float>
    private let body: [BottleneckUnit]
    /// The 1x1 convolutions that bring c2 and c1 to the width of c3.
    private let lateral2: Convolution
    private let lateral1: Convolution
    private let heads: [StyleHead]
    /// `[L, D]`, or nil if codes are stored without it.
    private let latentAverage: Tensor<Float>?

    /// Reads the weights.
    ///
    /// - Parameters:
    ///   - config: The sizes; validated here.
    ///   - weights: The encoder's tensors, without `encoder.`.
    ///   - latentAverage: `[L, D]`, added to every code; nil for none. It lies outside the encoder's tensors.
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: PSPConfig, _ weights: Weights, latentAverage: Tensor<Float>?) throws {
        try config.validate()
        let expected = [config.styleCount, config.styleDim]
        if let found = latentAverage?.shape, found != expected {
            throw WeightError("the latent average is \(found), expected \(expected)")
        }
        self.config = config
        self.latentAverage = latentAverage
        let norm = try BatchNormAffine(weights, "input_layer.1", channels: config.widths[0])
        input = Convolution(
            weight: norm.folded(
                into: try weights.double("input_layer.0.weight", [config.widths[0], 3, 3, 3])
            ),
            bias: norm.floatShift,
            padding: 1
        )
        inputSlope = try weights.float("input_layer.2.weight", [config.widths[0]])
        let shapes = config.unitShapes
        body = try shapes[...config.taps[2]].enumerated().map { index, shape in
            try BottleneckUnit(
                weights,
                "body.\(index)",
                shape: shape,
                squeezeReduction: config.squeezeReduction
            )
        }
        let channels = config.taps.map { shapes[$0].output }
        lateral2 = try Self.lateral(weights, "latlayer1", from: channels[1], to: channels[2])
        lateral1 = try Self.lateral(weights, "latlayer2", from: channels[0], to: channels[2])
        let grids = config.taps.map { tap in
            shapes[...tap].reduce(config.inputSize) { ($0 - 1) / $1.stride + 1 }
        }
        heads = try (0..<config.styleCount).map { index in
            try StyleHead(
                weights,
                index: index,
                channels: channels[2],
                grid: grids[config.scale(ofHead: index)],
                styleDim: config.styleDim
            )
        }
    }

    private static func lateral(
        _ weights: Weights,
        _ name: String,
        from input: Int,
        to output: Int
    ) throws -> Convolution {
        Convolution(
            weight: try weights.float(name + ".weight", [output, input, 1, 1]),
            bias: try weights.float(name + ".bias", [output])
        )
    }

    /// Encodes images.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, S, S]`, RGB, -1...1.
    ///   - observe: Called with the output of `input_layer`, of each unit `body_0`, ..., and with `p2`, `p1`.
    /// - Returns: W+ codes `[N, L, D]`.
    public func encode(
        _ images: Tensor<Float>,
        observe: ((String, Tensor<Float>) -> Void)? = nil
    ) -> Tensor<Float> {
        let side = config.inputSize
        precondition(
            images.rank == 4 && Array(images.shape[1...]) == [3, side, side],
            "encode needs [N, 3, \(side), \(side)], got \(images.shape)"
        )
        var x = Passes.affinePReLU(input(images), slope: inputSlope)
        observe?("input_layer", x)
        var features: [Tensor<Float>] = []
        for (index, unit) in body.enumerated() {
            x = unit(x)
            observe?("body_\(index)", x)
            if config.taps.contains(index) { features.append(x) }
        }
        let p2 = raised(features[2], onto: lateral2(features[1]))
        observe?("p2", p2)
        let p1 = raised(p2, onto: lateral1(features[0]))
        observe?("p1", p1)
        let pyramid = [p1, p2, features[2]]
        let styles = heads.enumerated().map { $1(pyramid[config.scale(ofHead: $0)]) }  // L x [N, D]
        return codes(styles, sampleCount: images.shape[0])
    }

    /// Brings the coarser map to the size of the finer one and adds them.
    private func raised(_ coarse: Tensor<Float>, onto fine: Tensor<Float>) -> Tensor<Float> {
        resizeAligningCorners(coarse, height: fine.shape[2], width: fine.shape[3]) + fine
    }

    /// Stacks the heads' outputs and adds the average: L times `[N, D]` to `[N, L, D]`.
    private func codes(_ styles: [Tensor<Float>], sampleCount: Int) -> Tensor<Float> {
        let width = config.styleDim
        var result: [Float] = []
        result.reserveCapacity(sampleCount * styles.count * width)
        for sample in 0..<sampleCount {
            for style in styles { result += style.scalars[sample * width..<(sample + 1) * width] }
        }
        if let latentAverage {
            for index in result.indices {
                result[index] += latentAverage.scalars[index % latentAverage.count]
            }
        }
        return Tensor(shape: [sampleCount, styles.count, width], scalars: result)
    }
}

extension PSPConfig {
    /// Which map a head reads: 0 for p1, 1 for p2, 2 for c3.
    fileprivate func scale(ofHead head: Int) -> Int {
        head < coarseIndex ? 2 : head < middleIndex ? 1 : 0
    }
}

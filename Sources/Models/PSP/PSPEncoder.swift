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
    private let input: ConvolutionKernel
    private let body: [BottleneckUnit]
    /// The 1x1 convolutions that bring c2 and c1 to the width of c3.
    private let lateral2: ConvolutionKernel
    private let lateral1: ConvolutionKernel
    private let heads: [StyleHead]
    /// `[L, D]`, or nil if codes are stored without it.
    private let latentAverage: Tensor<Float>?
    private let workspace = Workspace { FeaturePool() }
    /// Images that are encoded at once: more bring no more speed, only more memory.
    private static let groupSize = 4

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
        input = ConvolutionKernel(
            weight: norm.folded(
                into: try weights.double("input_layer.0.weight", [config.widths[0], 3, 3, 3])
            ),
            bias: norm.floatShift,
            slopes: try weights.float("input_layer.2.weight", [config.widths[0]]),
            inputSize: [config.inputSize, config.inputSize]
        )
        let shapes = config.unitShapes
        var side = config.inputSize
        body = try shapes[...config.taps[2]].enumerated().map { index, shape in
            defer { side = (side - 1) / shape.stride + 1 }
            return try BottleneckUnit(
                weights,
                "body.\(index)",
                shape: .init(
                    input: shape.input,
                    output: shape.output,
                    stride: shape.stride,
                    side: side
                ),
                squeezeReduction: config.squeezeReduction
            )
        }
        let channels = config.taps.map { shapes[$0].output }
        let grids = config.taps.map { tap in
            shapes[...tap].reduce(config.inputSize) { ($0 - 1) / $1.stride + 1 }
        }
        lateral2 = try Self.lateral(
            weights,
            "latlayer1",
            from: channels[1],
            to: channels[2],
            side: grids[1]
        )
        lateral1 = try Self.lateral(
            weights,
            "latlayer2",
            from: channels[0],
            to: channels[2],
            side: grids[0]
        )
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
        to output: Int,
        side: Int
    ) throws -> ConvolutionKernel {
        ConvolutionKernel(
            weight: try weights.float(name + ".weight", [output, input, 1, 1]),
            bias: try weights.float(name + ".bias", [output]),
            inputSize: [side, side]
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
        let count = images.shape[0]
        let pool = workspace.take()
        defer { workspace.giveBack(pool) }
        let group = observe == nil ? Self.groupSize : max(count, 1)
        let codes = stride(from: 0, to: count, by: group).map { first in
            ThreadPool.crew { encode(images[first..<min(first + group, count)], pool, observe) }
        }
        return codes.isEmpty
            ? Tensor(repeating: 0, shape: [0, config.styleCount, config.styleDim])
            : Tensor.concatenate(codes)
    }

    private func encode(
        _ images: Tensor<Float>,
        _ pool: FeaturePool,
        _ observe: ((String, Tensor<Float>) -> Void)?
    ) -> Tensor<Float> {
        var x = input(pool.map(loading: images), pool: pool)
        observe?("input_layer", x.tensor)
        var normed: FeatureMap? = body[0].inputNorm(x, pool: pool)
        var features: [FeatureMap] = []
        for (index, unit) in body.enumerated() {
            guard let ready = normed else { break }
            let next = index + 1 < body.count ? body[index + 1].inputNorm : nil
            (x, normed) = unit(x, normed: ready, next: next, pool: pool)
            observe?("body_\(index)", x.tensor)
            if config.taps.contains(index) { features.append(x) }
        }
        let p2 = lateral2(features[1], pool: pool)
        FeaturePasses.addResized(features[2], to: p2)
        observe?("p2", p2.tensor)
        let p1 = lateral1(features[0], pool: pool)
        FeaturePasses.addResized(p2, to: p1)
        observe?("p1", p1.tensor)
        let pyramid = [p1, p2, features[2]]
        // L x [N, D]
        let styles = heads.enumerated().map {
            $1(pyramid[config.scale(ofHead: $0)], pool: pool)
        }
        return codes(styles, sampleCount: images.shape[0])
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

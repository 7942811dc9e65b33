internal import CKernels
internal import Synchronization
public import Tensors

/// The 3x3 convolution of a StyleGAN2 layer with everything around it: styles before, demodulation, noise, bias
/// and leaky ReLU after; plain, or transposed with stride 2 and blurred.
///
/// Sums run in one fixed order: results do not depend on the number of threads or samples, bit by bit. Layers
/// of enough rows are computed by Winograd's algorithm: F(4x4, 3x3) with the points 0, 5/8, -5/8, 3/2, -3/2 and
/// infinity, whose rounding error is close to that of plain sums, four times fewer products; an upsampling layer
/// by F(4, 2) on its even rows and columns, 1.8 times fewer.
/// Source: Lavin and Gray 2015, arXiv 1509.09308; Karras et al. 2020, arXiv 1912.04958.
public final class StyledKernel: Sendable {
    /// `[O, I, 3, 3]`, all gains applied.
    public let weight: Tensor<Float>
    /// Whether the size is doubled.
    public let upsamples: Bool

    /// The blur of up- and downsampling, `[1, 3, 3, 1]`, with the gain of 2 per axis.
    public static let upsamplingTaps: [Float] = [0.25, 0.75, 0.75, 0.25]

    /// How a convolution is computed.
    public enum Algorithm: Sendable {
        /// Sums over all taps.
        case direct
        /// Winograd's F(4x4, 3x3).
        case winograd
    }

    private let algorithm: Algorithm?

    /// Packed when first needed, for an early stop never reaches the last layers.
    private let packed = Mutex(Packed())

    private struct Packed {
        var winograd: [Precision: PackedWeights] = [:]
        var direct: [PackedWeights]?
    }

    /// Keeps the weights.
    ///
    /// - Parameters:
    ///   - weight: `[O, I, 3, 3]`, all gains applied.
    ///   - upsamples: Whether the size is doubled.
    ///   - algorithm: How to compute wherever it is possible; nil to choose by the size.
    public init(weight: Tensor<Float>, upsamples: Bool, algorithm: Algorithm? = nil) {
        precondition(
            weight.rank == 4 && weight.shape[2...] == [3, 3],
            "a styled layer's weight is [O, I, 3, 3], got \(weight.shape)"
        )
        self.weight = weight
        self.upsamples = upsamples
        self.algorithm = algorithm
    }

    /// Rows from which Winograd's algorithm pays, as measured: it reads 36 weights for 9 taps, and its upsampling
    /// form saves less.
    private func leastWinogradRows(_ precision: Precision) -> Int {
        let isSmall = weight.shape[0] * weight.shape[1] <= 1 << 16
        return switch (precision, upsamples) {
        case (.bfloat16, false): 4
        case (.bfloat16, true): 16
        case (.float32, false): isSmall ? 4 : 16
        case (.float32, true): isSmall ? 128 : 32
        }
    }

    /// Whether an input of that size is convolved by Winograd's algorithm.
    private func usesWinograd(height: Int, width: Int, _ precision: Precision) -> Bool {
        guard height % 4 == 0, width % 4 == 0 else { return false }
        return algorithm.map { $0 == .winograd } ?? (height >= leastWinogradRows(precision))
    }

    /// The work of the layer on `x [N, I, H, W]`; the blur is left out.
    public func cost(_ x: FeatureMap) -> LayerCost {
        let pixels = Double(x.shape[0] * x.shape[2] * x.shape[3])
        let (outputs, inputs) = (Double(weight.shape[0]), Double(weight.shape[1]))
        return LayerCost(
            operations: 18 * inputs * outputs * pixels,
            bytes: 4 * (9 * inputs * outputs + pixels * (inputs + outputs * (upsamples ? 4 : 1)))
        )
    }

    /// Runs the layer.
    ///
    /// - Parameters:
    ///   - x: `[N, I, H, W]`.
    ///   - styles: `[N, I]`.
    ///   - epilogue: What follows; a slope in `0...1`.
    ///   - precision: What Winograd's algorithm multiplies in, native here; plain sums are float32 always.
    ///   - scratch: Memory; `x` may lie in it.
    /// - Returns: `[N, O, H, W]` or `[N, O, 2H, 2W]`, in `scratch`.
    public func callAsFunction(
        _ x: FeatureMap,
        styles: Tensor<Float>,
        epilogue: Passes.StyledEpilogue,
        precision: Precision = .float32,
        scratch: FeatureScratch
    ) -> FeatureMap {
        let y = scratch.next(outputShape(x))
        withOperands(x, styles, epilogue, precision, scratch) { styles, epilogue in
            run(x, styles, &epilogue, precision, y, scratch)
        }
        return y
    }

    /// Runs the layer and makes a picture of its features, which do not pass through memory where few weights
    /// allow it.
    ///
    /// - Parameters:
    ///   - x: `[N, I, H, W]`.
    ///   - styles: `[N, I]`.
    ///   - epilogue: What follows the convolution; a slope in `0...1`.
    ///   - precision: What Winograd's algorithm multiplies in, native here.
    ///   - rgb: What makes the picture.
    ///   - scratch: Memory; `x` may lie in it.
    /// - Returns: `[N, 3, H, W]`, the same numbers as from the features.
    public func draw(
        _ x: FeatureMap,
        styles: Tensor<Float>,
        epilogue: Passes.StyledEpilogue,
        precision: Precision = .float32,
        rgb: RGBLayer,
        scratch: FeatureScratch
    ) -> Tensor<Float> {
        var from = x.map
        let (blocks, isBFloat16) = (FeatureMap.blockCount(weight.shape[0]), precision == .bfloat16)
        guard !upsamples, usesWinograd(height: x.shape[2], width: x.shape[3], precision),
            ck_can_draw(&from, blocks, isBFloat16)
        else {
            let y = self(
                x,
                styles: styles,
                epilogue: epilogue,
                precision: precision,
                scratch: scratch
            )
            return rgb.kernel(y, styles: rgb.styles, below: rgb.below)
        }
        let weights = winograd(precision).start
        let products = scratch.products.reserve(ck_drawing_scratch(&from, blocks, isBFloat16))
        return rgb.kernel.picture(of: outputShape(x), styles: rgb.styles, below: rgb.below) { to in
            withOperands(x, styles, epilogue, precision, scratch) { styles, epilogue in
                ck_winograd_rgb(
                    &from,
                    styles,
                    weights,
                    isBFloat16,
                    &epilogue,
                    blocks,
                    &to,
                    products
                )
            }
        }
    }

    private func outputShape(_ x: FeatureMap) -> [Int] {
        let scale = upsamples ? 2 : 1
        return [x.shape[0], weight.shape[0], scale * x.shape[2], scale * x.shape[3]]
    }

    /// Checks what belongs to the layer, and hands it to `body` as the kernels read it.
    private func withOperands(
        _ x: FeatureMap,
        _ styles: Tensor<Float>,
        _ epilogue: Passes.StyledEpilogue,
        _ precision: Precision,
        _ scratch: FeatureScratch,
        _ body: (UnsafePointer<Float>, inout ck_epilogue) -> Void
    ) {
        precondition(precision.isNative, "\(precision.rawValue) on a processor without it")
        let shape = outputShape(x)
        precondition(
            x.shape[1] == weight.shape[1] && styles.shape == [x.shape[0], x.shape[1]]
                && (0...1).contains(epilogue.slope)
                && epilogue.demodulation.map { $0.count == shape[0] * shape[1] } ?? true
                && epilogue.bias.map { $0.count == shape[1] } ?? true
                && epilogue.noise.map { $0.count == shape[2] * shape[3] } ?? true,
            "a layer \(weight.shape) for \(x.shape) with styles \(styles.shape)"
        )
        func run(_ noise: UnsafePointer<Float>?) {
            var operands = ck_epilogue(
                demod: scratch.padded(
                    epilogue.demodulation,
                    [shape[0], shape[1]],
                    in: scratch.demodulation,
                    filling: 1
                ),
                noise: noise,
                bias: scratch.padded(epilogue.bias, [1, shape[1]], in: scratch.bias, filling: 0),
                slopes: nil,
                strength: epilogue.noiseStrength,
                slope: epilogue.slope,
                gain: epilogue.gain,
                clamp: epilogue.clamp ?? -1
            )
            body(
                scratch.padded(styles, styles.shape, in: scratch.styles, filling: 0),
                &operands
            )
        }
        guard let noise = epilogue.noise else { return run(nil) }
        noise.scalars.withUnsafeBufferPointer { run($0.baseAddress) }
    }

    private func run(
        _ x: FeatureMap,
        _ styles: UnsafePointer<Float>,
        _ epilogue: inout ck_epilogue,
        _ precision: Precision,
        _ y: FeatureMap,
        _ scratch: FeatureScratch
    ) {
        var (from, to) = (x.map, y.map)
        let usesWinograd = usesWinograd(height: x.shape[2], width: x.shape[3], precision)
        let isBFloat16 = precision == .bfloat16
        func products() -> UnsafeMutablePointer<Float> {
            scratch.products.reserve(ck_winograd_scratch(&from, to.blocks, upsamples, isBFloat16))
        }
        guard upsamples else {
            if usesWinograd {
                let weights = winograd(precision).start
                ck_winograd(&from, styles, weights, isBFloat16, &epilogue, &to, products())
            } else {
                var scaled = FeatureMap(x.shape, in: scratch.scaled).map
                ck_direct(&from, styles, direct()[0].start, &epilogue, &scaled, &to)
            }
            return
        }
        let taps = Self.upsamplingTaps
        if usesWinograd {
            let weights = winograd(precision).start
            ck_winograd_up(
                &from,
                styles,
                weights,
                isBFloat16,
                &epilogue,
                taps,
                &to,
                products()
            )
        } else {
            let shape = [x.shape[0], weight.shape[0], 2 * x.shape[2] + 1, 2 * x.shape[3] + 1]
            var wide = FeatureMap(shape, in: scratch.wide).map
            var scaled = FeatureMap(x.shape, in: scratch.scaled).map
            let phases = direct().map { UnsafePointer<Float>?($0.start) }
            ck_direct_up(&from, styles, phases, &epilogue, taps, &scaled, &wide, &to)
        }
    }

    private func winograd(_ precision: Precision) -> PackedWeights {
        packed.withLock { packed in
            if let ready = packed.winograd[precision] { return ready }
            let fresh = PackedWeights(winograd: weight, upsamples: upsamples, precision)
            packed.winograd[precision] = fresh
            return fresh
        }
    }

    /// The taps that each phase of the transposed convolution sees, in the order that `ck_direct_up` names.
    private static let phaseTaps = [[8, 6, 2, 0], [7, 1], [5, 3], [4]]

    private func direct() -> [PackedWeights] {
        packed.withLock { packed in
            if let ready = packed.direct { return ready }
            let taps = upsamples ? Self.phaseTaps : [Array(0..<9)]
            let fresh = taps.map { PackedWeights(weight, taps: $0) }
            packed.direct = fresh
            return fresh
        }
    }
}

import Synchronization

/// How the positions of an output axis follow from those of the input axis.
///
/// All but Pillow's are computed in float32, as PyTorch does: at pixel 200 the two differ by 1e-5 pixels,
/// which shows in normalised images.
package enum ResamplingRule: Hashable {
    /// The kernel widens by the factor of shrinking; weights are normalised inside the image.
    case antialiased(ResamplingKernel)
    /// The same with Pillow's float64 positions.
    case pillow(ResamplingKernel)
    /// The kernel keeps its width; positions beyond the border repeat the border pixel.
    case clamped(ResamplingKernel)
    /// Bilinear with the first and last pixel centres kept in place.
    case alignedCorners
}

/// The weights that resize one axis: output `i` sums inputs from `starts[i]` on.
package struct ResamplingTaps: Sendable {
    let inputCount: Int
    let outputCount: Int
    /// Weights stored for each output, a multiple of 4; those beyond `counts[i]` are zero.
    let tapCount: Int
    /// The first input of each output.
    let starts: [Int]
    /// The inputs used by each output; `starts[i] + counts[i] <= inputCount`.
    let counts: [Int]
    /// The weights `[outputCount, tapCount]`.
    let weights: [Float]
    /// The weights in Pillow's fixed point, `[outputCount, tapCount]`.
    let fixedWeights: [Int32]

    /// The fraction bits of Pillow's 8-bit path: 32 less 8 of the pixel less 2 of headroom.
    ///
    /// Source: Pillow `src/libImaging/Resample.c`, `PRECISION_BITS`.
    static let fractionBits: Int32 = 32 - 8 - 2

    private struct Key: Hashable {
        let input: Int
        let output: Int
        let rule: ResamplingRule
    }

    private static let cache = Mutex<[Key: ResamplingTaps]>([:])
    /// More size pairs than one process uses; beyond it the cache starts anew.
    private static let cacheLimit = 128

    /// The taps of a size pair, computed once per process.
    package static func taps(
        from input: Int,
        to output: Int,
        _ rule: ResamplingRule
    ) -> ResamplingTaps {
        let key = Key(input: input, output: output, rule: rule)
        if let known = cache.withLock({ $0[key] }) { return known }
        let taps = ResamplingTaps(from: input, to: output, rule)
        cache.withLock { cache in
            if cache.count >= cacheLimit { cache.removeAll() }
            cache[key] = taps
        }
        return taps
    }

    /// The inputs of every output, with their weights.
    package var terms: [[(index: Int, weight: Float)]] {
        (0..<outputCount).map { output in
            (0..<counts[output]).map {
                (starts[output] + $0, weights[output * tapCount + $0])
            }
        }
    }

    private init(from input: Int, to output: Int, _ rule: ResamplingRule) {
        precondition(input > 0 && output > 0, "resize from \(input) to \(output) pixels")
        let scale = Double(input) / Double(output)
        let singleScale = Float(input) / Float(output)
        let windows = (0..<output).map { position -> (start: Int, weights: [Double]) in
            switch rule {
            case .antialiased(let kernel):
                Self.antialiased(
                    centre: Double(Float((Double(position) + 0.5) * Double(singleScale))),
                    widening: Double(max(singleScale, 1)),
                    inputCount: input,
                    kernel
                )
            case .pillow(let kernel):
                Self.antialiased(
                    centre: (Double(position) + 0.5) * scale,
                    widening: max(scale, 1),
                    inputCount: input,
                    kernel
                )
            case .clamped(let kernel):
                Self.clamped(
                    centre: Double(singleScale * (Float(position) + 0.5) - 0.5),
                    inputCount: input,
                    kernel
                )
            case .alignedCorners:
                Self.alignedCorners(position, from: input, to: output)
            }
        }
        let longest = windows.map(\.weights.count).max() ?? 0
        let tapCount = (longest + 3) / 4 * 4
        inputCount = input
        outputCount = output
        self.tapCount = tapCount
        starts = windows.map(\.start)
        counts = windows.map(\.weights.count)
        let padded = windows.flatMap { window in
            window.weights + [Double](repeating: 0, count: tapCount - window.weights.count)
        }
        weights = padded.map { Float($0) }
        let one = Double(1 << Self.fractionBits)
        fixedWeights = padded.map { Int32(($0 * one).rounded(.toNearestOrAwayFromZero)) }
    }

    /// Source: Pillow `precompute_coeffs`, which PyTorch's antialiased interpolation repeats.
    private static func antialiased(
        centre: Double,
        widening: Double,
        inputCount: Int,
        _ kernel: ResamplingKernel
    ) -> (start: Int, weights: [Double]) {
        let support = kernel.support * widening
        let start = max(Int(centre - support + 0.5), 0)
        let end = min(Int(centre + support + 0.5), inputCount)
        var weights = (start..<end).map {
            kernel.weight((Double($0) - centre + 0.5) / widening)
        }
        let sum = weights.reduce(0, +)
        for index in weights.indices { weights[index] /= sum }
        return (start, weights)
    }

    private static func clamped(
        centre: Double,
        inputCount: Int,
        _ kernel: ResamplingKernel
    ) -> (start: Int, weights: [Double]) {
        let last = inputCount - 1
        let floor = centre.rounded(.down)
        let reach = Int(kernel.support)
        let indices = (Int(floor) - reach + 1)...(Int(floor) + reach)
        let start = min(max(indices.lowerBound, 0), last)
        let end = min(max(indices.upperBound, 0), last)
        var weights = [Double](repeating: 0, count: end - start + 1)
        for index in indices {
            weights[min(max(index, 0), last) - start] += kernel.weight(Double(index) - centre)
        }
        return (start, weights)
    }

    private static func alignedCorners(
        _ position: Int,
        from input: Int,
        to output: Int
    ) -> (start: Int, weights: [Double]) {
        let scale = output > 1 ? Float(input - 1) / Float(output - 1) : 0
        let centre = min(Float(position) * scale, Float(input - 1))
        let start = Int(centre)
        let fraction = Double(centre) - Double(start)
        return start < input - 1 ? (start, [1 - fraction, fraction]) : (start, [1])
    }
}

internal import CKernels
public import Tensors

/// The passes between the convolutions of an encoder, on feature maps.
public enum FeaturePasses {
    /// A scale and a shift by channel.
    public struct Affine: Sendable {
        private let channels: Int
        fileprivate let scale: PackedWeights
        fileprivate let shift: PackedWeights

        /// Keeps `scale [C]` and `shift [C]`.
        public init(scale: [Float], shift: [Float]) {
            precondition(scale.count == shift.count, "\(scale.count) scales, \(shift.count) shifts")
            channels = scale.count
            self.scale = PackedWeights(padding: scale)
            self.shift = PackedWeights(padding: shift)
        }

        /// `x * scale + shift`; the border stays zero.
        public func callAsFunction(_ x: FeatureMap, pool: FeaturePool) -> FeatureMap {
            precondition(x.shape[1] == channels, "\(channels) scales for \(x.shape)")
            let y = pool.map(x.shape)
            var (from, to) = (x.map, y.map)
            ck_affine(&from, scale.start, shift.start, &to)
            return y
        }
    }

    /// The mean of every channel: `[N, C, H, W]` to `[N, C]`.
    public static func channelMeans(_ x: FeatureMap) -> Tensor<Float> {
        let width = x.map.blocks * FeatureMap.line
        let means = PackedWeights(padding: [Float](repeating: 0, count: x.shape[0] * width))
        withUnsafePointer(to: x.map) { ck_channel_means($0, means.start) }
        return Tensor(uninitialized: [x.shape[0], x.shape[1]]) { out in
            for index in out.indices {
                let (n, channel) = (index / x.shape[1], index % x.shape[1])
                out.initializeElement(at: index, to: means.start[n * width + channel])
            }
        }
    }

    /// `x * gate` plus every `stride`th row and column of `kept`, and that once more with an affine map applied.
    ///
    /// - Parameters:
    ///   - x: `[N, C, H, W]`.
    ///   - gate: `[N, C]`.
    ///   - kept: `[N, C, H', W']` with `H = ceil(H' / stride)`, likewise W.
    ///   - stride: The step in `kept`.
    ///   - affine: Applied to the second result; nil for none.
    ///   - pool: Memory.
    /// - Returns: The sum and, if asked for, the affine map of it.
    public static func gatedSum(
        _ x: FeatureMap,
        gate: Tensor<Float>,
        _ kept: FeatureMap,
        stride: Int,
        then affine: Affine?,
        pool: FeaturePool
    ) -> (sum: FeatureMap, normed: FeatureMap?) {
        precondition(
            x.shape[..<2] == kept.shape[..<2] && gate.shape == Array(x.shape[..<2])
                && (2...3).allSatisfy { (kept.shape[$0] - 1) / stride + 1 == x.shape[$0] },
            "\(x.shape) gated by \(gate.shape) + \(kept.shape) with stride \(stride)"
        )
        let width = x.map.blocks * FeatureMap.line
        var rows = [Float](repeating: 0, count: x.shape[0] * width)
        for (index, value) in gate.scalars.enumerated() {
            rows[index / x.shape[1] * width + index % x.shape[1]] = value
        }
        let gates = PackedWeights(padding: rows)
        let (y, normed) = (pool.map(x.shape), affine.map { _ in pool.map(x.shape) })
        var (from, other, to) = (x.map, kept.map, y.map)
        withExtendedLifetime(gates) {
            if let affine, let normed {
                var second = normed.map
                let (scale, shift) = (affine.scale.start, affine.shift.start)
                ck_gated_sum(&from, gates.start, &other, stride, &to, scale, shift, &second)
            } else {
                ck_gated_sum(&from, gates.start, &other, stride, &to, nil, nil, nil)
            }
        }
        return (y, normed)
    }

    /// Adds `x [N, C, h, w]` to `y [N, C, H, W]`, resized bilinearly with the corners' centres kept in place.
    public static func addResized(_ x: FeatureMap, to y: FeatureMap) {
        precondition(x.shape[..<2] == y.shape[..<2], "\(x.shape) onto \(y.shape)")
        var (from, to) = (x.map, y.map)
        ck_add_resized(&from, &to)
    }
}

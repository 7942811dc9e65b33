internal import CKernels
internal import Glibc
internal import Tensors

/// Weights in the order in which the blocked kernels read them.
///
/// Unchecked: the memory is written by `init` and only read afterwards.
final class PackedWeights: @unchecked Sendable {
    let start: UnsafeMutablePointer<Float>

    private init(_ floats: Int, _ fill: (UnsafeMutablePointer<Float>) -> Void) {
        guard let fresh = ck_aligned(floats) else {
            preconditionFailure("no memory for \(floats) floats")
        }
        fill(fresh)
        start = fresh
    }

    deinit { free(start) }

    /// The blocks of 16 by 16 weights of `[O, I]`.
    private static func blockFloats(_ weight: Tensor<Float>) -> Int {
        FeatureMap.blockCount(weight.shape[0]) * FeatureMap.blockCount(weight.shape[1])
            * FeatureMap.line * FeatureMap.line
    }

    /// Chosen taps of `weight [O, I, 3, 3]`, in the given order.
    convenience init(_ weight: Tensor<Float>, taps: [Int]) {
        self.init(taps.count * Self.blockFloats(weight)) { start in
            ck_pack_direct(
                weight.scalars,
                weight.shape[0],
                weight.shape[1],
                9,
                taps,
                taps.count,
                start
            )
        }
    }

    /// `weight [O, I, 3, 3]` transformed for Winograd's algorithm.
    convenience init(winograd weight: Tensor<Float>, upsamples: Bool, _ precision: Precision) {
        let isBFloat16 = precision == .bfloat16
        self.init(36 * Self.blockFloats(weight) / (isBFloat16 ? 2 : 1)) { start in
            ck_pack_winograd(
                weight.scalars,
                weight.shape[0],
                weight.shape[1],
                upsamples,
                isBFloat16,
                start
            )
        }
    }

    /// All taps of `weight [O, I, k, k]`, in order.
    convenience init(direct weight: Tensor<Float>) {
        let size = weight.shape[2] * weight.shape[3]
        self.init(size * Self.blockFloats(weight)) { start in
            ck_pack_direct(
                weight.scalars,
                weight.shape[0],
                weight.shape[1],
                size,
                Array(0..<size),
                size,
                start
            )
        }
    }

    /// `weight [O, I, 3, 3]` transformed for Winograd's algorithm with stride 2.
    convenience init(winogradDown weight: Tensor<Float>) {
        self.init(36 * Self.blockFloats(weight)) { start in
            ck_pack_winograd_down(weight.scalars, weight.shape[0], weight.shape[1], start)
        }
    }

    /// The weights `[O, I]` of a matrix product.
    convenience init(product weight: Tensor<Float>) {
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        self.init(ck_gemm_packed(outputs, inputs)) { start in
            ck_gemm_pack(weight.scalars, outputs, inputs, inputs, 1, start)
        }
    }

    /// A vector filled up to whole blocks with zeros.
    convenience init(padding vector: [Float]) {
        self.init(FeatureMap.blockCount(vector.count) * FeatureMap.line) { start in
            start.update(from: vector, count: vector.count)
        }
    }
}

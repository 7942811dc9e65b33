internal import Tensors

/// The slow, plain version of every kernel: loops as in the textbook, sums in float64.
///
/// Nothing calls these but tests, which compare each with its fast kernel of the same signature.
package enum Reference {
    /// Calls `body` with the sample, channel, row and column of every element of `[N, C, H, W]`, in order.
    static func eachElement(_ shape: [Int], _ body: (Int, Int, Int, Int) -> Void) {
        for n in 0..<shape[0] {
            for c in 0..<shape[1] {
                for i in 0..<shape[2] {
                    for j in 0..<shape[3] { body(n, c, i, j) }
                }
            }
        }
    }

    /// Computes every element of a `[N, C, H, W]` tensor on its own.
    static func tensor<Scalar>(
        _ shape: [Int],
        _ element: (Int, Int, Int, Int) -> Scalar
    ) -> Tensor<Scalar> {
        var scalars: [Scalar] = []
        scalars.reserveCapacity(shape.reduce(1, *))
        eachElement(shape) { scalars.append(element($0, $1, $2, $3)) }
        return Tensor(shape: shape, scalars: scalars)
    }
}

extension Tensor {
    /// One element of a `[N, C, H, W]` tensor, or nil outside the image.
    subscript(n: Int, c: Int, i: Int, j: Int) -> Scalar? {
        guard (0..<shape[2]).contains(i), (0..<shape[3]).contains(j) else { return nil }
        return scalars[((n * shape[1] + c) * shape[2] + i) * shape[3] + j]
    }
}

internal import CKernels

/// How places of a plane push each other away in t-SNE.
public enum RepulsionKernel {
    private static let lanes = 16
    /// So far away that q is 0, and its square is still a number.
    private static let far: Float = 1e18

    /// The forces of all pairs.
    ///
    /// - Parameters:
    ///   - x: From left to right.
    ///   - y: As many.
    /// - Returns: Of each place the sums, over all others, of q squared times the difference in x and in y, and of q, which
    ///   is 1 / (1 + distance squared).
    public static func forces(x: [Float], y: [Float]) -> [(x: Float, y: Float, near: Float)] {
        precondition(x.count == y.count, "\(x.count) and \(y.count) coordinates")
        let count = x.count
        let filling = [Float](repeating: far, count: (lanes - count % lanes) % lanes)
        let (x, y) = (x + filling, y + filling)
        let sums = [Float](unsafeUninitializedCapacity: 3 * count) { sums, initialised in
            ck_repulsion(x, y, count, x.count, sums.baseAddress)
            initialised = 3 * count
        }
        // Each place is its own neighbour with q = 1 and no difference.
        return (0..<count).map { place in
            let near: Float = sums[3 * place + 2] - 1
            return (x: sums[3 * place], y: sums[3 * place + 1], near: near)
        }
    }
}

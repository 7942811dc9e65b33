public import Tensors

/// Two initial states or masks that cannot be blended.
public struct BlendError: Error, Sendable, CustomStringConvertible {
    /// What does not fit.
    public let description: String
}

/// Blending of motions: on `z_d0`, before the ODE is solved.
///
/// Source: paper section 4.4 and figure 11; spec section 2, operations 3 and 4.
public enum DynamicsBlend {
    /// Takes the motion of `a` where the mask is 1 and that of `b` where it is 0: `m*a + (1-m)*b`.
    ///
    /// Shapes: `a`, `b [C, h, w]`, `mask [h, w]` in 0...1, to `[C, h, w]`, float64.
    ///
    /// - Parameters:
    ///   - a: Where the mask is 1.
    ///   - b: Where the mask is 0.
    ///   - mask: Weights per cell.
    /// - Returns: The blended initial state; `a` bit for bit where the mask is 1.
    /// - Throws: `BlendError` if shapes differ or a weight leaves 0...1.
    public static func blend(
        _ a: Tensor<Double>,
        _ b: Tensor<Double>,
        mask: Tensor<Double>
    ) throws(BlendError) -> Tensor<Double> {
        guard a.shape == b.shape else {
            throw BlendError(description: "motions of shapes \(a.shape) and \(b.shape)")
        }
        guard mask.shape[...] == a.shape[1...] else {
            throw BlendError(description: "a mask \(mask.shape) for a grid \(Array(a.shape[1...]))")
        }
        guard mask.scalars.allSatisfy({ (0...1).contains($0) }) else {
            throw BlendError(description: "a mask holds weights outside 0...1")
        }
        let cells = mask.count
        return Tensor(uninitialized: a.shape) { out in
            for index in out.indices {
                let m = mask.scalars[index % cells]
                out.initializeElement(
                    at: index,
                    to: m * a.scalars[index] + (1 - m) * b.scalars[index]
                )
            }
        }
    }

    /// Interpolates two motions: `(1-weight)*a + weight*b`.
    ///
    /// Shapes: `a`, `b [C, h, w]` to `[C, h, w]`, float64. Weights outside 0...1 extrapolate.
    ///
    /// - Parameters:
    ///   - a: The motion at weight 0.
    ///   - b: The motion at weight 1.
    ///   - weight: lambda of figure 11.
    /// - Returns: The mixed initial state.
    /// - Throws: `BlendError` if shapes differ or the weight is not finite.
    public static func mix(
        _ a: Tensor<Double>,
        _ b: Tensor<Double>,
        weight: Double
    ) throws(BlendError) -> Tensor<Double> {
        guard a.shape == b.shape else {
            throw BlendError(description: "motions of shapes \(a.shape) and \(b.shape)")
        }
        guard weight.isFinite else { throw BlendError(description: "the weight is \(weight)") }
        return Tensor(uninitialized: a.shape) { out in
            for index in out.indices {
                out.initializeElement(
                    at: index,
                    to: (1 - weight) * a.scalars[index] + weight * b.scalars[index]
                )
            }
        }
    }
}

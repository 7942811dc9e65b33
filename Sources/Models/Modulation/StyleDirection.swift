public import Tensors

/// Text-driven change of the style code.
///
/// Source: paper equations (5) and (12).
public enum StyleDirection {
    /// Moves a style code along a text direction: `style + alpha * (to - from)`.
    ///
    /// Shapes: all `[E]`, float32, features not normalised.
    ///
    /// - Parameters:
    ///   - source: `CLIP_T` of what is.
    ///   - target: `CLIP_T` of what shall be.
    ///   - alpha: The strength; 0 gives `style` back.
    ///   - style: `CLIP_I(G(z_C))`, or a code that was moved already.
    /// - Returns: `z_S`.
    public static func apply(
        from source: Tensor<Float>,
        to target: Tensor<Float>,
        alpha: Float,
        style: Tensor<Float>
    ) -> Tensor<Float> {
        precondition(source.shape == style.shape && target.shape == style.shape, "E differs")
        return Tensor(uninitialized: style.shape) { out in
            for index in out.indices {
                let direction = target.scalars[index] - source.scalars[index]
                out.initializeElement(at: index, to: style.scalars[index] + alpha * direction)
            }
        }
    }
}

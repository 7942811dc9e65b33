public import Gradients
public import Kernels
internal import Tensors

/// Whose formula a term of the objective has, where the paper and the authors' code differ: spec section 9.
public enum ObjectiveVariant: String, Codable, Sendable, CaseIterable {
    /// The formulas of the paper; means over pictures and pairs.
    case paper
    /// The formulas of the code; sums over pictures and pairs, a hinge on the offsets.
    case authors
}

/// The terms of the objective that compare features of CLIP and DINO.
///
/// Features are `[B * n, E]`, clip by clip unless said otherwise, not normalised. Source: paper equations (6) to (9);
/// spec section 7.
public enum FeatureLosses {
    /// `LC`: how far the pictures of a clip are from each other.
    ///
    /// The mean over pairs of `1 - cos`; the authors' code adds up over the n - 1 cyclic shifts instead, which is n - 1
    /// times as much. Source: paper equation (6).
    ///
    /// - Parameters:
    ///   - features: `[B * n, E]`, clip by clip.
    ///   - count: n, the pictures of each clip.
    ///   - variant: The factor.
    /// - Returns: `[]`; 0 for single pictures.
    public static func consistency(
        _ features: Variable<Float>,
        count: Int,
        _ variant: ObjectiveVariant
    ) -> Variable<Float> {
        let unit = features.unitRows()
        let rows = features.shape[0]
        guard count > 1 else { return Variable(Tensor(shape: [], scalars: [0])) }
        let cosines = (1..<count).map { shift in
            Variable.inner(
                unit,
                unit.picking(
                    (0..<rows).map { row in
                        row / count * count + (row % count + count - shift) % count
                    }
                )
            ).mean
        }
        let sum = Variable.combination(cosines.map { (-1, $0) }).scaled(1, plus: Float(count - 1))
        return variant == .authors ? sum : sum.scaled(1 / Float(count - 1))
    }

    /// `LD`: how far the change of the pictures points from the change of the description.
    ///
    /// `1 - cos(mean_t(real_t - generated_t), source - target)`, every feature of unit length, mean over clips. If no
    /// description changes, it is the length of the change of the pictures. Source: paper equation (9).
    ///
    /// - Parameters:
    ///   - real: `[B * n, E]`, clip by clip; no gradient.
    ///   - generated: `[B * n, E]`, of the pictures under the target description.
    ///   - count: n, the pictures of each clip.
    ///   - source: `[B, E]`, of what is.
    ///   - target: `[B, E]`, of what shall be.
    /// - Returns: `[]`.
    public static func directional(
        real: Variable<Float>,
        generated: Variable<Float>,
        count: Int,
        source: Variable<Float>,
        target: Variable<Float>
    ) -> Variable<Float> {
        // [B, E].
        let change =
            real.unitRows().meanOverRows(count) - generated.unitRows().meanOverRows(count)
        let wanted = source.unitRows() - target.unitRows()
        if wanted.value.scalars.allSatisfy({ $0 == 0 }) {
            return Variable.inner(change, change).total.squareRoot(eps: 1e-24)
        }
        // 1e-18: the reference adds 1e-9 to the lengths.
        return Variable.cosine(change, wanted, eps: 1e-18).mean.scaled(-1, plus: 1)
    }

    /// `LS`: how differently the parts of two pictures relate to each other, seen by DINO's keys.
    ///
    /// The squared difference of the cosines between all keys of a picture, mean over pairs of keys; mean over pictures,
    /// or their sum in the authors' code. Source: Tumanyan et al. 2022; paper equation (8).
    ///
    /// - Parameters:
    ///   - keys: `[N, T, D]`, of the generated pictures.
    ///   - wanted: `[N, T, D]`, of the real ones.
    ///   - variant: Mean or sum over pictures.
    /// - Returns: `[]`.
    public static func structure(
        _ keys: Variable<Float>,
        _ wanted: Variable<Float>,
        _ variant: ObjectiveVariant
    ) -> Variable<Float> {
        squaredError(
            keys.unitRows(eps: 1e-16).rowProducts,
            wanted.unitRows(eps: 1e-16).rowProducts,
            variant
        )
    }

    /// `LA`: how different two pictures look as a whole, seen by DINO's class tokens.
    ///
    /// Source: Tumanyan et al. 2022; paper equation (7).
    ///
    /// - Parameters:
    ///   - tokens: `[N, D]`, of the generated pictures.
    ///   - wanted: `[N, D]`, of the pictures of their content.
    ///   - variant: Mean or sum over pictures.
    /// - Returns: `[]`.
    public static func appearance(
        _ tokens: Variable<Float>,
        _ wanted: Variable<Float>,
        _ variant: ObjectiveVariant
    ) -> Variable<Float> {
        squaredError(tokens, wanted, variant)
    }

    /// `LL`: how far codes are from the content that they are made of.
    ///
    /// The mean of `|w - z_C|`; in the authors' code the mean of its square, as far as it exceeds a margin.
    /// Source: paper equation (10).
    ///
    /// - Parameters:
    ///   - codes: `[N, L, D]`.
    ///   - contents: `[N, L, D]`.
    ///   - margin: What the authors' code leaves free.
    ///   - variant: Which of both.
    /// - Returns: `[]`.
    public static func latent(
        _ codes: Variable<Float>,
        _ contents: Variable<Float>,
        margin: Float,
        _ variant: ObjectiveVariant
    ) -> Variable<Float> {
        let offsets = codes - contents
        return switch variant {
        case .paper: offsets.magnitude.mean
        case .authors: offsets.squared.mean.scaled(1, plus: -margin).maximum(0)
        }
    }

    /// The mean squared difference of two tensors of one shape.
    public static func meanSquare(_ a: Variable<Float>, _ b: Variable<Float>) -> Variable<Float> {
        (a - b).squared.mean
    }

    private static func squaredError(
        _ a: Variable<Float>,
        _ b: Variable<Float>,
        _ variant: ObjectiveVariant
    ) -> Variable<Float> {
        let mean = meanSquare(a, b)
        return variant == .authors ? mean.scaled(Float(a.shape[0])) : mean
    }
}

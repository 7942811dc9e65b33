internal import Foundation

/// The Inception score's formula over the probabilities of any classifier.
///
/// Source: Salimans et al. 2016, "Improved Techniques for Training GANs", without its ten splits.
public enum ClassScore {
    /// `exp(mean over pictures of KL(p(y|x) || p(y)))`: 1 if all look alike, at most the number of classes.
    ///
    /// - Parameter probabilities: Of each picture, one for each class, that sum to 1.
    /// - Returns: The score; nil for fewer than two pictures or classes.
    public static func score(_ probabilities: [[Double]]) -> Double? {
        guard probabilities.count > 1, let classes = probabilities.first?.count, classes > 1 else {
            return nil
        }
        let marginal = (0..<classes).map { label in
            probabilities.reduce(0) { $0 + $1[label] } / Double(probabilities.count)
        }
        let divergence = probabilities.reduce(0.0) { sum, own in
            sum
                + zip(own, marginal).reduce(0.0) { inner, pair in
                    pair.0 > 0 ? inner + pair.0 * log(pair.0 / pair.1) : inner
                }
        }
        return exp(divergence / Double(probabilities.count))
    }

    /// Probabilities of logits, by softmax.
    public static func softmax(_ logits: [Float]) -> [Double] {
        let top = Double(logits.max() ?? 0)
        let raw = logits.map { exp(Double($0) - top) }
        let sum = raw.reduce(0, +)
        return raw.map { $0 / sum }
    }
}

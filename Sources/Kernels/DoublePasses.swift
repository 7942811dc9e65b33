internal import CKernels
public import Tensors

/// Elementwise float64 passes of the latent dynamics and of the solver, run by `CKernels`.
///
/// Sums run in one fixed order: results do not depend on the number of threads, bit by bit.
/// `Reference` holds the slow, plain version of each; tests compare the two.
public enum DoublePasses {
    /// The hyperbolic tangent, in place; off by less than 1 unit in the last place.
    ///
    /// By less than 2 on processors without fused multiply-add.
    public static func tanh(_ x: inout Tensor<Double>) { ck_tanh(&x.scalars, x.count) }

    /// The logistic function, in place.
    public static func sigmoid(_ x: inout Tensor<Double>) { ck_sigmoid(&x.scalars, x.count) }

    /// Some arrays of one length with what each is multiplied by; those with a factor of 0 are left out.
    public struct Combination {
        private let factors: [Double]
        private let terms: [[Double]]

        /// Pairs factors with arrays, at most as many as there are of both.
        public init(_ factors: [Double], _ terms: [[Double]]) {
            let pairs = zip(factors, terms).filter { $0.0 != 0 }
            self.factors = pairs.map(\.0)
            self.terms = pairs.map(\.1)
        }

        /// Computes `base + sum of factor * term`.
        public func added(to base: [Double]) -> [Double] {
            precondition(terms.allSatisfy { $0.count == base.count }, "terms of other lengths")
            return withPointers(to: terms) { terms in
                [Double](unsafeUninitializedCapacity: base.count) { out, count in
                    guard let out = out.baseAddress else { return }
                    ck_combine(base, factors, terms, terms.count, out, base.count)
                    count = base.count
                }
            }
        }

        /// The root mean square of `sum of factor * term`, each element over `atol + rtol * max(|a|, |b|)`.
        ///
        /// 0 for arrays without elements.
        public func scaledNorm(
            _ a: [Double],
            _ b: [Double],
            atol: Double,
            rtol: Double
        ) -> Double {
            precondition(
                a.count == b.count && terms.allSatisfy { $0.count == a.count },
                "terms of other lengths"
            )
            guard !a.isEmpty else { return 0 }
            let squares = withPointers(to: terms) { terms in
                ck_scaled_squares(factors, terms, terms.count, a, b, atol, rtol, a.count)
            }
            return (squares / Double(a.count)).squareRoot()
        }
    }

    /// Fits one quartic per element through both ends, both slopes and the middle of a solver's step.
    ///
    /// - Parameters:
    ///   - y0: Values at the start; all arrays have one length.
    ///   - y1: Values at the end.
    ///   - middle: Values halfway.
    ///   - f0: Slopes at the start.
    ///   - f1: Slopes at the end.
    ///   - dt: The step's length.
    /// - Returns: `[5, n]`, coefficients of powers of the part of the step that has passed, the constant first.
    public static func quartics(
        y0: [Double],
        y1: [Double],
        middle: [Double],
        f0: [Double],
        f1: [Double],
        dt: Double
    ) -> [Double] {
        precondition([y1, middle, f0, f1].allSatisfy { $0.count == y0.count }, "other lengths")
        return [Double](unsafeUninitializedCapacity: 5 * y0.count) { out, count in
            guard let out = out.baseAddress else { return }
            ck_fit_quartics(y0, y1, middle, f0, f1, dt, out, y0.count)
            count = 5 * y0.count
        }
    }

    /// Writes the values of quartics `[5, n]` at positions in 0...1: `[positions, n]`, uninitialised before.
    public static func evaluate(
        quartics: [Double],
        at positions: [Double],
        into out: UnsafeMutableBufferPointer<Double>
    ) {
        precondition(
            quartics.count % 5 == 0 && out.count == positions.count * (quartics.count / 5),
            "\(positions.count) positions of \(quartics.count) coefficients into \(out.count) values"
        )
        guard let out = out.baseAddress else { return }
        ck_quartics(quartics, quartics.count / 5, positions, positions.count, out)
    }
}

/// Lends arrays to C as a table of pointers.
private func withPointers<Result>(
    to arrays: [[Double]],
    _ body: ([UnsafePointer<Double>?]) -> Result
) -> Result {
    func lend(_ found: [UnsafePointer<Double>?]) -> Result {
        guard found.count < arrays.count else { return body(found) }
        return arrays[found.count].withUnsafeBufferPointer { lend(found + [$0.baseAddress]) }
    }
    return lend([])
}

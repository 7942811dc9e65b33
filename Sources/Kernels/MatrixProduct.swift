internal import CKernels

/// Row-major matrix products on raw rows, for layers that lay out their own operands.
public enum MatrixProduct {
    /// Computes `c = alpha * a * b (+ c)` in float32.
    ///
    /// Shapes: `a [m, k]`, or `[k, m]` if `transposesA`; `b [k, n]`, or `[n, k]` if `transposesB`; `c [m, n]`;
    /// `ld…` are row strides in elements. Sums run in one fixed order; a matrix that stays the same is better kept
    /// in a `LinearKernel`, since `b` is packed by every call.
    public static func float(
        m: Int,
        n: Int,
        k: Int,
        alpha: Float = 1,
        a: UnsafePointer<Float>,
        lda: Int,
        transposesA: Bool = false,
        b: UnsafePointer<Float>,
        ldb: Int,
        transposesB: Bool = false,
        accumulates: Bool = false,
        c: UnsafeMutablePointer<Float>,
        ldc: Int
    ) {
        guard m > 0, n > 0 else { return }
        guard k > 0 else {
            if !accumulates {
                for row in 0..<m { (c + row * ldc).initialize(repeating: 0, count: n) }
            }
            return
        }
        ck_product(
            m,
            n,
            k,
            alpha,
            a,
            transposesA ? 1 : lda,
            transposesA ? lda : 1,
            b,
            transposesB ? 1 : ldb,
            transposesB ? ldb : 1,
            accumulates,
            c,
            ldc
        )
    }

    /// Computes `c = a * b` in float64, every sum in the order of `k`.
    ///
    /// Shapes: `a [m, k]`, `b [k, n]`, `c [m, n]`, all dense.
    public static func double(
        m: Int,
        n: Int,
        k: Int,
        a: UnsafePointer<Double>,
        b: UnsafePointer<Double>,
        c: UnsafeMutablePointer<Double>
    ) {
        ck_product_f64(m, n, k, 1, a, k, 1, b, n, 1, false, c)
    }
}

internal import CKernels
internal import COneDNN

/// Row-major matrix products on raw rows, for layers that lay out their own operands.
public enum MatrixProduct {
    /// Computes `c = alpha * a * b (+ c)` in float32.
    ///
    /// Shapes: `a [m, k]`, or `[k, m]` if `transposesA`; `b [k, n]`, or `[n, k]` if `transposesB`; `c [m, n]`;
    /// `ld…` are row strides in elements.
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
        onFittingThreads(m, n, k) {
            OneDNN.check(
                dnnl_sgemm(
                    CChar(UInt8(ascii: transposesA ? "T" : "N")),
                    CChar(UInt8(ascii: transposesB ? "T" : "N")),
                    dnnl_dim_t(m),
                    dnnl_dim_t(n),
                    dnnl_dim_t(k),
                    alpha,
                    a,
                    dnnl_dim_t(lda),
                    b,
                    dnnl_dim_t(ldb),
                    accumulates ? 1 : 0,
                    c,
                    dnnl_dim_t(ldc)
                ),
                "multiply [\(m), \(k)] by [\(k), \(n)]"
            )
        }
    }

    /// Products of fewer multiplications than this take about 20 microseconds on one core: waking another
    /// one costs as much, and on busy machines far more.
    private static let smallProduct = 1 << 21

    private static func onFittingThreads(_ m: Int, _ n: Int, _ k: Int, _ body: () -> Void) {
        if Double(m) * Double(n) * Double(k) < Double(smallProduct) {
            ThreadPool.serially(body)
        } else {
            body()
        }
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
        ck_double_product(a, b, c, m, n, k)
    }
}

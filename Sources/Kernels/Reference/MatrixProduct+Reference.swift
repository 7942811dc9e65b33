extension Reference {
    /// What `MatrixProduct.float` computes.
    package static func product(
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
        for i in 0..<m {
            for j in 0..<n {
                var sum = 0.0
                for l in 0..<k {
                    let left = transposesA ? a[l * lda + i] : a[i * lda + l]
                    let right = transposesB ? b[j * ldb + l] : b[l * ldb + j]
                    sum += Double(left) * Double(right)
                }
                let old = accumulates ? Double(c[i * ldc + j]) : 0
                c[i * ldc + j] = Float(Double(alpha) * sum + old)
            }
        }
    }

    /// What `MatrixProduct.double` computes.
    package static func product(
        m: Int,
        n: Int,
        k: Int,
        a: UnsafePointer<Double>,
        b: UnsafePointer<Double>,
        c: UnsafeMutablePointer<Double>
    ) {
        for i in 0..<m {
            for j in 0..<n {
                c[i * n + j] = (0..<k).reduce(0) { $0 + a[i * k + $1] * b[$1 * n + j] }
            }
        }
    }
}

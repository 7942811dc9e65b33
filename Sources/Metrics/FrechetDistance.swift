internal import Foundation

/// A Gaussian that is fitted to feature vectors one after another.
public struct FeatureStatistics: Sendable {
    /// Numbers of a vector.
    public let width: Int
    /// Vectors so far.
    public private(set) var count = 0
    private var sum: [Double]
    private var products: [Double]

    /// Starts with no vector.
    public init(width: Int) {
        self.width = width
        sum = [Double](repeating: 0, count: width)
        products = [Double](repeating: 0, count: width * width)
    }

    /// Counts a vector.
    public mutating func add(_ vector: [Float]) {
        precondition(vector.count == width, "\(vector.count) features, expected \(width)")
        count += 1
        let values = vector.map(Double.init)
        for row in 0..<width {
            sum[row] += values[row]
            for column in 0...row { products[row * width + column] += values[row] * values[column] }
        }
    }

    /// The mean.
    public var mean: [Double] { sum.map { $0 / Double(max(1, count)) } }

    /// The covariance, divided by one less than the count as `numpy.cov` does: `[width, width]`.
    public var covariance: [Double] {
        let mean = mean
        let divisor = Double(max(1, count - 1))
        return (0..<width * width).map { place in
            let (row, column) = (place / width, place % width)
            let product = products[max(row, column) * width + min(row, column)]
            return (product - Double(count) * mean[row] * mean[column]) / divisor
        }
    }
}

/// The Frechet distance of two Gaussians: `|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))`.
///
/// The trace of the root is the sum of the roots of the eigenvalues of `C1^(1/2) C2 C1^(1/2)`, which is symmetric, so
/// that no complex root can appear and singular covariances need no offset.
/// Source: Dowson and Landau 1982, "The Frechet distance between multivariate normal distributions".
public enum FrechetDistance {
    /// The distance of the Gaussians of two sets; nil if one has fewer than two vectors.
    public static func between(_ a: FeatureStatistics, _ b: FeatureStatistics) -> Double? {
        precondition(a.width == b.width, "\(a.width) features against \(b.width)")
        guard a.count > 1, b.count > 1 else { return nil }
        return between(a.mean, a.covariance, b.mean, b.covariance)
    }

    /// The distance of two Gaussians.
    ///
    /// Shapes: means `[n]`, covariances `[n, n]` row-major.
    public static func between(
        _ meanA: [Double],
        _ covarianceA: [Double],
        _ meanB: [Double],
        _ covarianceB: [Double]
    ) -> Double {
        let n = meanA.count
        let shift = zip(meanA, meanB).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let root = squareRoot(covarianceA, n)
        let middle = product(product(root, covarianceB, n), root, n)
        let traceOfRoot = SymmetricEigenvalues(middle, n).values
            .reduce(0) { $0 + max(0, $1).squareRoot() }
        let traces = (0..<n).reduce(0.0) { sum, index in
            sum + covarianceA[index * n + index] + covarianceB[index * n + index]
        }
        return max(0, shift + traces - 2 * traceOfRoot)
    }

    /// The symmetric root of a positive semi-definite matrix; eigenvalues below 0 are rounding and count as 0.
    package static func squareRoot(_ matrix: [Double], _ n: Int) -> [Double] {
        let eigen = SymmetricEigenvalues(matrix, n)
        var scaled = eigen.vectors
        for row in 0..<n {
            let factor = max(0, eigen.values[row]).squareRoot()
            for column in 0..<n { scaled[row * n + column] *= factor }
        }
        // Sum over eigenvectors of root(value) v v^T.
        return product(transposed(eigen.vectors, n), scaled, n)
    }

    private static func transposed(_ matrix: [Double], _ n: Int) -> [Double] {
        (0..<n * n).map { matrix[$0 % n * n + $0 / n] }
    }

    private static func product(_ a: [Double], _ b: [Double], _ n: Int) -> [Double] {
        var result = [Double](repeating: 0, count: n * n)
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                result.withUnsafeMutableBufferPointer { result in
                    for row in 0..<n {
                        for inner in 0..<n {
                            let factor = a[row * n + inner]
                            for column in 0..<n {
                                result[row * n + column] += factor * b[inner * n + column]
                            }
                        }
                    }
                }
            }
        }
        return result
    }
}

internal import Foundation

/// Eigenvalues and eigenvectors of a symmetric matrix, in float64.
///
/// Householder reflections make it tridiagonal, then QL steps with implicit shifts make it diagonal.
/// Source: Martin, Reinsch and Wilkinson 1968, "Householder's tridiagonalization of a symmetric matrix"; Bowdler,
/// Martin, Reinsch and Wilkinson 1968, "The QR and QL algorithms for symmetric matrices".
public struct SymmetricEigenvalues: Sendable {
    /// The eigenvalues, in no order.
    public private(set) var values: [Double]
    /// Row i is the eigenvector of `values[i]`, of length 1: `[n, n]`, row-major.
    public private(set) var vectors: [Double]
    private let count: Int
    private var offDiagonal: [Double]

    /// Decomposes a matrix.
    ///
    /// - Parameters:
    ///   - matrix: `[n, n]`, row-major; only its symmetric part counts.
    ///   - n: Rows.
    public init(_ matrix: [Double], _ n: Int) {
        precondition(matrix.count == n * n, "\(matrix.count) numbers are no \(n)x\(n) matrix")
        count = n
        values = [Double](repeating: 0, count: n)
        offDiagonal = [Double](repeating: 0, count: n)
        vectors = (0..<n * n).map { (matrix[$0] + matrix[$0 % n * n + $0 / n]) / 2 }
        guard n > 0 else { return }
        tridiagonalise()
        diagonalise()
    }

    /// Reflects column after column; `vectors` then holds the product of the reflections, transposed.
    private mutating func tridiagonalise() {
        let n = count
        // Rows of `basis` become the basis in which the matrix is tridiagonal.
        var a = vectors
        var basis = [Double](repeating: 0, count: n * n)
        for index in 0..<n { basis[index * n + index] = 1 }
        var direction = [Double](repeating: 0, count: n)
        var image = [Double](repeating: 0, count: n)
        for column in 0..<max(0, n - 2) {
            let first = column + 1
            var square = 0.0
            for row in first..<n { square += a[row * n + column] * a[row * n + column] }
            let head = a[first * n + column]
            guard square - head * head > 0 else { continue }
            let length = head > 0 ? -square.squareRoot() : square.squareRoot()
            for row in first..<n { direction[row] = a[row * n + column] }
            direction[first] -= length
            let norm = (square - 2 * head * length + length * length).squareRoot()
            for row in first..<n { direction[row] /= norm }
            // a := (1 - 2vv^T) a (1 - 2vv^T), as a - v w^T - w v^T.
            var along = 0.0
            for row in column..<n {
                var sum = 0.0
                for other in first..<n { sum += a[row * n + other] * direction[other] }
                image[row] = 2 * sum
                if row >= first { along += sum * direction[row] }
            }
            for row in first..<n { image[row] -= 2 * along * direction[row] }
            for row in column..<n {
                let (v, w) = (row >= first ? direction[row] : 0, image[row])
                for other in column..<n {
                    let otherDirection = other >= first ? direction[other] : 0
                    a[row * n + other] -= v * image[other] + w * otherDirection
                }
            }
            reflectRows(of: &basis, direction, from: first)
        }
        for index in 0..<n { values[index] = a[index * n + index] }
        for index in 0..<max(0, n - 1) { offDiagonal[index] = a[(index + 1) * n + index] }
        vectors = basis
    }

    /// `basis := (1 - 2vv^T) basis`.
    private func reflectRows(of basis: inout [Double], _ v: [Double], from first: Int) {
        let n = count
        var sums = [Double](repeating: 0, count: n)
        for row in first..<n {
            for column in 0..<n { sums[column] += v[row] * basis[row * n + column] }
        }
        for row in first..<n {
            for column in 0..<n { basis[row * n + column] -= 2 * v[row] * sums[column] }
        }
    }

    /// QL steps with Wilkinson's shift; each rotation turns two rows of `vectors`.
    private mutating func diagonalise() {
        let n = count
        for low in 0..<n {
            // 60 steps are many more than any matrix takes.
            for _ in 0..<60 {
                var high = low
                while high < n - 1 {
                    let scale = abs(values[high]) + abs(values[high + 1])
                    if abs(offDiagonal[high]) <= .ulpOfOne * scale { break }
                    high += 1
                }
                if high == low { break }
                step(low, high)
            }
        }
    }

    private mutating func step(_ low: Int, _ high: Int) {
        let slope = (values[low + 1] - values[low]) / (2 * offDiagonal[low])
        let root = (slope * slope + 1).squareRoot()
        var g =
            values[high] - values[low]
            + offDiagonal[low] / (slope + (slope < 0 ? -root : root))
        var (sine, cosine, shift) = (1.0, 1.0, 0.0)
        for index in stride(from: high - 1, through: low, by: -1) {
            let f = sine * offDiagonal[index]
            let b = cosine * offDiagonal[index]
            let r = (f * f + g * g).squareRoot()
            offDiagonal[index + 1] = r
            guard r > 0 else {
                values[index + 1] -= shift
                offDiagonal[high] = 0
                return
            }
            (sine, cosine) = (f / r, g / r)
            g = values[index + 1] - shift
            let turned = (values[index] - g) * sine + 2 * cosine * b
            shift = sine * turned
            values[index + 1] = g + shift
            g = cosine * turned - b
            rotate(index, sine, cosine)
        }
        values[low] -= shift
        offDiagonal[low] = g
        offDiagonal[high] = 0
    }

    private mutating func rotate(_ row: Int, _ sine: Double, _ cosine: Double) {
        let n = count
        vectors.withUnsafeMutableBufferPointer { vectors in
            for column in row * n..<(row + 1) * n {
                let (a, b) = (vectors[column], vectors[column + n])
                vectors[column + n] = sine * a + cosine * b
                vectors[column] = cosine * a - sine * b
            }
        }
    }
}

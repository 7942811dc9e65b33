import Foundation
import Metrics
import Testing

/// Eigenvalues, the Frechet distance and the class score; constants are from NumPy 2.4 and SciPy 1.17.
struct DistributionTests {
    @Test func eigenvaluesAreThoseOfNumPy() {
        let raw = Drawn.bytes(49, seed: 11).map(Double.init)
        let symmetric: [Double] = (0..<49).map { place in
            let mirrored = place % 7 * 7 + place / 7
            return (raw[place] + raw[mirrored]) / 2
        }
        let eigen = SymmetricEigenvalues(symmetric, 7)
        let wanted = [
            -255.91581646, -81.86199436, -10.92931994, 5.06350918, 140.43305303, 220.72207018,
            817.48849836,
        ]
        for (found, wanted) in zip(eigen.values.sorted(), wanted) {
            #expect(abs(found - wanted) < 1e-8)
        }
        // A v = lambda v for each.
        for row in 0..<7 {
            let vector = Array(eigen.vectors[row * 7..<(row + 1) * 7])
            for line in 0..<7 {
                var product = 0.0
                for inner in 0..<7 { product += symmetric[line * 7 + inner] * vector[inner] }
                let wanted: Double = eigen.values[row] * vector[line]
                #expect(abs(product - wanted) < 1e-11 * 817)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 40])
    func rootsOfSingularMatricesAreRoots(size: Int) {
        // Rank 2 at most.
        let a = (0..<size).map { Double($0 % 5) - 1.5 }
        let b = (0..<size).map { Double($0 % 3) }
        let matrix: [Double] = (0..<size * size).map { place in
            let (row, column) = (place / size, place % size)
            return a[row] * a[column] + b[row] * b[column]
        }
        let root = FrechetDistance.squareRoot(matrix, size)
        for row in 0..<size {
            for column in 0..<size {
                var square = 0.0
                for inner in 0..<size {
                    square += root[row * size + inner] * root[inner * size + column]
                }
                #expect(abs(square - matrix[row * size + column]) < 1e-10)
            }
        }
    }

    @Test func frechetDistanceIsThatOfSciPy() throws {
        func statistics(_ count: Int, _ seed: Int, _ scale: Float, _ shift: Float)
            -> FeatureStatistics
        {
            var statistics = FeatureStatistics(width: 6)
            let values = Drawn.bytes(count * 6, seed: seed).map { Float($0) / 64 * scale + shift }
            for row in 0..<count { statistics.add(Array(values[row * 6..<(row + 1) * 6])) }
            return statistics
        }
        let (a, b) = (statistics(40, 3, 1, 0), statistics(30, 7, 1.3, 0.5))
        let distance = try #require(FrechetDistance.between(a, b))
        // Features are float32 here.
        #expect(abs(distance - 9.963246957092235) < 1e-5)
        #expect(try #require(FrechetDistance.between(a, a)) < 1e-9)
        #expect(FrechetDistance.between(a, statistics(1, 3, 1, 0)) == nil)
    }

    @Test func gaussiansOnALineHaveTheirClosedForm() {
        // (m1 - m2)^2 + (s1 - s2)^2.
        #expect(abs(FrechetDistance.between([1], [4], [3], [25]) - (4 + 9)) < 1e-12)
    }

    @Test func classScoreIsTheExponentialOfTheMeanDivergence() throws {
        let probabilities = [
            [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5], [0.6, 0.3, 0.1],
        ]
        let score = try #require(ClassScore.score(probabilities))
        #expect(abs(score - 1.2371469479955515) < 1e-12)
        #expect(ClassScore.score([[1, 0], [0, 1]]) == 2)
        #expect(ClassScore.score([[0.5, 0.5], [0.5, 0.5]]) == 1)
        #expect(ClassScore.score([[0.5, 0.5]]) == nil)
    }
}

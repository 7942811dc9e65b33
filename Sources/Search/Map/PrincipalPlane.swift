internal import Kernels

/// The two directions in which descriptors are spread most, by orthogonal iteration.
///
/// A map that starts there keeps the large shape of the data (Kobak and Berens 2019).
struct PrincipalPlane {
    /// Rows that the directions are taken from.
    private static let sample = 2_000
    private static let iterations = 12

    private typealias Vector = [SIMD16<Float>]

    private let mean: Vector
    private let axes: [Vector]

    init(_ index: DescriptorIndex, rows: [Int], seed: UInt64) {
        let step = max(1, rows.count / Self.sample)
        let vectors = stride(from: 0, to: rows.count, by: step).map {
            Self.packed(index.descriptor(rows[$0]))
        }
        let size = index.layout.count / 16
        var mean = Vector(repeating: .zero, count: size)
        for vector in vectors { Self.add(vector, 1 / Float(vectors.count), to: &mean) }
        var random = RandomNumbers(seed)
        var axes = (0..<2).map { _ in
            Self.packed((0..<index.layout.count).map { _ in Float(random.normal()) })
        }
        for _ in 0..<Self.iterations {
            var sums = [Vector](repeating: Vector(repeating: .zero, count: size), count: 2)
            for vector in vectors {
                for axis in 0..<2 {
                    let share = Self.product(vector, axes[axis]) - Self.product(mean, axes[axis])
                    Self.add(vector, share, to: &sums[axis])
                    Self.add(mean, -share, to: &sums[axis])
                }
            }
            Self.makeOrthonormal(&sums)
            axes = sums
        }
        (self.mean, self.axes) = (mean, axes)
    }

    /// Where a row lies in the plane.
    func callAsFunction(_ descriptor: [Float]) -> (x: Double, y: Double) {
        let centred = zip(Self.packed(descriptor), mean).map { $0 - $1 }
        return (
            Double(Self.product(centred, axes[0])), Double(Self.product(centred, axes[1]))
        )
    }

    private static func makeOrthonormal(_ vectors: inout [Vector]) {
        for place in vectors.indices {
            for earlier in 0..<place {
                add(
                    vectors[earlier],
                    -product(vectors[place], vectors[earlier]),
                    to: &vectors[place]
                )
            }
            let length = product(vectors[place], vectors[place]).squareRoot()
            // Rows may all be equal, or on one line.
            let scale = length > 1e-12 ? 1 / length : 0
            for index in vectors[place].indices { vectors[place][index] *= scale }
        }
    }

    /// Descriptors have multiples of 32 numbers.
    private static func packed(_ values: [Float]) -> Vector {
        stride(from: 0, to: values.count, by: 16).map { SIMD16(values[$0..<$0 + 16]) }
    }

    private static func product(_ a: Vector, _ b: Vector) -> Float {
        var sum = SIMD16<Float>.zero
        for index in a.indices { sum += a[index] * b[index] }
        return sum.sum()
    }

    private static func add(_ a: Vector, _ share: Float, to sum: inout Vector) {
        for index in a.indices { sum[index] += share * a[index] }
    }
}

import Kernels
import Search
import SeededNumbers
import Testing

/// Scans against the same sums in float64, one term after the other.
@Suite struct DescriptorKernelTests {
    @Test("every binary16 number goes to float and back")
    func halves() {
        let all = (0...UInt16.max).map { $0 }
        let floats = all.withUnsafeBufferPointer { DescriptorKernel.floats($0) }
        for (bits, value) in zip(all, floats) {
            let expected = Float(Float16(bitPattern: bits))
            #expect(value == expected || (value.isNaN && expected.isNaN), "\(bits)")
        }
        let back = DescriptorKernel.halves(floats)
        for (bits, half) in zip(all, back) where !Float16(bitPattern: bits).isNaN {
            #expect(half == bits)
        }
    }

    @Test("floats are rounded to the nearest binary16 number, as Swift does")
    func rounding() {
        var random = SplitMix(seed: 3)
        let values = (0..<20_000).map { _ in
            random.normal() * Float.exp2(Float(Int(random.next() % 40)) - 26)
        }
        for (value, half) in zip(values, DescriptorKernel.halves(values)) {
            #expect(half == Float16(value).bitPattern, "\(value)")
        }
    }

    @Test(
        "a scan is the sum over the groups that count",
        arguments: [(1, 32), (3, 20), (7, 96), (64, 32)]
    )
    func scan(groups: Int, numbers: Int) {
        var descriptors = RandomDescriptors(groups: groups, numbers: numbers)
        let layout = descriptors.layout
        let rows = (0..<77).map { _ in descriptors.next() }
        let halves = rows.flatMap { DescriptorKernel.halves($0) }
        let chosen = (0..<groups).filter { $0 % 2 == 0 }
        let descriptor = descriptors.next()
        let query = descriptors.query(descriptor, groups: chosen)
        var scores = [Float](repeating: .nan, count: rows.count)
        scores.withUnsafeMutableBufferPointer { scores in
            halves.withUnsafeBufferPointer {
                DescriptorKernel.scan($0, layout, query, into: scores)
            }
        }
        let some: [UInt32] = [76, 0, 33, 33]
        let picked = halves.withUnsafeBufferPointer {
            DescriptorKernel.scan($0, at: some, layout, query)
        }
        #expect(picked == some.map { scores[Int($0)] })
        for row in rows.indices {
            var sum = 0.0
            for group in chosen {
                for index in group * layout.width..<(group + 1) * layout.width {
                    let half = Float16(bitPattern: halves[row * layout.count + index])
                    sum += Double(half) * Double(descriptor[index]) / Double(chosen.count)
                }
            }
            // At most 2,048 products of numbers below 1: rounding of float32 sums.
            #expect(abs(Double(scores[row]) - sum) < 1e-6)
        }
    }

    @Test("a sketch's score is the sum of the query's rotated numbers, with the signs of the row's")
    func sketch() {
        var descriptors = RandomDescriptors(groups: 5, numbers: 32)
        let layout = descriptors.layout
        let rows = (0..<130).map { _ in descriptors.next() }
        let halves = rows.flatMap { DescriptorKernel.halves($0) }
        var sketch = [UInt8](
            repeating: 0,
            count: DescriptorKernel.sketchByteCount(rows: rows.count, layout)
        )
        halves.withUnsafeBufferPointer { halves in
            sketch.withUnsafeMutableBufferPointer { sketch in
                // In two steps that part a block: the first rows' bits stay.
                DescriptorKernel.sketch(halves, 0..<70, layout, into: sketch)
                DescriptorKernel.sketch(halves, 70..<rows.count, layout, into: sketch)
            }
        }
        let query = descriptors.query(descriptors.next(), groups: [1, 4])
        var scores = [Float](repeating: 0, count: 192)
        scores.withUnsafeMutableBufferPointer { scores in
            sketch.withUnsafeBufferPointer {
                DescriptorKernel.scanSketch($0, layout, query, into: scores)
            }
        }
        let rotatedQuery = Self.rotated(query.values)
        for row in rows.indices {
            let stored = halves[row * layout.count..<(row + 1) * layout.count]
                .map { Float(Float16(bitPattern: $0)) }
            let expected = zip(Self.rotated(stored), rotatedQuery)
                .reduce(Float(0)) { $0 + ($1.0 > 0 ? $1.1 : -$1.1) }
            // Tables have 7 bits: 16 half bytes, each off by half a step at most.
            let step = 2 * rotatedQuery.map(abs).max()! * 4 / 127
            #expect(abs(scores[row] - expected) <= 16 * step / 2)
        }
    }

    /// The rotation of `ck_rotate`, by its definition: signs, then the Hadamard matrix over sqrt(32).
    private static func rotated(_ values: [Float]) -> [Float] {
        let negated: UInt32 = 0x5be1_a6c9
        return values.indices.map { index in
            let (start, row) = (index / 32 * 32, index % 32)
            return (0..<32).reduce(Float(0)) { sum, column in
                let sign = (row & column).nonzeroBitCount % 2 == 0 ? Float(1) : -1
                let own = negated >> UInt32(column) & 1 == 0 ? Float(1) : -1
                return sum + sign * own * values[start + column]
            } / Float(32).squareRoot()
        }
    }
}

extension Float {
    fileprivate static func exp2(_ power: Float) -> Float {
        Float(sign: .plus, exponent: Int(power), significand: 1)
    }
}

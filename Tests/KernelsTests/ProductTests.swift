import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

/// Matrix products and the float64 convolution against plain loops, on random shapes.
struct ProductTests {
    @Test(arguments: 0..<40) func floatEqualsReference(seed: Int) {
        let example = ProductCase(seed: seed)
        let (fast, slow) = (example.run(MatrixProduct.float), example.run(Reference.product))
        for row in 0..<example.m {
            let start = row * example.ldc
            expectClose(
                fast[start..<start + example.n],
                slow[start..<start + example.n],
                abs: sumBound(example.k),
                rel: 4 * unit,
                because: "a float32 sum of k products",
                name: "\(example.name), row \(row)"
            )
            for index in start + example.n..<start + example.ldc {
                let untouched = example.before.scalars[index].bitPattern
                #expect(fast.scalars[index].bitPattern == untouched)
            }
        }
    }

    @Test(arguments: 0..<20) func doubleEqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let (m, n, k) = (random.int(1...70), random.int(1...70), random.int(1...200))
        let (a, b) = (random.doubles([m, k]), random.doubles([k, n]))
        var fast = Tensor<Double>(repeating: .nan, shape: [m, n])
        var slow = fast
        MatrixProduct.double(m: m, n: n, k: k, a: a.scalars, b: b.scalars, c: &fast.scalars)
        Reference.product(m: m, n: n, k: k, a: a.scalars, b: b.scalars, c: &slow.scalars)
        expectClose(
            fast,
            slow,
            abs: sumBound(k) * doubleUnit / unit,
            because: "k float64 products in another order",
            name: "[\(m), \(k)] by [\(k), \(n)]"
        )
    }

    @Test func noInnerExtentGivesZeros() {
        var single: [Float] = [1, 2, 3, 4]
        MatrixProduct.float(m: 2, n: 1, k: 0, a: [], lda: 1, b: [], ldb: 1, c: &single, ldc: 2)
        #expect(single == [0, 2, 0, 4])
        var double = [1.0, 2.0]
        MatrixProduct.double(m: 1, n: 2, k: 0, a: [], b: [], c: &double)
        #expect(double == [0, 0])
    }

    @Test(arguments: 0..<20) func convolution3x3EqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let shape = random.images(channels: 1...33)
        let x = random.doubles(shape)
        let outputs = random.int(1...33)
        let weight = random.doubles([outputs, shape[1], 3, 3])
        let bias = random.doubles([outputs])
        expectClose(
            Convolution3x3Double(weight: weight, bias: bias)(x),
            Reference.convolution3x3(x, weight: weight, bias: bias),
            abs: sumBound(shape[1] * 9) * doubleUnit / unit,
            because: "\(9 * shape[1]) float64 products in another order",
            name: "\(shape) to \(outputs) channels"
        )
    }

    @Test(arguments: 0..<20) func chainEqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let shape = random.images(channels: 1...33)
        var channels = [shape[1]]
        for _ in 0..<random.int(1...4) { channels.append(random.int(1...33)) }
        let layers = zip(channels, channels.dropFirst()).map { inputs, outputs in
            Convolution3x3Double(
                weight: random.doubles([outputs, inputs, 3, 3]),
                bias: random.doubles([outputs])
            )
        }
        let x = random.doubles(shape)
        // What one layer is off by, the next multiplies by up to sqrt(9 * 33) on the way.
        expectClose(
            Convolution3x3Double.chain(layers, x),
            Reference.chain(layers, x),
            abs: sumBound(9 * 33) * doubleUnit / unit * pow(17, Double(layers.count - 1)),
            because: "rounding carried through \(layers.count) layers",
            name: "\(shape) through \(channels) channels"
        )
    }
}

/// One random product, with rows longer than needed: strides count, not widths.
private struct ProductCase {
    typealias Product = (
        Int, Int, Int, Float, UnsafePointer<Float>, Int, Bool, UnsafePointer<Float>, Int, Bool,
        Bool, UnsafeMutablePointer<Float>, Int
    ) -> Void

    let m: Int
    let n: Int
    let k: Int
    let alpha: Float
    let turnsA: Bool
    let turnsB: Bool
    let accumulates: Bool
    let lda: Int
    let ldb: Int
    let ldc: Int
    let a: Tensor<Float>
    let b: Tensor<Float>
    /// What is not accumulated must not be read either, so it is NaN.
    let before: Tensor<Float>

    init(seed: Int) {
        var random = Randomness(seed: seed)
        // Long sums are packed in parts.
        let longest = seed % 4 == 0 ? 3000 : 200
        (m, n, k) = (random.int(1...70), random.int(1...70), random.int(1...longest))
        (turnsA, turnsB, accumulates) = (random.bool(), random.bool(), random.bool())
        alpha = random.bool() ? 1 : 0.35
        lda = (turnsA ? m : k) + random.int(0...3)
        ldb = (turnsB ? k : n) + random.int(0...3)
        ldc = n + random.int(0...3)
        a = random.tensor([turnsA ? k : m, lda])
        b = random.tensor([turnsB ? n : k, ldb])
        before =
            accumulates ? random.tensor([m * ldc]) : Tensor(repeating: .nan, shape: [m * ldc])
    }

    var name: String {
        "[\(m), \(k)] by [\(k), \(n)], turned \(turnsA) \(turnsB), alpha \(alpha), + \(accumulates)"
    }

    func run(_ product: Product) -> Tensor<Float> {
        var c = before
        a.scalars.withUnsafeBufferPointer { a in
            b.scalars.withUnsafeBufferPointer { b in
                c.scalars.withUnsafeMutableBufferPointer { c in
                    guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress
                    else { return }
                    product(m, n, k, alpha, a, lda, turnsA, b, ldb, turnsB, accumulates, c, ldc)
                }
            }
        }
        return c
    }
}

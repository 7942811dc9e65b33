import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

/// The float64 passes of the latent dynamics and of its solver against plain loops.
struct DoublePassesTests {
    private func tanh(_ x: [Double]) -> [Double] {
        var tensor = Tensor(shape: [x.count], scalars: x)
        DoublePasses.tanh(&tensor)
        return tensor.scalars
    }

    /// Every scale of arguments: where it is x itself, where its parts meet, where it flattens.
    @Test(arguments: [0x1p-1040, 0x1p-30, 0.01, 0.2, 0.7, 3, 25])
    func tanhIsTwoUnitsFromTheReference(scale: Double) {
        var random = Randomness(seed: 1)
        let x = random.doubles([50_001]).map { $0 * scale }
        var exact = x
        Reference.tanh(&exact)
        var worst = 0.0
        for (value, wanted) in zip(tanh(x.scalars), exact.scalars) {
            worst = max(worst, abs(value - wanted) / max(wanted.ulp, .leastNonzeroMagnitude))
        }
        #expect(worst <= 2, "1 of ours and half of the reference's; 1.6 without fused multiply-add")
    }

    @Test func tanhIsOddAndBounded() {
        var random = Randomness(seed: 2)
        let x = random.doubles([20_000]).scalars.map { $0 * 24 }
        let y = tanh(x)
        #expect(tanh(x.map { -$0 }) == y.map { -$0 })
        #expect(y.allSatisfy { abs($0) <= 1 })
    }

    @Test func tanhOfSpecialNumbers() {
        let tiny = [0, .leastNonzeroMagnitude, .leastNormalMagnitude, 1e-300, 0x1p-28]
        #expect(tanh(tiny) == tiny)
        #expect(tanh([-0.0])[0].sign == .minus)
        #expect(tanh([.infinity, -.infinity, 1e308, 19.1]) == [1, -1, 1, 1])
        #expect(tanh([.nan, 1, -.nan, .signalingNaN]).map(\.isNaN) == [true, false, true, true])
    }

    @Test(arguments: 0..<20) func combinationsEqualReference(seed: Int) {
        var random = Randomness(seed: seed)
        let (count, terms) = (random.int(1...1000), random.int(0...7))
        let factors = random.doubles([terms]).scalars.map { abs($0) < 0.2 ? 0 : $0 }
        let arrays = (0..<terms).map { _ in random.doubles([count]).scalars }
        let base = random.doubles([count]).scalars
        let after = random.doubles([count]).scalars
        let sum = DoublePasses.Combination(factors, arrays)
        expectClose(
            Tensor(shape: [count], scalars: sum.added(to: base)),
            Tensor(shape: [count], scalars: Reference.added(factors, arrays, to: base)),
            abs: sumBound(8) * doubleUnit / unit,
            because: "eight float64 terms, products rounded or not",
            name: "\(terms) terms of \(count)"
        )
        let norm = sum.scaledNorm(base, after, atol: 0.1, rtol: 0.5)
        let slow = Reference.scaledNorm(factors, arrays, base, after, atol: 0.1, rtol: 0.5)
        #expect(abs(norm - slow) <= 1e-13 * slow, "\(count) squares in another order")
    }

    @Test func termsWithoutFactorAreLeftOut() {
        let sum = DoublePasses.Combination([0, 2], [[.nan, .infinity], [1, 2]])
        #expect(sum.added(to: [1, 1]) == [3, 5])
    }

    @Test func normsOfNothingAndOfNaN() {
        let sum = DoublePasses.Combination([1], [[1, .nan]])
        #expect(sum.scaledNorm([1, 1], [1, 1], atol: 1, rtol: 1).isNaN)
        let one = DoublePasses.Combination([1], [[1, 1]])
        #expect(one.scaledNorm([1, 1], [1, .nan], atol: 1, rtol: 1).isNaN)
        #expect(DoublePasses.Combination([], []).scaledNorm([], [], atol: 1, rtol: 1) == 0)
    }

    /// A quartic is its own dense output.
    @Test(arguments: [1, 7, 300]) func quarticsAreFoundAgain(count: Int) {
        var random = Randomness(seed: count)
        let c = random.doubles([5 * count]).scalars
        let dt = 0.25
        let states = Reference.evaluate(quartics: c, at: [0, 0.5, 1])
        func slopes(_ x: Double) -> [Double] {
            (0..<count).map { i in
                (1..<5).reduce(0) {
                    $0 + Double($1) * c[$1 * count + i] * pow(x, Double($1 - 1)) / dt
                }
            }
        }
        let quartics = DoublePasses.quartics(
            y0: Array(states[..<count]),
            y1: Array(states[(2 * count)...]),
            middle: Array(states[count..<2 * count]),
            f0: slopes(0),
            f1: slopes(1),
            dt: dt
        )
        expectClose(
            Tensor(shape: [5, count], scalars: quartics),
            Tensor(shape: [5, count], scalars: c),
            abs: 1e-13,
            because: "weights of up to 32 on numbers of up to 30",
            name: "coefficients"
        )
        let positions = [0, 0.1, 0.77, 1]
        expectClose(
            Tensor(uninitialized: [4, count]) {
                DoublePasses.evaluate(quartics: c, at: positions, into: $0)
            },
            Tensor(
                shape: [4, count],
                scalars: Reference.evaluate(quartics: c, at: positions)
            ),
            abs: 1e-14,
            because: "five terms in another order",
            name: "values"
        )
    }

    /// 20 MB of states go past the caches; what they are does not depend on that.
    @Test func manyPositionsGiveWhatEachGives() {
        var random = Randomness(seed: 3)
        let count = 10_003
        let quartics = random.doubles([5, count]).scalars
        let positions = (0..<260).map { Double($0) / 260 }
        let all = Tensor(uninitialized: [260, count]) {
            DoublePasses.evaluate(quartics: quartics, at: positions, into: $0)
        }
        for index in [0, 1, 131, 259] {
            let one = Tensor(uninitialized: [count]) {
                DoublePasses.evaluate(quartics: quartics, at: [positions[index]], into: $0)
            }
            #expect(all[index] == one)
        }
    }
}

import Kernels
import Tensors
import TestSupport
import Testing

/// Activations against plain loops in float64.
struct ActivationTests {
    @Test(arguments: 0..<20) func leakyReLUEqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let x = random.tensor([random.int(1...300)])
        expectClose(
            Passes.leakyReLU(x, slope: 0.2, gain: 1.5),
            Reference.leakyReLU(x, slope: 0.2, gain: 1.5),
            abs: 0,
            rel: 4 * unit,
            because: "two float32 products",
            name: "leaky ReLU"
        )
    }

    @Test(arguments: 0..<20) func gelusEqualReference(seed: Int) {
        var random = Randomness(seed: seed)
        // -12...12 reaches both flat ends.
        let x = random.tensor([random.int(1...300)]).map { $0 * 12 }
        var (fast, slow) = (x, x)
        Passes.apply(.gelu, to: &fast)
        Reference.gelu(&slow)
        expectClose(
            fast,
            slow,
            abs: 12 * unit,
            rel: 4 * unit,
            because: "polynomials of float32 are off by 2^-24, times |x| / 2",
            name: "GELU"
        )
        (fast, slow) = (x, x)
        Passes.apply(.quickGELU, to: &fast)
        Reference.quickGELU(&slow)
        expectClose(
            fast,
            slow,
            abs: 0,
            rel: 48 * unit,
            because:
                "the exponent, up to 20, is rounded before exp: 20 * 2^-24 of its result, twice",
            name: "quick GELU"
        )
    }

    /// Both ends are flat: nothing overflows on the way there.
    @Test func gelusOfLargeNumbers() {
        for activation in [Passes.Activation.gelu, .quickGELU] {
            var x = Tensor<Float>(shape: [4], scalars: [-1e4, -200, 200, 1e4])
            Passes.apply(activation, to: &x)
            #expect(x.scalars[2...] == [200, 1e4])
            #expect(x.scalars[..<2].allSatisfy { (-1e-20...0).contains($0) }, "\(x.scalars)")
        }
    }

    @Test(arguments: 0..<20) func sigmoidEqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let x = random.doubles([random.int(1...200)]).map { $0 * 40 }
        var (fast, slow) = (x, x)
        DoublePasses.sigmoid(&fast)
        Reference.sigmoid(&slow)
        #expect(fast == slow, "the same function of the C library")
    }

    @Test func nanStaysNaN() {
        let x = Tensor<Float>(shape: [1, 1, 1, 2], scalars: [.nan, 1])
        #expect(Passes.leakyReLU(x, slope: 0.2).scalars[0].isNaN)
        var clamped = x
        Passes.apply(Passes.StyledEpilogue(slope: 0.2, clamp: 1), to: &clamped)
        #expect(clamped.scalars[0].isNaN)
        for activation in [Passes.Activation.identity, .gelu, .quickGELU] {
            var activated = x
            Passes.apply(activation, to: &activated)
            #expect(activated.scalars[0].isNaN)
        }
    }
}

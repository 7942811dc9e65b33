import Kernels
import Tensors
import TestSupport
import Testing

/// Elementwise passes and filters against plain loops in float64, on random shapes.
struct PassesTests {
    @Test(arguments: 0..<24) func epilogueEqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let x = random.tensor(random.images())
        let epilogue = Passes.StyledEpilogue(
            demodulation: random.tensorOrNil([x.shape[0], x.shape[1]]),
            noise: random.tensorOrNil([x.shape[2], x.shape[3]]),
            noiseStrength: 0.7,
            bias: random.tensorOrNil([x.shape[1]]),
            slope: random.bool() ? 0.2 : 1,
            gain: random.bool() ? Float(2).squareRoot() : 1,
            clamp: [nil, 0, 0.5, 256][seed % 4]
        )
        var (fast, slow) = (x, x)
        Passes.apply(epilogue, to: &fast)
        Reference.apply(epilogue, to: &slow)
        expectClose(
            fast,
            slow,
            abs: 12 * unit,
            because: "six float32 operations on numbers up to 4",
            name: "\(x.shape)"
        )
    }

    @Test(arguments: 0..<20) func upsampleEqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let taps = random.tensor([4]).scalars
        let x = random.tensor(random.images())
        expectClose(
            Passes.upsample(x, taps: taps),
            Reference.upsample(x, taps: taps),
            abs: 8 * unit,
            because: "four products below 1, rounded after each axis",
            name: "\(x.shape)"
        )
    }

    /// 64 KiB a row: no pass may depend on the size of a stack.
    @Test func aVeryWideImageIsFiltered() {
        var random = Randomness(seed: 3)
        let x = random.tensor([1, 1, 2, 16_384])
        let taps: [Float] = [0.25, 0.75, 0.75, 0.25]
        expectClose(
            Passes.upsample(x, taps: taps),
            Reference.upsample(x, taps: taps),
            abs: 8 * unit,
            because: "four products below 1, rounded after each axis",
            name: "upsampled"
        )
    }

    @Test(arguments: 0..<20) func reflectEqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let x = random.tensor(random.images())
        let (rows, columns) = (x.shape[2] - 1, x.shape[3] - 1)
        let margins = Margins(
            top: random.int(0...rows),
            left: random.int(0...columns),
            bottom: random.int(0...rows),
            right: random.int(0...columns)
        )
        #expect(Passes.reflect(x, margins) == Reference.reflect(x, margins))
    }

    @Test(arguments: 0..<20) func subsampleEqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let x = random.tensor(random.images())
        let stride = random.int(1...5)
        #expect(Passes.subsample(x, stride: stride) == Reference.subsample(x, stride: stride))
    }

    @Test func emptyTensorsStayEmpty() {
        let none = Tensor<Float>(repeating: 0, shape: [0, 3, 4, 4])
        let taps: [Float] = [1, 2, 3, 4]
        #expect(Passes.upsample(none, taps: taps).shape == [0, 3, 8, 8])
        #expect(Passes.leakyReLU(none, slope: 1) == none)
        #expect(Passes.reflect(none, Margins(all: 1)).shape == [0, 3, 6, 6])
        #expect(Passes.subsample(none, stride: 2).shape == [0, 3, 2, 2])
        #expect(Passes.layerNorm(none, width: 4, eps: 1e-5) == none)
        var rows = none
        Passes.softmax(&rows, scale: 1)
        Passes.apply(.gelu, to: &rows)
        Passes.apply(Passes.StyledEpilogue(), to: &rows)
        #expect(rows == none)
    }
}

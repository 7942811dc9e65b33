import Kernels
import Tensors
import TestSupport
import Testing

/// Layer normalisation and softmax against plain loops in float64, on random shapes.
struct RowsTests {
    @Test(arguments: 0..<20) func layerNormEqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let width = random.int(2...300)
        let x = random.tensor([random.int(1...5), random.int(1...7), width])
        let weight = random.tensorOrNil([width])
        let bias = random.tensorOrNil([width])
        expectClose(
            Passes.layerNorm(x, width: width, weight: weight, bias: bias, eps: 1e-2),
            Reference.layerNorm(x, width: width, weight: weight, bias: bias, eps: 1e-2),
            abs: 16 * unit,
            rel: 8 * unit,
            because: "the mean is rounded to float32, then divided by a deviation of at least 0.1",
            name: "\(x.shape)"
        )
    }

    @Test func layerNormOfOneElementIsItsBias() {
        let x = Tensor<Float>(shape: [2, 1], scalars: [7, -9])
        let bias = Tensor<Float>(shape: [1], scalars: [0.25])
        #expect(Passes.layerNorm(x, width: 1, bias: bias, eps: 1e-5).scalars == [0.25, 0.25])
    }

    @Test func layerNormSurvivesALargeMean() {
        var random = Randomness(seed: 1)
        let x = random.tensor([3, 64]).map { $0 + 1024 }
        expectClose(
            Passes.layerNorm(x, width: 64, eps: 1e-5),
            Reference.layerNorm(x, width: 64, eps: 1e-5),
            abs: 1024 * unit / 0.5,
            because: "the mean, about 1024, is rounded to float32 and divided by about 0.6",
            name: "mean 1024"
        )
    }

    @Test(arguments: 0..<24) func softmaxEqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let shape = [random.int(1...3), random.int(1...4), random.int(1...20), random.int(1...90)]
        let scale = [Float(0.125), 1, 10][seed % 3]
        let causal = seed % 2 == 0
        let x = random.tensor(shape).map { $0 * 4 }
        var (fast, slow) = (x, x)
        Passes.softmax(&fast, scale: scale, causal: causal)
        Reference.softmax(&slow, scale: scale, causal: causal)
        expectClose(
            fast,
            slow,
            abs: unit,
            rel: 128 * unit,
            because: "exponents down to -80 are rounded before exp, and up to 90 terms are added",
            name: "\(shape), scale \(scale), causal \(causal)"
        )
    }

    /// More queries than keys: the last ones see all keys and nothing beyond.
    @Test func causalSoftmaxStaysInsideItsRow() {
        var x = Tensor<Float>(repeating: 1, shape: [2, 5, 3])
        Passes.softmax(&x, scale: 1, causal: true)
        let third: Float = 1 / 3
        let rows: [[Float]] =
            [[1, 0, 0], [0.5, 0.5, 0]] + Array(repeating: [third, third, third], count: 3)
        #expect(x.scalars == (rows + rows).flatMap { $0 })
    }

    @Test func softmaxOfHugeNumbersIsFinite() {
        var x = Tensor<Float>(shape: [1, 3], scalars: [1e38, -1e38, 1e38])
        Passes.softmax(&x, scale: 1)
        #expect(x.scalars == [0.5, 0, 0.5])
    }
}

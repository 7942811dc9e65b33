import Kernels
import Tensors
import TestSupport
import Testing

/// Convolutions against loops in float64, on random shapes.
struct ConvolutionTests {
    @Test(arguments: 0..<24, [false, true])
    func fastEqualsReference(seed: Int, transposed: Bool) {
        let example = ConvolutionCase(seed: seed, transposed: transposed)
        expectClose(
            example.convolution(example.x),
            example.reference,
            abs: sumBound(example.terms) + 32 * unit,
            rel: 4 * unit,
            because: "a float32 sum of K products; Winograd's transforms add bits",
            name: example.name
        )
    }

    /// A size at which oneDNN chooses Winograd, as in the synthesis network.
    @Test func winogradEqualsReference() {
        var random = Randomness(seed: 100)
        let x = random.tensor([1, 64, 66, 65])
        let weight = random.tensor([32, 64, 3, 3])
        expectClose(
            Convolution(weight: weight, padding: 1)(x),
            Reference.convolution(x, weight: weight, padding: 1),
            abs: sumBound(576) + 32 * unit,
            because: "a float32 sum of 576 products; Winograd's transforms add bits",
            name: "66x65 with 64 channels"
        )
    }

    @Test func anEmptyBatchGivesAnEmptyBatch() {
        let convolution = Convolution(weight: Tensor(repeating: 1, shape: [4, 3, 3, 3]))
        #expect(convolution(Tensor(repeating: 0, shape: [0, 3, 8, 8])).shape == [0, 4, 6, 6])
    }

    @Test func nanReachesThePixelsThatSeeIt() {
        var x = Tensor<Float>(repeating: 1, shape: [1, 1, 5, 5])
        x.scalars[12] = .nan
        let y = Convolution(weight: Tensor(repeating: 1, shape: [1, 1, 3, 3]), padding: 1)(x)
        for row in 1...3 {
            for column in 1...3 { #expect(y.scalars[row * 5 + column].isNaN) }
        }
    }

    @Test func plansAreBoundedAndShareTheirWeights() {
        var random = Randomness(seed: 7)
        let weight = random.tensor([16, 16, 3, 3])
        let convolution = Convolution(weight: weight, padding: 1)
        for size in 1...30 {
            let x = random.tensor([1, 16, size, 4])
            expectClose(
                convolution(x),
                Reference.convolution(x, weight: weight, padding: 1),
                abs: sumBound(144) + 32 * unit,
                because: "a float32 sum of 144 products; Winograd's transforms add bits",
                name: "height \(size)"
            )
        }
        let held = convolution.held
        #expect(held.plans == 8)
        #expect(held.packedWeights <= 3, "\(held.packedWeights) layouts of one 3x3 kernel")
        #expect(!held.plainWeights, "weights that are packed are not held twice")
    }

    @Test func aDroppedPlanIsMadeAgain() {
        var random = Randomness(seed: 8)
        let convolution = Convolution(weight: random.tensor([5, 3, 3, 3]))
        let x = random.tensor([2, 3, 9, 9])
        let first = convolution(x)
        for size in 3...20 { _ = convolution(random.tensor([1, 3, size, 3])) }
        #expect(convolution(x) == first)
    }
}

/// One random convolution with an input that it fits.
struct ConvolutionCase {
    let x: Tensor<Float>
    let weight: Tensor<Float>
    let bias: Tensor<Float>?
    let stride: Int
    let padding: Int
    let transposed: Bool

    init(seed: Int, transposed: Bool) {
        var random = Randomness(seed: seed)
        // Winograd needs 3x3 and stride 1, so half of the cases are that.
        let isCommon = random.bool()
        let kernel = isCommon ? 3 : [1, 2, 3, 4, 5, 7][random.int(0...5)]
        stride = isCommon && !transposed ? 1 : random.int(1...3)
        padding = random.int(0...(kernel - 1) / 2)
        self.transposed = transposed
        let channels = [1, 3, 5, 16, 17, 32, 48][random.int(0...6)]
        let outputs = [1, 2, 3, 16, 31, 32, 64][random.int(0...6)]
        let least = transposed ? 1 : max(1, kernel - 2 * padding)
        func size() -> Int { least + random.int(0...(random.bool() ? 2 : 20)) }
        x = random.tensor([random.int(1...5), channels, size(), size()])
        weight = random.tensor([outputs, channels, kernel, kernel])
        bias = random.tensorOrNil([outputs])
    }

    var convolution: Convolution {
        Convolution(
            weight: weight,
            bias: bias,
            stride: stride,
            padding: padding,
            transposed: transposed
        )
    }

    var reference: Tensor<Float> {
        Reference.convolution(
            x,
            weight: weight,
            bias: bias,
            stride: stride,
            padding: padding,
            transposed: transposed
        )
    }

    /// The products that one output adds up.
    var terms: Int { weight.count / weight.shape[0] }

    var name: String {
        "\(x.shape) by \(weight.shape), stride \(stride), padding \(padding), "
            + "transposed \(transposed)"
    }
}

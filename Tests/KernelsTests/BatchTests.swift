import Kernels
import Tensors
import Testing

/// A batch gives what its samples give one by one.
struct BatchTests {
    @Test(arguments: 0..<16, [false, true])
    func convolutionsKeepSamplesApart(seed: Int, transposed: Bool) {
        let example = ConvolutionCase(seed: seed, transposed: transposed)
        let convolution = example.convolution
        let together = convolution(example.x)
        for sample in 0..<example.x.shape[0] {
            let isSame = convolution(example.x[sample..<sample + 1])[0] == together[sample]
            #expect(isSame, "\(example.name), sample \(sample)")
        }
    }

    @Test func passesKeepSamplesApart() {
        var random = Randomness(seed: 9)
        let x = random.tensor([4, 5, 9, 11])
        let taps = random.tensor([4]).scalars
        for sample in 0..<4 {
            let one = x[sample..<sample + 1]
            #expect(Passes.upsample(x, taps: taps)[sample] == Passes.upsample(one, taps: taps)[0])
        }
    }

    @Test func doubleConvolutionKeepsSamplesApart() {
        var random = Randomness(seed: 11)
        let convolution = Convolution3x3Double(
            weight: random.doubles([7, 5, 3, 3]),
            bias: random.doubles([7])
        )
        let x = random.doubles([3, 5, 6, 4])
        for sample in 0..<3 {
            #expect(convolution(x)[sample] == convolution(x[sample..<sample + 1])[0])
        }
    }
}

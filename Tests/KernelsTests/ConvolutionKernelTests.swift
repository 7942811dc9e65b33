import Kernels
import Tensors
import TestSupport
import Testing

/// The convolutions and passes of encoders on feature maps against plain loops, on random shapes.
struct ConvolutionKernelTests {
    @Test(arguments: 0..<24, [ConvolutionKernel.Algorithm.direct, .winograd])
    func equalsReference(seed: Int, algorithm: ConvolutionKernel.Algorithm) {
        let example = EncoderLayer(seed: seed, algorithm: algorithm)
        #expect(example.kernel.algorithm == algorithm)
        expectClose(
            example.result(example.x),
            example.reference,
            abs: 4 * sumBound(example.weight.count / example.weight.shape[0]),
            because:
                "float32 sums in another order, or at the points of Winograd's algorithm, which "
                + "enlarge numbers by up to 14",
            name: example.name
        )
    }

    @Test(arguments: 0..<8, [ConvolutionKernel.Algorithm.direct, .winograd])
    func dependsOnNeitherThreadsNorBatch(seed: Int, algorithm: ConvolutionKernel.Algorithm) {
        let example = EncoderLayer(seed: 50 + seed, algorithm: algorithm)
        let usual = ThreadPool.threadCount
        defer { ThreadPool.setThreadCount(usual) }
        ThreadPool.setThreadCount(1)
        let together = example.result(example.x)
        for sample in 0..<example.x.shape[0] {
            #expect(example.result(example.x[sample..<sample + 1])[0] == together[sample])
        }
        for count in 2...3 {
            ThreadPool.setThreadCount(count)
            #expect(example.result(example.x) == together)
            #expect(ThreadPool.crew { example.result(example.x) } == together)
        }
    }

    /// Winograd's epilogue takes slopes up to 1, and oddly sized maps do not divide into its tiles.
    @Test func whatWinogradCannotDoIsComputedDirectly() {
        let weight = Tensor<Float>(repeating: 1, shape: [3, 2, 3, 3])
        func algorithm(_ slope: Float, _ rows: Int) -> ConvolutionKernel.Algorithm {
            ConvolutionKernel(
                weight: weight,
                slopes: Tensor(repeating: slope, shape: [3]),
                inputSize: [rows, 32]
            ).algorithm
        }
        #expect(algorithm(1, 32) == .winograd)
        #expect(algorithm(1.5, 32) == .direct)
        #expect(algorithm(1, 30) == .direct)
        #expect(algorithm(1, 8) == .direct)
    }

    /// The most channels that a pack may state: more blocks than any published network has.
    @Test(arguments: [1, 2], [ConvolutionKernel.Algorithm.direct, .winograd])
    func eightThousandChannelsAreSummed(
        stride: Int,
        algorithm: ConvolutionKernel.Algorithm
    ) {
        var random = Randomness(seed: 13)
        let weight = random.tensor([3, 8192, 3, 3])
        let x = random.tensor([1, 8192, 4, 4])
        let kernel = ConvolutionKernel(
            weight: weight,
            stride: stride,
            inputSize: [4, 4],
            algorithm: algorithm
        )
        let pool = FeaturePool()
        expectClose(
            kernel(pool.map(loading: x), pool: pool).tensor,
            Reference.convolution(x, weight: weight, stride: stride, padding: 1),
            abs: 4 * sumBound(9 * 8192),
            because:
                "float32 sums of 9 products for each input, at the points of Winograd's algorithm",
            name: "\(algorithm), stride \(stride)"
        )
    }

    @Test(arguments: 0..<12) func gatedSumEqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let stride = random.int(1...2)
        let kept = random.tensor(random.images(channels: 1...40))
        let shape = kept.shape[..<2] + kept.shape[2...].map { ($0 - 1) / stride + 1 }
        let (x, gate) = (random.tensor(Array(shape)), random.tensor([shape[0], shape[1]]))
        let (scale, shift) = (random.tensor([shape[1]]), random.tensor([shape[1]]))
        let pool = FeaturePool()
        let (sum, normed) = FeaturePasses.gatedSum(
            pool.map(loading: x),
            gate: gate,
            pool.map(loading: kept),
            stride: stride,
            then: .init(scale: scale.scalars, shift: shift.scalars),
            pool: pool
        )
        let pixels = shape[2] * shape[3]
        let every = Reference.subsample(kept, stride: stride)
        let expected = Tensor(
            shape: x.shape,
            scalars: x.scalars.indices.map {
                x.scalars[$0] * gate.scalars[$0 / pixels] + every.scalars[$0]
            }
        )
        let reason = "a product and a sum in float32, fused or not"
        expectClose(sum.tensor, expected, abs: 2 * unit, because: reason, name: "\(shape)")
        let affine = Reference.affinePReLU(sum.tensor, scale: scale, shift: shift)
        expectClose(normed?.tensor ?? x, affine, abs: 4 * unit, because: reason, name: "normed")
        let alone = FeaturePasses.Affine(scale: scale.scalars, shift: shift.scalars)(
            sum,
            pool: pool
        )
        #expect(alone.tensor == normed?.tensor)
    }

    @Test(arguments: 0..<8) func channelMeansEqualReference(seed: Int) {
        var random = Randomness(seed: seed)
        let x = random.tensor(random.images(channels: 1...40))
        let pixels = x.shape[2] * x.shape[3]
        let expected = Tensor<Float>(
            shape: Array(x.shape[..<2]),
            scalars: (0..<x.count / pixels).map { plane in
                let sum = x.scalars[plane * pixels..<(plane + 1) * pixels].reduce(0.0) {
                    $0 + Double($1)
                }
                return Float(sum / Double(pixels))
            }
        )
        expectClose(
            FeaturePasses.channelMeans(FeaturePool().map(loading: x)),
            expected,
            abs: sumBound(pixels) / Double(pixels) + unit,
            because: "a float32 sum of \(pixels) numbers",
            name: "\(x.shape)"
        )
    }

    @Test(arguments: 0..<8) func addResizedEqualsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let x = random.tensor(random.images(channels: 1...20))
        let y = random.tensor([x.shape[0], x.shape[1], random.int(1...30), random.int(1...30)])
        let pool = FeaturePool()
        let map = pool.map(loading: y)
        FeaturePasses.addResized(pool.map(loading: x), to: map)
        let (h, w) = (y.shape[2], y.shape[3])
        func position(_ index: Int, _ inputs: Int, _ outputs: Int) -> Double {
            outputs > 1 ? Double(index) * Double(inputs - 1) / Double(outputs - 1) : 0
        }
        let expected = Tensor<Float>(
            shape: y.shape,
            scalars: y.scalars.indices.map { index in
                let plane = index / (h * w)
                let row = position(index / w % h, x.shape[2], h)
                let column = position(index % w, x.shape[3], w)
                var sum = 0.0
                for i in 0..<x.shape[2] {
                    for j in 0..<x.shape[3] {
                        let weight =
                            max(0, 1 - abs(row - Double(i))) * max(0, 1 - abs(column - Double(j)))
                        sum +=
                            weight * Double(x.scalars[(plane * x.shape[2] + i) * x.shape[3] + j])
                    }
                }
                return Float(sum + Double(y.scalars[index]))
            }
        )
        expectClose(
            map.tensor,
            expected,
            abs: 64 * unit,
            because: "positions up to 13 are float32, as in PyTorch, on differences up to 2",
            name: "\(x.shape) to \(y.shape)"
        )
    }

    @Test func mapsOfAPoolAreApartWhileHeld() {
        let pool = FeaturePool()
        let first = pool.map(loading: Tensor(repeating: 1, shape: [1, 3, 4, 4]))
        let second = pool.map(loading: Tensor(repeating: 2, shape: [1, 3, 4, 4]))
        #expect(first.tensor.scalars.allSatisfy { $0 == 1 })
        #expect(second.tensor.scalars.allSatisfy { $0 == 2 })
    }
}

/// One random layer.
private struct EncoderLayer {
    let kernel: ConvolutionKernel
    let x: Tensor<Float>
    let weight: Tensor<Float>
    let bias: Tensor<Float>?
    let slopes: Tensor<Float>?
    let stride: Int

    init(seed: Int, algorithm: ConvolutionKernel.Algorithm) {
        var random = Randomness(seed: seed)
        let isWinograd = algorithm == .winograd
        stride = random.int(1...2)
        let side = isWinograd || random.bool() ? 3 : 1
        let inFours = isWinograd && stride == 1
        func size() -> Int { inFours ? 4 * random.int(1...5) : random.int(1...20) }
        x = random.tensor([random.int(1...3), random.int(1...40), size(), size()])
        weight = random.tensor([random.int(1...70), x.shape[1], side, side])
        bias = random.tensorOrNil([weight.shape[0]])
        slopes = random.tensorOrNil([weight.shape[0]])
        kernel = ConvolutionKernel(
            weight: weight,
            bias: bias,
            slopes: slopes,
            stride: stride,
            inputSize: Array(x.shape[2...]),
            algorithm: algorithm
        )
    }

    func result(_ x: Tensor<Float>) -> Tensor<Float> {
        let pool = FeaturePool()
        return kernel(pool.map(loading: x), pool: pool).tensor
    }

    var reference: Tensor<Float> {
        let sums = Reference.convolution(
            x,
            weight: weight,
            bias: bias,
            stride: stride,
            padding: weight.shape[2] / 2
        )
        return slopes.map { Reference.affinePReLU(sums, slope: $0) } ?? sums
    }

    var name: String { "\(x.shape) by \(weight.shape), stride \(stride)" }
}

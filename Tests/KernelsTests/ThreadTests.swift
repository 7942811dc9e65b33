import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

/// What must not depend on the number of threads, bit for bit, nor on who calls.
///
/// libgomp keeps the thread count per calling thread, so each test sets and restores its own.
struct ThreadTests {
    /// Runs `body` with one thread, then with two and three.
    private func expectSameBits<Scalar: Equatable>(
        _ name: String,
        _ body: () -> Tensor<Scalar>
    ) {
        let usual = ThreadPool.threadCount
        defer { ThreadPool.setThreadCount(usual) }
        ThreadPool.setThreadCount(1)
        let alone = body()
        for count in [2, 3] {
            ThreadPool.setThreadCount(count)
            let isSame = body() == alone
            #expect(isSame, "\(name) depends on the thread count (\(count))")
        }
    }

    @Test(arguments: 0..<16, [false, true])
    func convolutionsDoNotDependOnThreads(seed: Int, transposed: Bool) {
        let example = ConvolutionCase(seed: seed, transposed: transposed)
        let convolution = example.convolution
        expectSameBits(example.name) { convolution(example.x) }
    }

    @Test(arguments: [16, 33, 64], [8, 31, 64])
    func largeConvolutionsDoNotDependOnThreads(channels: Int, size: Int) {
        var random = Randomness(seed: channels + size)
        let convolution = Convolution(weight: random.tensor([48, channels, 3, 3]), padding: 1)
        let x = random.tensor([2, channels, size, size])
        expectSameBits("\(x.shape)") { convolution(x) }
    }

    @Test func passesDoNotDependOnThreads() {
        var random = Randomness(seed: 5)
        let x = random.tensor([3, 7, 70, 65])
        let taps = random.tensor([4]).scalars
        let epilogue = Passes.StyledEpilogue(
            demodulation: random.tensor([3, 7]),
            noise: random.tensor([70, 65]),
            noiseStrength: 0.3,
            bias: random.tensor([7]),
            slope: 0.2
        )
        expectSameBits("upsample") { Passes.upsample(x, taps: taps) }
        expectSameBits("epilogue") {
            var y = x
            Passes.apply(epilogue, to: &y)
            return y
        }
    }

    @Test(arguments: [false, true], [StyledKernel.Algorithm.direct, .winograd])
    func styledLayersDependOnNeitherThreadsNorBatch(
        upsamples: Bool,
        algorithm: StyledKernel.Algorithm
    ) {
        for precision in Precision.allCases where precision.isNative {
            expectSameLayer(upsamples, algorithm, precision)
        }
    }

    private func expectSameLayer(
        _ upsamples: Bool,
        _ algorithm: StyledKernel.Algorithm,
        _ precision: Precision
    ) {
        let layer = StyledCase(
            seed: 7,
            sizes: .init(samples: 3, inputs: 40, outputs: 52, rows: 36, columns: 20),
            upsamples: upsamples,
            algorithm: algorithm
        )
        let name = "\(algorithm), \(precision), upsamples: \(upsamples)"
        expectSameBits(name) { layer.result(in: precision) }
        expectSameBits(name + ", by a crew") { ThreadPool.crew { layer.result(in: precision) } }
        let together = layer.result(in: precision)
        for sample in 0..<3 {
            let alone = layer.result(in: precision, only: sample)[0]
            #expect(alone == together[sample], "\(name), sample \(sample)")
        }
    }

    /// Jobs of a crew run on all threads, each part once, and a crew inside a crew is the same crew.
    @Test(arguments: 1...4) func aCrewDoesEveryPartOfEveryJob(threads: Int) {
        let usual = ThreadPool.threadCount
        defer { ThreadPool.setThreadCount(usual) }
        ThreadPool.setThreadCount(threads)
        var random = Randomness(seed: 12)
        let x = random.tensor([5, 3, 64, 65])
        let expected = Passes.leakyReLU(x, slope: 0.5)
        let results = ThreadPool.crew {
            (0..<50).map { turn in
                turn % 10 == 0
                    ? ThreadPool.crew { Passes.leakyReLU(x, slope: 0.5) }
                    : Passes.leakyReLU(x, slope: 0.5)
            }
        }
        #expect(results.allSatisfy { $0 == expected })
    }

    @Test func doubleConvolutionsDoNotDependOnThreads() {
        var random = Randomness(seed: 8)
        let convolution = Convolution3x3Double(
            weight: random.doubles([37, 21, 3, 3]),
            bias: random.doubles([37])
        )
        let x = random.doubles([2, 21, 8, 11])
        expectSameBits("\(x.shape)") { convolution(x) }
    }

    @Test func chainsDependOnNeitherThreadsNorBatch() {
        var random = Randomness(seed: 12)
        // Enough work for three threads, with one sample too; 36 tiles are no whole chunks.
        let layers = [(40, 72), (72, 130), (130, 24)].map { inputs, outputs in
            Convolution3x3Double(
                weight: random.doubles([outputs, inputs, 3, 3]),
                bias: random.doubles([outputs])
            )
        }
        let x = random.doubles([3, 40, 12, 11])
        let one = x[1..<2]
        expectSameBits("\(x.shape)") { Convolution3x3Double.chain(layers, x) }
        expectSameBits("\(one.shape)") { Convolution3x3Double.chain(layers, one) }
        expectSameBits("a crew") { ThreadPool.crew { Convolution3x3Double.chain(layers, x) } }
        #expect(
            Convolution3x3Double.chain(layers, x)[1] == Convolution3x3Double.chain(layers, one)[0]
        )
    }

    @Test func doublePassesDoNotDependOnThreads() {
        var random = Randomness(seed: 13)
        let count = 200_001
        let arrays = (0..<5).map { _ in random.doubles([count]).scalars }
        let sum = DoublePasses.Combination([0.5, -2, 3], arrays)
        func tensor(_ values: [Double]) -> Tensor<Double> {
            Tensor(shape: [values.count], scalars: values)
        }
        expectSameBits("tanh") {
            var x = tensor(arrays[0])
            DoublePasses.tanh(&x)
            return x
        }
        expectSameBits("sum") { tensor(sum.added(to: arrays[4])) }
        expectSameBits("norm") {
            tensor([sum.scaledNorm(arrays[3], arrays[4], atol: 1e-4, rtol: 1e-3)])
        }
        expectSameBits("quartics") {
            let quartics = DoublePasses.quartics(
                y0: arrays[0],
                y1: arrays[1],
                middle: arrays[2],
                f0: arrays[3],
                f1: arrays[4],
                dt: 0.1
            )
            return Tensor(uninitialized: [3, count]) {
                DoublePasses.evaluate(quartics: quartics, at: [0.1, 0.5, 0.9], into: $0)
            }
        }
    }

    @Test(arguments: [[64, 64, 64], [256, 64, 2304], [3, 5, 4096], [1, 8, 20_000]])
    func doubleProductsDoNotDependOnThreads(sizes: [Int]) {
        var random = Randomness(seed: 6)
        let (m, n, k) = (sizes[0], sizes[1], sizes[2])
        let (a, b) = (random.doubles([m, k]), random.doubles([k, n]))
        expectSameBits("\(sizes)") {
            var c = Tensor<Double>(repeating: 0, shape: [m, n])
            MatrixProduct.double(m: m, n: n, k: k, a: a.scalars, b: b.scalars, c: &c.scalars)
            return c
        }
    }

    @Test(arguments: [
        [1, 512, 512], [64, 64, 64], [256, 64, 2304], [3, 5, 4096], [1, 8, 20_000],
    ])
    func productsDoNotDependOnThreads(sizes: [Int]) {
        var random = Randomness(seed: 6)
        let (m, n, k) = (sizes[0], sizes[1], sizes[2])
        let (a, b) = (random.tensor([m, k]), random.tensor([k, n]))
        expectSameBits("\(sizes)") {
            var c = Tensor<Float>(repeating: 0, shape: [m, n])
            MatrixProduct.float(
                m: m,
                n: n,
                k: k,
                a: a.scalars,
                lda: k,
                b: b.scalars,
                ldb: n,
                c: &c.scalars,
                ldc: n
            )
            return c
        }
    }

    @Test func rowsDoNotDependOnThreads() {
        var random = Randomness(seed: 12)
        let x = random.tensor([3, 5, 40, 100])
        expectSameBits("layer norm") { Passes.layerNorm(x, width: 100, eps: 1e-5) }
        expectSameBits("softmax") {
            var y = x
            Passes.softmax(&y, scale: 0.3, causal: true)
            return y
        }
        expectSameBits("GELU") {
            var y = x
            Passes.apply(.gelu, to: &y)
            return y
        }
    }

    @Test func oneConvolutionServesSeveralThreads() {
        var random = Randomness(seed: 10)
        let convolution = Convolution(weight: random.tensor([16, 8, 3, 3]), padding: 1)
        let inputs = (0..<12).map { _ in
            random.tensor([random.int(1...3), 8, random.int(1...20), random.int(1...20)])
        }
        let expected = inputs.map { convolution($0) }
        // Twelve shapes for eight places: threads also take plans from each other.
        let wrong = Mismatches()
        DispatchQueue.concurrentPerform(iterations: 96) { turn in
            let index = turn * 5 % inputs.count
            if convolution(inputs[index]) != expected[index] { wrong.add(index) }
        }
        #expect(wrong.indices == [])
    }

    /// Compiling packs weights: two convolutions may do so at the same time.
    @Test func convolutionsAreMadeOnSeveralThreads() {
        let wrong = Mismatches()
        DispatchQueue.concurrentPerform(iterations: 16) { seed in
            let example = ConvolutionCase(seed: seed, transposed: seed % 2 == 0)
            let isClose = zip(example.convolution(example.x).scalars, example.reference.scalars)
                .allSatisfy { abs($0 - $1) < 1e-3 }
            if !isClose { wrong.add(seed) }
        }
        #expect(wrong.indices == [])
    }
}

/// Collects from several threads.
///
/// Unchecked: every access holds the lock.
private final class Mismatches: @unchecked Sendable {
    private let lock = NSLock()
    private var found: [Int] = []

    func add(_ index: Int) { lock.withLock { found.append(index) } }
    var indices: [Int] { lock.withLock { found.sorted() } }
}

import Kernels
import Tensors
import TestSupport
import Testing

/// A styled layer of random numbers.
struct StyledCase {
    /// The sizes of the layer and its input.
    struct Sizes {
        var samples: Int
        var inputs: Int
        var outputs: Int
        var rows: Int
        var columns: Int
    }

    let kernel: StyledKernel
    let x: Tensor<Float>
    let styles: Tensor<Float>
    let epilogue: Passes.StyledEpilogue

    init(seed: Int, sizes: Sizes, upsamples: Bool, algorithm: StyledKernel.Algorithm) {
        var random = Randomness(seed: seed)
        let weight = random.tensor([sizes.outputs, sizes.inputs, 3, 3])
        kernel = StyledKernel(weight: weight, upsamples: upsamples, algorithm: algorithm)
        x = random.tensor([sizes.samples, sizes.inputs, sizes.rows, sizes.columns])
        styles = random.tensor([sizes.samples, sizes.inputs])
        let scale = upsamples ? 2 : 1
        epilogue = Passes.StyledEpilogue(
            demodulation: random.tensorOrNil([sizes.samples, sizes.outputs]),
            noise: random.tensorOrNil([scale * sizes.rows, scale * sizes.columns]),
            noiseStrength: 0.7,
            bias: random.tensorOrNil([sizes.outputs]),
            slope: random.bool() ? 0.2 : 1,
            gain: random.bool() ? Float(2).squareRoot() : 1,
            clamp: [nil, 0.5, 256][seed % 3]
        )
    }

    /// What the kernel makes of all samples, or of one alone.
    func result(
        in precision: Precision = .float32,
        only sample: Int? = nil
    ) -> Tensor<Float> {
        let range = sample.map { $0..<$0 + 1 } ?? 0..<x.shape[0]
        var epilogue = epilogue
        epilogue.demodulation = epilogue.demodulation?[range]
        let scratch = FeatureScratch()
        let map = scratch.next([range.count] + x.shape[1...])
        map.load(x[range])
        return kernel(
            map,
            styles: styles[range],
            epilogue: epilogue,
            precision: precision,
            scratch: scratch
        ).tensor
    }

    /// The same by plain loops in float64.
    var reference: Tensor<Float> {
        let (channels, pixels) = (x.shape[1], x.shape[2] * x.shape[3])
        let scaled = Tensor(
            shape: x.shape,
            scalars: x.scalars.indices.map { index in
                let (n, c) = (index / pixels / channels, index / pixels % channels)
                return x.scalars[index] * styles.scalars[n * channels + c]
            }
        )
        var y: Tensor<Float>
        if kernel.upsamples {
            y = Reference.convolution(scaled, weight: kernel.weight, stride: 2, transposed: true)
            y = Reference.fir(y, taps: StyledKernel.upsamplingTaps, padding: (1, 1))
        } else {
            y = Reference.convolution(scaled, weight: kernel.weight, padding: 1)
        }
        Reference.apply(epilogue, to: &y)
        return y
    }
}

/// The layers of StyleGAN2 against plain loops, on random shapes.
struct StyledKernelTests {
    @Test(arguments: 0..<12, [false, true])
    func bothAlgorithmsEqualTheReference(seed: Int, upsamples: Bool) {
        var random = Randomness(seed: 100 + seed)
        for algorithm in [StyledKernel.Algorithm.direct, .winograd] {
            let isDirect = algorithm == .direct
            let sizes = StyledCase.Sizes(
                samples: random.int(1...3),
                inputs: random.int(1...40),
                outputs: random.int(1...70),
                rows: isDirect ? random.int(1...9) : 4 * random.int(1...5),
                columns: isDirect ? random.int(1...9) : 4 * random.int(1...5)
            )
            let layer = StyledCase(
                seed: seed,
                sizes: sizes,
                upsamples: upsamples,
                algorithm: algorithm
            )
            expectClose(
                layer.result(),
                layer.reference,
                // The blur sums 16 of them; Winograd's points enlarge numbers by up to 14.
                abs: 4 * sumBound(9 * sizes.inputs),
                because: "float32 sums of 9 products for each input, in another order or at the "
                    + "points of Winograd's algorithm",
                name: "\(sizes), \(algorithm), upsamples: \(upsamples)"
            )
        }
    }

    @Test(.enabled(if: Precision.bfloat16.isNative), arguments: 0..<12, [false, true])
    func bfloat16IsNearTheReference(seed: Int, upsamples: Bool) {
        var random = Randomness(seed: 300 + seed)
        let sizes = StyledCase.Sizes(
            samples: random.int(1...3),
            inputs: random.int(1...40),
            outputs: random.int(1...70),
            rows: 4 * random.int(1...5),
            columns: 4 * random.int(1...5)
        )
        let layer = StyledCase(
            seed: seed,
            sizes: sizes,
            upsamples: upsamples,
            algorithm: .winograd
        )
        let (near, exact) = (layer.result(in: .bfloat16), layer.reference)
        // A number of 8 bits is off by 2^-9 of itself at most, 0.0017 rms, and products have two of them. The
        // points of Winograd's algorithm enlarge that fivefold (1.1 % rms was measured); noise and bias are exact.
        let residue = rootMeanSquare(zip(near.scalars, exact.scalars).map { $0 - $1 })
        let bound = 0.03 * max(rootMeanSquare(exact.scalars), 1)
        #expect(residue < bound, "\(sizes), upsamples: \(upsamples): rms error \(residue)")
        #expect(near != layer.result(), "float32 was computed")
    }

    /// The last layer's picture, made without its features in memory, is that of the features, bit for bit.
    @Test(arguments: 0..<8) func aDrawnPictureIsThatOfTheFeatures(seed: Int) {
        var random = Randomness(seed: 400 + seed)
        let sizes = StyledCase.Sizes(
            samples: random.int(1...3),
            inputs: random.int(1...40),
            // Too many weights for it, in float32.
            outputs: seed == 0 ? 1300 : random.int(1...70),
            rows: 4 * random.int(1...5),
            columns: 4 * random.int(1...5)
        )
        let layer = StyledCase(seed: seed, sizes: sizes, upsamples: false, algorithm: .winograd)
        let shape = [sizes.samples, 3, sizes.rows, sizes.columns]
        let rgb = RGBLayer(
            kernel: RGBKernel(
                weight: random.tensor([3, sizes.outputs, 1, 1]),
                bias: random.tensor([3]),
                clamp: random.bool() ? 0.4 : nil
            ),
            styles: random.tensor([sizes.samples, sizes.outputs]),
            below: random.tensorOrNil(shape)
        )
        for precision in Precision.allCases where precision.isNative {
            let scratch = FeatureScratch()
            let x = scratch.next(layer.x.shape)
            x.load(layer.x)
            let drawn = layer.kernel.draw(
                x,
                styles: layer.styles,
                epilogue: layer.epilogue,
                precision: precision,
                rgb: rgb,
                scratch: scratch
            )
            let features = scratch.next([sizes.samples, sizes.outputs, sizes.rows, sizes.columns])
            features.load(layer.result(in: precision))
            #expect(
                drawn == rgb.kernel(features, styles: rgb.styles, below: rgb.below),
                "\(sizes), \(precision)"
            )
        }
    }

    private func rootMeanSquare(_ values: [Float]) -> Double {
        (values.reduce(0) { $0 + Double($1 * $1) } / Double(max(1, values.count))).squareRoot()
    }

    @Test(arguments: 0..<8) func rgbEqualsTheReference(seed: Int) {
        var random = Randomness(seed: seed)
        let shape = random.images(channels: 1...70)
        let x = random.tensor(shape)
        let (weight, bias) = (random.tensor([3, shape[1], 1, 1]), random.tensor([3]))
        let styles = random.tensor([shape[0], shape[1]])
        let below = random.tensorOrNil([shape[0], 3, shape[2], shape[3]])
        let clamp: Float? = random.bool() ? 0.4 : nil
        let scratch = FeatureScratch()
        let features = scratch.next(shape)
        features.load(x)
        let picture = RGBKernel(weight: weight, bias: bias, clamp: clamp)(
            features,
            styles: styles,
            below: below
        )
        let pixels = shape[2] * shape[3]
        let expected = Tensor<Float>(
            shape: picture.shape,
            scalars: (0..<picture.count).map { index in
                let (n, colour, pixel) = (index / pixels / 3, index / pixels % 3, index % pixels)
                let sum = (0..<shape[1]).reduce(0.0) { sum, c in
                    sum + Double(weight.scalars[colour * shape[1] + c])
                        * Double(styles.scalars[n * shape[1] + c])
                        * Double(x.scalars[(n * shape[1] + c) * pixels + pixel])
                }
                let value = Float(sum) + bias.scalars[colour]
                let limited = clamp.map { min(max(value, -$0), $0) } ?? value
                return limited + (below?.scalars[index] ?? 0)
            }
        )
        expectClose(
            picture,
            expected,
            abs: sumBound(shape[1]),
            because: "float32 sums of a product for each input",
            name: "\(shape)"
        )
    }
}

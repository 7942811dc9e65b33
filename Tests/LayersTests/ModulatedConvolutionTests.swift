import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// Scaled activations against the textbook form, which makes one set of weights per sample.
struct ModulatedConvolutionTests {
    @Test(arguments: 0..<6, [true, false])
    func equalsModulatedWeights(seed: Int, upsamples: Bool) {
        let base = UInt64(seed * 10)
        let samples = 1 + seed % 3
        let (inputs, outputs, width) = ([3, 16, 17][seed % 3], [5, 16, 33][seed / 2], 8)
        // Direct sums, and Winograd's from 16 rows on.
        let rows = [1 + seed, 16][seed % 2]
        let columns = [6 - seed, 8][seed % 2]
        let weight = noise([outputs, inputs, 3, 3], seed: base + 1)
        let affine = Linear(
            weight: noise([inputs, width], seed: base + 2),
            bias: noise([inputs], seed: base + 3).map { $0 + 1 }
        )
        let x = noise([samples, inputs, rows, columns], seed: base + 4)
        let w = noise([samples, width], seed: base + 5)
        let layer = ModulatedConvolution(affine: affine, weight: weight, upsamples: upsamples)
        let scratch = FeatureScratch()
        let map = scratch.next(x.shape)
        map.load(x)
        let features = layer(map, w: w, scratch: scratch).tensor
        let expected = Tensor.stack(
            (0..<samples).map { sample in
                let styles = row(affine, w[sample].scalars)
                let modulated = modulate(weight, styles)
                return convolve(x[sample..<sample + 1], modulated, upsamples: upsamples)[0]
            }
        )
        expectClose(
            features,
            expected,
            abs: 32 * unit * Double(inputs * 9).squareRoot(),
            rel: 16 * unit,
            because: "the same products with the scale taken out of the float32 sum, and the "
                + "points of Winograd's algorithm, which lose a bit more",
            name: "\(x.shape) by \(weight.shape), upsamples: \(upsamples)"
        )
    }

    /// One affine layer, one row, in float64.
    private func row(_ layer: Linear, _ x: [Float]) -> [Double] {
        (0..<layer.outFeatures).map { o in
            (0..<layer.inFeatures).reduce(Double(layer.bias?.scalars[o] ?? 0)) {
                $0 + Double(layer.weight.scalars[o * layer.inFeatures + $1]) * Double(x[$1])
            }
        }
    }

    // Karras et al. 2020, equations (1) and (3).
    private func modulate(
        _ weight: Tensor<Float>,
        _ styles: [Double]
    ) -> Tensor<Float> {
        let taps = weight.shape[2] * weight.shape[3]
        let size = weight.shape[1] * taps
        return Tensor(
            shape: weight.shape,
            scalars: (0..<weight.shape[0]).flatMap { o in
                let scaled = (0..<size).map {
                    Double(weight.scalars[o * size + $0]) * styles[$0 / taps]
                }
                let norm = (scaled.reduce(0) { $0 + $1 * $1 } + 1e-8).squareRoot()
                return scaled.map { Float($0 / norm) }
            }
        )
    }

    private func convolve(
        _ x: Tensor<Float>,
        _ weight: Tensor<Float>,
        upsamples: Bool
    ) -> Tensor<Float> {
        guard upsamples else {
            return Reference.convolution(x, weight: weight, padding: weight.shape[2] / 2)
        }
        let doubled = Reference.convolution(x, weight: weight, stride: 2, transposed: true)
        return Reference.fir(doubled, taps: [0.25, 0.75, 0.75, 0.25], padding: (1, 1))
    }
}

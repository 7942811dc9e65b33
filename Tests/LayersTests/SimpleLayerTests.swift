import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// Linear, layer normalisation and pixel normalisation against plain loops in float64.
struct SimpleLayerTests {
    @Test(arguments: 0..<10) func linearEqualsPlainLoops(seed: Int) {
        let (outputs, inputs) = (1 + seed * 7 % 33, 1 + seed * 11 % 40)
        let shape = [[inputs], [3, inputs], [2, 5, inputs], [0, inputs]][seed % 4]
        let base = UInt64(seed * 10)
        let weight = noise([outputs, inputs], seed: base + 1)
        let bias = seed % 2 == 0 ? noise([outputs], seed: base + 2) : nil
        let x = noise(shape, seed: base + 3)
        let rows = shape.dropLast().reduce(1, *)
        let expected = (0..<rows * outputs).map { index in
            let (row, output) = (index / outputs, index % outputs)
            return Float(
                (0..<inputs).reduce(Double(bias?.scalars[output] ?? 0)) {
                    $0 + Double(weight.scalars[output * inputs + $1])
                        * Double(x.scalars[row * inputs + $1])
                }
            )
        }
        expectClose(
            Linear(weight: weight, bias: bias)(x),
            Tensor(shape: shape.dropLast() + [outputs], scalars: expected),
            abs: Double(2 * inputs + 8) * unit,
            because: "K roundings of partial sums of about sqrt(K) / 3, six-fold margin",
            name: "\(shape) by \(weight.shape)"
        )
    }

    @Test func scalingALinearLayerScalesWhatItAdds() {
        let layer = Linear(weight: noise([4, 6], seed: 1), bias: noise([4], seed: 2))
        let scaled = layer.scaled(weight: 0.5, bias: 0.25)
        #expect(scaled.weight == layer.weight.map { $0 / 2 })
        #expect(scaled.bias == layer.bias?.map { $0 / 4 })
    }

    @Test func layerNormUsesItsOwnWidth() {
        let (weight, bias) = (noise([7], seed: 1), noise([7], seed: 2))
        let x = noise([2, 3, 7], seed: 3)
        expectClose(
            LayerNorm(weight: weight, bias: bias, eps: 1e-2)(x),
            Reference.layerNorm(x, width: 7, weight: weight, bias: bias, eps: 1e-2),
            abs: 16 * unit,
            because: "the mean is rounded to float32, then divided by a deviation of at least 0.1",
            name: "layer norm"
        )
    }

    @Test func pixelNormOverFeaturesGivesUnitMeanSquares() {
        let x = noise([5, 33], seed: 4)
        let y = PixelNorm.overFeatures(x)
        for row in 0..<5 {
            let square = x[row].scalars.reduce(0.0) { $0 + Double($1) * Double($1) } / 33
            expectClose(
                y[row],
                x[row].map { Float(Double($0) / (square + 1e-8).squareRoot()) },
                abs: 32 * unit,
                because: "33 squares added in float32",
                name: "row \(row)"
            )
        }
    }

    @Test func pixelNormOverLayersGivesUnitMeanSquaresPerColumn() {
        let (samples, layers, width) = (2, 6, 9)
        let x = noise([samples, layers, width], seed: 5)
        let y = PixelNorm.overLayers(x)
        for sample in 0..<samples {
            for column in 0..<width {
                let values = (0..<layers).map { Double(x[sample].scalars[$0 * width + column]) }
                let square = values.reduce(0) { $0 + $1 * $1 } / Double(layers)
                for layer in 0..<layers {
                    let expected = values[layer] / (square + 1e-8).squareRoot()
                    let actual = Double(y[sample].scalars[layer * width + column])
                    // Six squares added in float32.
                    #expect(abs(actual - expected) < 16 * unit)
                }
            }
        }
    }

    @Test func pixelNormOfZerosIsZero() {
        let zeros = Tensor<Float>(repeating: 0, shape: [1, 4])
        #expect(PixelNorm.overFeatures(zeros) == zeros)
    }
}

package import Tensors

extension Reference {
    /// What `Convolution` computes; see there for shapes.
    package static func convolution(
        _ x: Tensor<Float>,
        weight: Tensor<Float>,
        bias: Tensor<Float>? = nil,
        stride: Int = 1,
        padding: Int = 0,
        transposed: Bool = false
    ) -> Tensor<Float> {
        let result =
            transposed
            ? transposedConvolution(x.widened, weight.widened, stride, padding)
            : convolution(x.widened, weight.widened, stride, padding)
        return tensor(result.shape) { n, o, i, j in
            Float((result[n, o, i, j] ?? 0) + Double(bias?.scalars[o] ?? 0))
        }
    }

    /// What `Convolution3x3Double` computes; see there for shapes.
    package static func convolution3x3(
        _ x: Tensor<Double>,
        weight: Tensor<Double>,
        bias: Tensor<Double>
    ) -> Tensor<Double> {
        let result = convolution(x, weight, 1, 1)
        return tensor(result.shape) { n, o, i, j in (result[n, o, i, j] ?? 0) + bias.scalars[o] }
    }

    /// What `Convolution3x3Double.chain` computes; see there for shapes.
    package static func chain(
        _ layers: [Convolution3x3Double],
        _ x: Tensor<Double>
    ) -> Tensor<Double> {
        var y = x
        for (index, layer) in layers.enumerated() {
            if index > 0 { tanh(&y) }
            y = convolution3x3(y, weight: layer.weight, bias: layer.bias)
        }
        return y
    }

    /// Gathers: `y[n, o, i, j] = sum w[o, c, a, b] x[n, c, i*stride + a - padding, ...]`.
    private static func convolution(
        _ x: Tensor<Double>,
        _ weight: Tensor<Double>,
        _ stride: Int,
        _ padding: Int
    ) -> Tensor<Double> {
        let (height, width) = (weight.shape[2], weight.shape[3])
        let shape = [
            x.shape[0], weight.shape[0],
            (x.shape[2] + 2 * padding - height) / stride + 1,
            (x.shape[3] + 2 * padding - width) / stride + 1,
        ]
        return tensor(shape) { n, o, i, j in
            var sum = 0.0
            for c in 0..<x.shape[1] {
                for a in 0..<height {
                    for b in 0..<width {
                        let pixel = x[n, c, i * stride + a - padding, j * stride + b - padding]
                        sum += (weight[o, c, a, b] ?? 0) * (pixel ?? 0)
                    }
                }
            }
            return sum
        }
    }

    /// Scatters: `y[n, o, i*stride + a - padding, ...] += w[o, c, a, b] x[n, c, i, j]`.
    private static func transposedConvolution(
        _ x: Tensor<Double>,
        _ weight: Tensor<Double>,
        _ stride: Int,
        _ padding: Int
    ) -> Tensor<Double> {
        let (height, width) = (weight.shape[2], weight.shape[3])
        let rows = (x.shape[2] - 1) * stride + height - 2 * padding
        let columns = (x.shape[3] - 1) * stride + width - 2 * padding
        let outputs = weight.shape[0]
        var y = Tensor<Double>(repeating: 0, shape: [x.shape[0], outputs, rows, columns])
        eachElement(x.shape) { n, c, i, j in
            let pixel = x[n, c, i, j] ?? 0
            eachElement([1, outputs, height, width]) { _, o, a, b in
                let (row, column) = (i * stride + a - padding, j * stride + b - padding)
                guard (0..<rows).contains(row), (0..<columns).contains(column) else { return }
                y.scalars[((n * outputs + o) * rows + row) * columns + column] +=
                    (weight[o, c, a, b] ?? 0) * pixel
            }
        }
        return y
    }
}

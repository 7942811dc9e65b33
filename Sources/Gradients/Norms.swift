internal import Foundation
internal import Kernels
public import Tensors

extension Variable {
    /// Rows of `width` elements brought to mean 0 and deviation 1, biased variance, eps inside the root.
    ///
    /// - Parameters:
    ///   - eps: Keeps the quotient finite.
    ///   - rowWidth: The elements of a row; the last axis if nil.
    /// - Returns: The same shape.
    public func normalised(eps: Scalar, width rowWidth: Int? = nil) -> Variable {
        let width = rowWidth ?? self.width
        let rows = value.count / width
        var inverse = Self.zeros([rows])
        let normal = Tensor<Scalar>.made(shape) { y in
            inverse.scalars.withUnsafeMutableBufferPointer { inverse in
                value.scalars.withUnsafeBufferPointer { x in
                    guard let x = x.baseAddress, let inverse = inverse.baseAddress else { return }
                    Scalar.normaliseRows(
                        x,
                        rows: rows,
                        width: width,
                        eps: eps,
                        y,
                        inverse: inverse
                    )
                }
            }
        }
        return Variable(normal, from: [self]) { [inverse] gradient in
            self.accumulate(
                .made(self.shape) { dx in
                    gradient.scalars.withUnsafeBufferPointer { gradient in
                        normal.scalars.withUnsafeBufferPointer { y in
                            guard let gradient = gradient.baseAddress, let y = y.baseAddress
                            else { return }
                            Scalar.normaliseRowsBack(
                                gradient,
                                y,
                                inverse: inverse.scalars,
                                rows: rows,
                                width: width,
                                dx
                            )
                        }
                    }
                }
            )
        }
    }

    /// Layer norm over the last axis, with weight and bias `[D]`.
    public func layerNorm(weight: Variable, bias: Variable, eps: Scalar = 1e-5) -> Variable {
        normalised(eps: eps).multiplyingRows(weight).addingRows(bias)
    }

    /// The mean and the biased variance of every channel of `[..., C]`, as a batch norm in training takes them.
    public struct BatchStatistics: Sendable {
        /// `[C]`.
        public let mean: Tensor<Scalar>
        /// `[C]`, divided by the number of rows.
        public let variance: Tensor<Scalar>
        /// The number of rows they are of.
        public let rows: Int
    }

    /// Batch norm in training: every channel brought to mean 0 and deviation 1 over all rows, then weight and bias `[C]`.
    ///
    /// Source: Ioffe and Szegedy 2015, algorithm 1.
    public func batchNorm(
        weight: Variable,
        bias: Variable,
        eps: Scalar = 1e-5
    ) -> (value: Variable, statistics: BatchStatistics) {
        let (rows, width) = (rows, width)
        let inverseRows = 1 / Scalar(rows)
        let mean = Self.mapped(
            .scale,
            Self.sumOfRows(value, groupRows: rows).reshaped([width]),
            nil,
            inverseRows,
            0
        )
        let centred = Self.affine(
            value,
            shift: Self.mapped(.scale, mean, nil, -1, 0),
            shiftRows: rows
        )
        let variance = Self.mapped(
            .scale,
            Self.sumOfRows(centred, centred, groupRows: rows).reshaped([width]),
            nil,
            inverseRows,
            0
        )
        let inverse = Self.mapped(.inverseRoot, variance, nil, eps)
        let normal = Self.affine(centred, scale: inverse, scaleRows: rows)
        let result = Variable(
            Self.affine(
                normal,
                scale: weight.value,
                scaleRows: rows,
                shift: bias.value,
                shiftRows: rows
            ),
            from: [self, weight, bias]
        ) { gradient in
            let along = Self.sumOfRows(gradient, normal, groupRows: rows).reshaped([width])
            let sum = Self.sumOfRows(gradient, groupRows: rows).reshaped([width])
            weight.accumulate(along)
            bias.accumulate(sum)
            // inverse * weight * (g - mean(g) - n mean(g n))
            let offsets = Self.mapped(.scale, sum, nil, -inverseRows, 0)
            let slopes = Self.mapped(.scale, along, nil, -inverseRows, 0)
            let correction = Self.affine(
                normal,
                scale: slopes,
                scaleRows: rows,
                shift: offsets,
                shiftRows: rows
            )
            self.accumulate(
                Self.affine(
                    Self.mapped(.sum, gradient, correction),
                    scale: Self.mapped(.product, inverse, weight.value),
                    scaleRows: rows
                )
            )
        }
        return (result, BatchStatistics(mean: mean, variance: variance, rows: rows))
    }

    /// Softmax over the last axis.
    public var softmax: Variable {
        let (rows, width) = (rows, width)
        let probabilities = Tensor<Scalar>.made(shape) { y in
            value.scalars.withUnsafeBufferPointer { x in
                guard let x = x.baseAddress else { return }
                Scalar.softmaxRows(x, rows: rows, width: width, y)
            }
        }
        return Variable(probabilities, from: [self]) { gradient in
            self.accumulate(
                .made(self.shape) { dx in
                    gradient.scalars.withUnsafeBufferPointer { gradient in
                        probabilities.scalars.withUnsafeBufferPointer { y in
                            guard let gradient = gradient.baseAddress, let y = y.baseAddress
                            else { return }
                            Scalar.softmaxRowsBack(gradient, y, rows: rows, width: width, dx)
                        }
                    }
                }
            )
        }
    }

    /// The mean over rows of `-log softmax(x)[label]`: `[N, classes]` to `[]`.
    public func crossEntropy(_ labels: [Int]) -> Variable {
        let (rows, width) = (rows, width)
        precondition(labels.count == rows, "\(labels.count) labels for \(rows) rows")
        let probabilities = softmaxValue
        var loss: Scalar = 0
        for (row, label) in labels.enumerated() {
            loss -= Scalar(
                log(Double(max(probabilities.scalars[row * width + label], 1e-38)))
            )
        }
        return Variable(
            Tensor(shape: [], scalars: [loss / Scalar(rows)]),
            from: [self]
        ) { gradient in
            let scale = gradient.scalars[0] / Scalar(rows)
            var slope = Self.mapped(.scale, probabilities, nil, scale, 0)
            for (row, label) in labels.enumerated() { slope.scalars[row * width + label] -= scale }
            self.accumulate(slope)
        }
    }

    private var softmaxValue: Tensor<Scalar> { Variable(value).softmax.value }
}

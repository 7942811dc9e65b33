internal import Kernels
public import Tensors

extension Variable {
    /// A convolution: `x [N, H, W, I]`, `weight [O, I, kh, kw]` to `[N, H', W', O]`.
    ///
    /// - Parameters:
    ///   - weight: `[O, I, kh, kw]`.
    ///   - stride: The step.
    ///   - padding: Zeros above, left, below and right.
    ///   - precision: What is multiplied; sums and gradients are in the scalar itself.
    /// - Returns: `[N, H', W', O]`.
    public func convolved(
        _ weight: Variable,
        stride: Int = 1,
        padding: [Int] = [0, 0, 0, 0],
        precision: Precision = .float32
    ) -> Variable {
        precondition(
            shape.count == 4 && weight.shape.count == 4 && weight.shape[1] == shape[3],
            "a convolution \(weight.shape) applied to \(shape)"
        )
        // oneDNN's backward passes of 1x1 convolutions with a stride write beyond their memory for some channel counts.
        if stride > 1, weight.shape[2...] == [1, 1], padding.allSatisfy({ $0 == 0 }) {
            return subsampled(stride).convolved(weight, precision: precision)
        }
        let sizes = ChannelsLastConvolution(
            samples: shape[0],
            input: Array(shape[1...2]),
            inChannels: shape[3],
            outChannels: weight.shape[0],
            kernel: Array(weight.shape[2...]),
            stride: stride,
            padding: padding
        )
        return Variable(
            Self.run(sizes.outputShape, value, weight.value) {
                Scalar.convolve(sizes, precision, $0, $1, $2)
            },
            from: [self, weight]
        ) { gradient in
            self.accumulate(
                Self.run(sizes.inputShape, gradient, weight.value) {
                    Scalar.convolveInputGradient(sizes, precision, $0, $1, $2)
                }
            )
            weight.accumulate(
                Self.run(sizes.weightShape, self.value, gradient) {
                    Scalar.convolveWeightGradient(sizes, precision, $0, $1, $2)
                }
            )
        }
    }

    /// Every so many pixels, from the first: `[N, H, W, C]` to `[N, ceil(H / stride), ceil(W / stride), C]`.
    public func subsampled(_ stride: Int) -> Variable {
        [1, 2].reduce(self) { x, axis in
            let extent = x.shape[axis]
            let kept = Array(Swift.stride(from: 0, to: extent, by: stride))
            return x.mapped(AxisMap(inputs: extent, picking: kept), axis: axis)
        }
    }

    /// A transposed convolution without padding: `x [N, H, W, I]`, `weight [O, I, k, k]`, not flipped, to
    /// `[N, (H - 1) stride + k, (W - 1) stride + k, O]`.
    ///
    /// It is the input gradient of a convolution from O to I channels.
    public func convolvedTransposed(
        _ weight: Variable,
        stride: Int,
        precision: Precision = .float32
    ) -> Variable {
        precondition(
            shape.count == 4 && weight.shape.count == 4 && weight.shape[1] == shape[3],
            "a transposed convolution \(weight.shape) applied to \(shape)"
        )
        let kernel = Array(weight.shape[2...])
        let sizes = ChannelsLastConvolution(
            samples: shape[0],
            input: (0..<2).map { (shape[1 + $0] - 1) * stride + kernel[$0] },
            inChannels: weight.shape[0],
            outChannels: shape[3],
            kernel: kernel,
            stride: stride,
            padding: [0, 0, 0, 0]
        )
        let swapped = Self.swapChannels(weight.value)  // [I, O, k, k]
        return Variable(
            Self.run(sizes.inputShape, value, swapped) {
                Scalar.convolveInputGradient(sizes, precision, $0, $1, $2)
            },
            from: [self, weight]
        ) { gradient in
            self.accumulate(
                Self.run(sizes.outputShape, gradient, swapped) {
                    Scalar.convolve(sizes, precision, $0, $1, $2)
                }
            )
            weight.accumulate(
                Self.swapChannels(
                    Self.run(sizes.weightShape, gradient, self.value) {
                        Scalar.convolveWeightGradient(sizes, precision, $0, $1, $2)
                    }
                )
            )
        }
    }

    /// The sum of squares over the kernel: `weight [O, I, kh, kw]` to `[O, I]`, for demodulation.
    public var kernelSquares: Variable {
        squared.reshaped([shape[0], shape[1], shape[2] * shape[3]]).sumOverColumns
    }

    private static func run(
        _ shape: [Int],
        _ a: Tensor<Scalar>,
        _ b: Tensor<Scalar>,
        _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
    ) -> Tensor<Scalar> {
        .made(shape) { out in
            a.scalars.withUnsafeBufferPointer { a in
                b.scalars.withUnsafeBufferPointer { b in
                    guard let a = a.baseAddress, let b = b.baseAddress else { return }
                    body(a, b, out)
                }
            }
        }
    }

    /// `[A, B, k, k]` to `[B, A, k, k]`.
    private static func swapChannels(_ weight: Tensor<Scalar>) -> Tensor<Scalar> {
        let (a, b) = (weight.shape[0], weight.shape[1])
        return swapped(
            weight,
            rows: a,
            columns: b,
            inner: weight.shape[2] * weight.shape[3],
            shape: [b, a] + weight.shape[2...]
        )
    }
}

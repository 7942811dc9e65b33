internal import Kernels
public import Tensors

/// The gradient of the input of `resizeAntialiased` from that of its output.
///
/// Shapes: `[..., H', W']` to `[..., height, width]`. Resizing is linear, so this is its transpose: one small
/// matrix per axis.
///
/// - Parameters:
///   - gradient: `[..., H', W']`.
///   - height: The height of the images that were resized.
///   - width: The width of the images that were resized.
///   - kernel: The kernel they were resized with.
/// - Returns: `[..., height, width]`.
public func resizeAntialiasedGradient(
    _ gradient: Tensor<Float>,
    height: Int,
    width: Int,
    kernel: ResamplingKernel
) -> Tensor<Float> {
    let (outputHeight, outputWidth) = (
        gradient.shape[gradient.rank - 2], gradient.shape[gradient.rank - 1]
    )
    if outputHeight == height, outputWidth == width { return gradient }
    let rows = ResamplingTaps.taps(from: height, to: outputHeight, .antialiased(kernel)).matrix
    let columns = ResamplingTaps.taps(from: width, to: outputWidth, .antialiased(kernel)).matrix
    let planes = gradient.count / (outputHeight * outputWidth)
    let shape = gradient.shape.dropLast(2)
    let wide = Tensor<Float>(uninitialized: [planes, outputHeight, width]) { out in
        guard let out = out.baseAddress else { return }
        MatrixProduct.float(
            m: planes * outputHeight,
            n: width,
            k: outputWidth,
            a: gradient.scalars,
            lda: outputWidth,
            b: columns.scalars,
            ldb: width,
            c: out,
            ldc: width
        )
    }
    return Tensor(uninitialized: shape + [height, width]) { out in
        guard let out = out.baseAddress else { return }
        wide.scalars.withUnsafeBufferPointer { wide in
            guard let wide = wide.baseAddress else { return }
            for plane in 0..<planes {
                MatrixProduct.float(
                    m: height,
                    n: width,
                    k: outputHeight,
                    a: rows.scalars,
                    lda: height,
                    transposesA: true,
                    b: wide + plane * outputHeight * width,
                    ldb: width,
                    c: out + plane * height * width,
                    ldc: width
                )
            }
        }
    }
}

extension SplicePreprocessing {
    /// The gradient of the images in 0...1 from that of the prepared images, `[N, 3, h, w]`.
    ///
    /// - Parameters:
    ///   - gradient: `[N, 3, h, w]`.
    ///   - shape: `[N, 3, H, W]`, the shape of the images.
    /// - Returns: `[N, 3, H, W]`.
    public func inputGradient(_ gradient: Tensor<Float>, shape: [Int]) -> Tensor<Float> {
        let plane = gradient.shape[2] * gradient.shape[3]
        let deviation = ChannelStatistics.imageNet.deviation
        let scaled = Tensor<Float>(uninitialized: gradient.shape) { out in
            for index in out.indices {
                out.initializeElement(
                    at: index,
                    to: gradient.scalars[index] / deviation[index / plane % deviation.count]
                )
            }
        }
        return resizeAntialiasedGradient(
            scaled,
            height: shape[2],
            width: shape[3],
            kernel: .bilinear
        )
    }
}

extension ResamplingTaps {
    /// The weights as a matrix `[outputs, inputs]`.
    fileprivate var matrix: Tensor<Float> {
        var matrix = Tensor(repeating: Float(0), shape: [outputCount, inputCount])
        for output in 0..<outputCount {
            for tap in 0..<counts[output] {
                matrix.scalars[output * inputCount + starts[output] + tap] =
                    weights[output * tapCount + tap]
            }
        }
        return matrix
    }
}

public import Tensors

/// Resizes with the plain cubic interpolation: a = -0.75, no antialias, half-pixel centres, the border
/// pixel repeated outside.
///
/// Shapes: `[C, H, W]` or `[N, C, H, W]` to the same rank. Used on videos before the dynamics encoder and
/// on reconstructions before losses. Overshoot is kept.
/// Source: `torch.nn.functional.interpolate(mode="bicubic")`.
public func resizeBicubicPlain(_ images: Tensor<Float>, height: Int, width: Int) -> Tensor<Float> {
    resize(images, height: height, width: width, .clamped(.bicubic(a: -0.75)))
}

/// Resizes with a kernel that widens when shrinking, so that no input pixel is skipped.
///
/// Shapes: `[C, H, W]` or `[N, C, H, W]` to the same rank. Overshoot is kept.
/// Source: `torch.nn.functional.interpolate(antialias=True)`; a = -0.5 for its cubic kernel.
public func resizeAntialiased(
    _ images: Tensor<Float>,
    height: Int,
    width: Int,
    kernel: ResamplingKernel
) -> Tensor<Float> {
    resize(images, height: height, width: width, .antialiased(kernel))
}

/// Resizes bilinearly with the corner pixels kept in place (`align_corners=True`).
///
/// Shapes: `[C, H, W]` or `[N, C, H, W]` to the same rank.
public func resizeAligningCorners(
    _ images: Tensor<Float>,
    height: Int,
    width: Int
) -> Tensor<Float> {
    resize(images, height: height, width: width, .alignedCorners)
}

private func resize(
    _ images: Tensor<Float>,
    height: Int,
    width: Int,
    _ rule: ResamplingRule
) -> Tensor<Float> {
    precondition(images.rank >= 2, "resize needs [..., H, W], got \(images.shape)")
    let inputHeight = images.shape[images.rank - 2]
    let inputWidth = images.shape[images.rank - 1]
    if inputHeight == height, inputWidth == width { return images }
    let columns = ResamplingTaps.taps(from: inputWidth, to: width, rule)
    let rows = ResamplingTaps.taps(from: inputHeight, to: height, rule)
    // The row pass is the faster one: it goes first where it shrinks the image.
    return height <= inputHeight
        ? resizeColumns(resizeRows(images, rows), columns)
        : resizeRows(resizeColumns(images, columns), rows)
}

/// The vertical pass: `[..., H, W]` to `[..., H', W]`, each output row a weighted sum of input rows.
private func resizeRows(_ images: Tensor<Float>, _ taps: ResamplingTaps) -> Tensor<Float> {
    if taps.inputCount == taps.outputCount { return images }
    let width = images.shape[images.rank - 1]
    let planes = images.count / max(taps.inputCount * width, 1)
    var shape = images.shape
    shape[images.rank - 2] = taps.outputCount
    return Tensor(uninitialized: shape) { out in
        guard let target = out.baseAddress else { return }
        images.scalars.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return }
            for plane in 0..<planes {
                let input = base + plane * taps.inputCount * width
                let output = target + plane * taps.outputCount * width
                for row in 0..<taps.outputCount {
                    let sum = output + row * width
                    sum.initialize(repeating: 0, count: width)
                    for tap in 0..<taps.counts[row] {
                        let weight = taps.weights[row * taps.tapCount + tap]
                        let line = input + (taps.starts[row] + tap) * width
                        for column in 0..<width { sum[column] += weight * line[column] }
                    }
                }
            }
        }
    }
}

/// The horizontal pass: `[..., H, W]` to `[..., H, W']`.
private func resizeColumns(_ images: Tensor<Float>, _ taps: ResamplingTaps) -> Tensor<Float> {
    if taps.inputCount == taps.outputCount { return images }
    let lines = images.count / taps.inputCount
    let shape = images.shape.dropLast() + [taps.outputCount]
    // Windows are read in fours, so a line is followed by zeros for the zero weights to meet.
    var padded = [Float](repeating: 0, count: taps.inputCount + taps.tapCount)
    return Tensor(uninitialized: Array(shape)) { out in
        guard let target = out.baseAddress else { return }
        images.scalars.withUnsafeBufferPointer { source in
            taps.weights.withUnsafeBytes { weights in
                padded.withUnsafeMutableBytes { line in
                    for index in 0..<lines {
                        let start = index * taps.inputCount
                        line.copyMemory(
                            from: UnsafeRawBufferPointer(
                                rebasing: UnsafeRawBufferPointer(source)[
                                    start * 4..<(start + taps.inputCount) * 4
                                ]
                            )
                        )
                        resizeLine(
                            UnsafeRawBufferPointer(line),
                            to: target + index * taps.outputCount,
                            taps,
                            weights
                        )
                    }
                }
            }
        }
    }
}

/// One line of the horizontal pass, four products at a time.
private func resizeLine(
    _ line: UnsafeRawBufferPointer,
    to output: UnsafeMutablePointer<Float>,
    _ taps: ResamplingTaps,
    _ weights: UnsafeRawBufferPointer
) {
    let stride = taps.tapCount * 4
    for column in 0..<taps.outputCount {
        var sum = SIMD4<Float>()
        let start = taps.starts[column] * 4
        for offset in Swift.stride(from: 0, to: stride, by: 16) {
            sum +=
                weights.loadUnaligned(
                    fromByteOffset: column * stride + offset,
                    as: SIMD4<Float>.self
                )
                * line.loadUnaligned(fromByteOffset: start + offset, as: SIMD4<Float>.self)
        }
        (output + column).initialize(to: sum.sum())
    }
}

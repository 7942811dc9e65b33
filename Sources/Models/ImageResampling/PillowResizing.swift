public import Tensors

/// How the channels of 8-bit pixels lie in memory.
public enum PixelLayout: Sendable {
    /// `[H, W, C]`, as cameras and image files have them.
    case interleaved
    /// `[C, H, W]`.
    case planar
}

/// Resizes 8-bit pixels exactly as Pillow does.
///
/// The kernel widens when shrinking; the horizontal pass comes first, and each pass is computed in fixed
/// point and rounded to 8 bits.
/// Shapes: `[H, W, C]` or `[C, H, W]` to the same layout.
/// Source: Pillow `src/libImaging/Resample.c`.
///
/// - Parameters:
///   - pixels: The image.
///   - height: The new number of rows.
///   - width: The new number of columns.
///   - kernel: Pillow has `.bicubic(a: -0.5)` and `.bilinear`.
///   - layout: The order of the axes.
/// - Returns: The resized image in the same layout.
public func resizePillow(
    _ pixels: Tensor<UInt8>,
    height: Int,
    width: Int,
    kernel: ResamplingKernel,
    layout: PixelLayout = .interleaved
) -> Tensor<UInt8> {
    precondition(pixels.rank == 3, "resizePillow needs [H, W, C] or [C, H, W], got \(pixels.shape)")
    let isPlanar = layout == .planar
    let (planes, inputHeight) = isPlanar ? (pixels.shape[0], pixels.shape[1]) : (1, pixels.shape[0])
    let inputWidth = pixels.shape[isPlanar ? 2 : 1]
    let channels = isPlanar ? 1 : pixels.shape[2]
    let rule = ResamplingRule.pillow(kernel)
    var image = pixels.reshaped([planes, inputHeight, inputWidth, channels])
    if width != inputWidth {
        image = resizeColumns(image, .taps(from: inputWidth, to: width, rule))
    }
    if height != inputHeight {
        image = resizeRows(image, .taps(from: inputHeight, to: height, rule))
    }
    return image.reshaped(isPlanar ? [planes, height, width] : [height, width, channels])
}

/// Rounds a fixed-point sum that was started at one half.
@inline(__always)
private func rounded(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> ResamplingTaps.fractionBits, 0), 255))
}

/// One half of the last kept bit.
private let half: Int32 = 1 << (ResamplingTaps.fractionBits - 1)

/// The horizontal pass: `[P, H, W, C]` to `[P, H, W', C]`.
private func resizeColumns(_ image: Tensor<UInt8>, _ taps: ResamplingTaps) -> Tensor<UInt8> {
    let (planes, height, channels) = (image.shape[0], image.shape[1], image.shape[3])
    return Tensor(uninitialized: [planes, height, taps.outputCount, channels]) { out in
        guard let target = out.baseAddress else { return }
        image.scalars.withUnsafeBufferPointer { source in
            taps.fixedWeights.withUnsafeBufferPointer { weights in
                guard let base = source.baseAddress, let weights = weights.baseAddress else {
                    return
                }
                for line in 0..<planes * height {
                    let input = base + line * taps.inputCount * channels
                    let output = target + line * taps.outputCount * channels
                    if channels == 3 {
                        resizeTriples(input, to: output, taps, weights)
                    } else {
                        resizeLine(input, to: output, taps, weights, channels: channels)
                    }
                }
            }
        }
    }
}

/// One line of pixels with three interleaved channels.
private func resizeTriples(
    _ input: UnsafePointer<UInt8>,
    to output: UnsafeMutablePointer<UInt8>,
    _ taps: ResamplingTaps,
    _ weights: UnsafePointer<Int32>
) {
    for column in 0..<taps.outputCount {
        var (red, green, blue) = (half, half, half)
        var pixel = input + taps.starts[column] * 3
        let weight = weights + column * taps.tapCount
        for tap in 0..<taps.counts[column] {
            red &+= Int32(pixel[0]) &* weight[tap]
            green &+= Int32(pixel[1]) &* weight[tap]
            blue &+= Int32(pixel[2]) &* weight[tap]
            pixel += 3
        }
        (output + column * 3).initialize(to: rounded(red))
        (output + column * 3 + 1).initialize(to: rounded(green))
        (output + column * 3 + 2).initialize(to: rounded(blue))
    }
}

/// One line of pixels with any number of interleaved channels.
private func resizeLine(
    _ input: UnsafePointer<UInt8>,
    to output: UnsafeMutablePointer<UInt8>,
    _ taps: ResamplingTaps,
    _ weights: UnsafePointer<Int32>,
    channels: Int
) {
    for column in 0..<taps.outputCount {
        let weight = weights + column * taps.tapCount
        for channel in 0..<channels {
            var sum = half
            let pixel = input + taps.starts[column] * channels + channel
            for tap in 0..<taps.counts[column] {
                sum &+= Int32(pixel[tap * channels]) &* weight[tap]
            }
            (output + column * channels + channel).initialize(to: rounded(sum))
        }
    }
}

/// The vertical pass: `[P, H, W, C]` to `[P, H', W, C]`.
private func resizeRows(_ image: Tensor<UInt8>, _ taps: ResamplingTaps) -> Tensor<UInt8> {
    let (planes, width, channels) = (image.shape[0], image.shape[2], image.shape[3])
    let lineCount = width * channels
    var sums = [Int32](repeating: 0, count: lineCount)
    return Tensor(uninitialized: [planes, taps.outputCount, width, channels]) { out in
        guard let target = out.baseAddress else { return }
        image.scalars.withUnsafeBufferPointer { source in
            sums.withUnsafeMutableBufferPointer { sums in
                guard let base = source.baseAddress else { return }
                for plane in 0..<planes {
                    let input = base + plane * taps.inputCount * lineCount
                    let output = target + plane * taps.outputCount * lineCount
                    for row in 0..<taps.outputCount {
                        sums.update(repeating: half)
                        for tap in 0..<taps.counts[row] {
                            let weight = taps.fixedWeights[row * taps.tapCount + tap]
                            let line = input + (taps.starts[row] + tap) * lineCount
                            for index in 0..<lineCount {
                                sums[index] &+= Int32(line[index]) &* weight
                            }
                        }
                        for index in 0..<lineCount {
                            (output + row * lineCount + index).initialize(to: rounded(sums[index]))
                        }
                    }
                }
            }
        }
    }
}

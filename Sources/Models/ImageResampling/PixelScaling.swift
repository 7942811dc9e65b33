public import Tensors

/// The size of an image whose shorter side is `side`, the longer one cut to whole pixels.
///
/// Source: torchvision `Resize(side)`.
public func sizeWithShorterSide(
    _ side: Int,
    height: Int,
    width: Int
) -> (height: Int, width: Int) {
    height <= width
        ? (side, side * width / height)
        : (side * height / width, side)
}

/// Where a centred window starts: half of what is left over, halves rounded to even.
///
/// Source: torchvision `center_crop`, Python's `round`.
public func centredOffset(of window: Int, in extent: Int) -> Int {
    Int((Double(extent - window) / 2).rounded(.toNearestOrEven))
}

/// Scales 8-bit pixels to fractions: `[H, W, C]` in 0...255 to `[C, H, W]` in 0...1.
public func fractions(of pixels: Tensor<UInt8>) -> Tensor<Float> {
    let (height, width, channels) = (pixels.shape[0], pixels.shape[1], pixels.shape[2])
    return Tensor(uninitialized: [channels, height, width]) { out in
        for channel in 0..<channels {
            for position in 0..<height * width {
                out.initializeElement(
                    at: channel * height * width + position,
                    to: Float(pixels.scalars[position * channels + channel]) / 255
                )
            }
        }
    }
}

/// A frame as the training data set prepares it: Pillow's bilinear resize, then fractions.
///
/// Shapes: `[H, W, 3]` in 0...255 to `[3, height, width]` in 0...1.
/// Source: VidStyleODE `src/data/dataset.py`.
public func datasetFrame(_ pixels: Tensor<UInt8>, height: Int, width: Int) -> Tensor<Float> {
    fractions(of: resizePillow(pixels, height: height, width: width, kernel: .bilinear))
}

/// The means and deviations by which a network's input channels are normalised.
public struct ChannelStatistics: Sendable {
    /// The mean of each channel, of fractions in 0...1.
    public let mean: [Float]
    /// The standard deviation of each channel.
    public let deviation: [Float]

    /// The statistics that CLIP was trained with.
    public static let clip = ChannelStatistics(
        mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
        deviation: [0.268_629_54, 0.261_302_58, 0.275_777_11]
    )

    /// The statistics of ImageNet, which DINO was trained with.
    public static let imageNet = ChannelStatistics(
        mean: [0.485, 0.456, 0.406],
        deviation: [0.229, 0.224, 0.225]
    )

    /// Normalises `[3, H, W]` or `[N, 3, H, W]`: subtracts the mean, divides by the deviation.
    public func normalised(_ images: Tensor<Float>) -> Tensor<Float> {
        let channels = mean.count
        precondition(
            images.rank >= 3 && images.shape[images.rank - 3] == channels,
            "normalised needs [..., \(channels), H, W], got \(images.shape)"
        )
        let area = images.shape[images.rank - 2] * images.shape[images.rank - 1]
        return Tensor(uninitialized: images.shape) { out in
            images.scalars.withUnsafeBufferPointer { source in
                for start in stride(from: 0, to: source.count, by: max(area, 1)) {
                    let channel = start / area % channels
                    let (shift, scale) = (mean[channel], deviation[channel])
                    for index in start..<start + area {
                        out.initializeElement(at: index, to: (source[index] - shift) / scale)
                    }
                }
            }
        }
    }
}

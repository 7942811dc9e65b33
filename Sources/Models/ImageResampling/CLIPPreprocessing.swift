public import Tensors

/// Makes images into the input of a CLIP vision network.
///
/// Two ways lead there: 8-bit pixels through Pillow's resize (what the released models were trained with), and
/// generated images through the float resize (what VidStyleODE's losses and style token use).
/// Source: CLIP `clip/clip.py`, `_transform`; VidStyleODE `src/losses/clip_loss.py`, `clip_preprocess`.
public struct CLIPPreprocessing: Sendable {
    /// The side of the network's square input in pixels.
    public let resolution: Int

    private let kernel = ResamplingKernel.bicubic(a: -0.5)

    /// Prepares for a network of that input side.
    public init(resolution: Int) { self.resolution = resolution }

    /// Normalises 8-bit RGB: `[H, W, 3]` to `[3, n, n]`.
    public func callAsFunction(_ pixels: Tensor<UInt8>) -> Tensor<Float> {
        ChannelStatistics.clip.normalised(fractions(of: cropped(resized(pixels))))
    }

    /// Normalises images in -1...1: `[3, H, W]` or `[N, 3, H, W]` to the same rank with n x n pixels.
    public func callAsFunction(_ images: Tensor<Float>) -> Tensor<Float> {
        ChannelStatistics.clip.normalised(cropped(resized(images)))
    }

    /// Brings the shorter side of 8-bit RGB `[H, W, 3]` to the resolution.
    public func resized(_ pixels: Tensor<UInt8>) -> Tensor<UInt8> {
        let size = sizeWithShorterSide(
            resolution,
            height: pixels.shape[0],
            width: pixels.shape[1]
        )
        return resizePillow(pixels, height: size.height, width: size.width, kernel: kernel)
    }

    /// Brings -1...1 to 0...1 and the shorter side to the resolution; overshoot is kept.
    public func resized(_ images: Tensor<Float>) -> Tensor<Float> {
        let size = sizeWithShorterSide(
            resolution,
            height: images.shape[images.rank - 2],
            width: images.shape[images.rank - 1]
        )
        let resized = resizeAntialiased(
            images,
            height: size.height,
            width: size.width,
            kernel: kernel
        )
        // The weights sum to 1, so the range may change after the resize, where pixels are fewer.
        return Tensor(uninitialized: resized.shape) { out in
            for index in out.indices {
                out.initializeElement(at: index, to: (resized.scalars[index] + 1) / 2)
            }
        }
    }

    /// The centre of 8-bit RGB: `[H, W, 3]` to `[n, n, 3]`.
    public func cropped(_ pixels: Tensor<UInt8>) -> Tensor<UInt8> {
        let side = resolution
        let (width, channels) = (pixels.shape[1], pixels.shape[2])
        let top = centredOffset(of: side, in: pixels.shape[0])
        let left = centredOffset(of: side, in: width)
        var scalars: [UInt8] = []
        scalars.reserveCapacity(side * side * channels)
        for row in top..<top + side {
            let start = (row * width + left) * channels
            scalars += pixels.scalars[start..<start + side * channels]
        }
        return Tensor(shape: [side, side, channels], scalars: scalars)
    }

    /// The centre of float images: `[..., H, W]` to `[..., n, n]`.
    public func cropped(_ images: Tensor<Float>) -> Tensor<Float> {
        let side = resolution
        let (height, width) = (images.shape[images.rank - 2], images.shape[images.rank - 1])
        if height == side, width == side { return images }
        let planes = images.count / (height * width)
        let top = centredOffset(of: side, in: height)
        let left = centredOffset(of: side, in: width)
        var scalars: [Float] = []
        scalars.reserveCapacity(planes * side * side)
        for plane in 0..<planes {
            for row in top..<top + side {
                let start = (plane * height + row) * width + left
                scalars += images.scalars[start..<start + side]
            }
        }
        return Tensor(shape: images.shape.dropLast(2) + [side, side], scalars: scalars)
    }
}

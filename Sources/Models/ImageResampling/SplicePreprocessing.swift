public import Tensors

/// Makes images into the input of the DINO network of the structure and style losses.
///
/// The shorter side becomes 244 pixels (not 224), nothing is cropped.
/// Source: VidStyleODE `src/losses/splice_vit.py`.
public struct SplicePreprocessing: Sendable {
    /// The shorter side after resizing in pixels.
    public let shorterSide: Int

    /// Prepares with the side of the reference.
    public init(shorterSide: Int = 244) { self.shorterSide = shorterSide }

    /// Resizes and normalises images in 0...1: `[3, H, W]` or `[N, 3, H, W]` to the same rank.
    public func callAsFunction(_ images: Tensor<Float>) -> Tensor<Float> {
        let size = sizeWithShorterSide(
            shorterSide,
            height: images.shape[images.rank - 2],
            width: images.shape[images.rank - 1]
        )
        return ChannelStatistics.imageNet.normalised(
            resizeAntialiased(images, height: size.height, width: size.width, kernel: .bilinear)
        )
    }
}

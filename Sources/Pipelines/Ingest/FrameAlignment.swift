internal import Media
internal import Models
internal import Packs
internal import Tensors

/// Brings frames to the generator's shape.
struct FrameAlignment: Sendable {
    let mode: PackManifest.Alignment
    /// The generator's image.
    let height: Int
    let width: Int

    /// An image of the generator's size.
    ///
    /// Resizing is Pillow's antialiased bilinear, as the reference data sets are made.
    func callAsFunction(_ image: RGBImage) -> RGBImage {
        let shaped =
            switch mode {
            case .none: image
            case .center: cropped(image)
            case .pad: padded(image)
            }
        guard shaped.width != width || shaped.height != height else { return shaped }
        return resized(shaped, height: height, width: width)
    }

    private func resized(_ image: RGBImage, height: Int, width: Int) -> RGBImage {
        let pixels = Tensor(shape: [image.height, image.width, 3], scalars: image.pixels)
        let resized = resizePillow(
            pixels,
            height: height,
            width: width,
            kernel: .bilinear,
            layout: .interleaved
        )
        return RGBImage(width: width, height: height, pixels: resized.scalars)
    }

    /// The part of a frame that is used: the centre, or all of it.
    func part(ofWidth frameWidth: Int, height frameHeight: Int) -> FramePart {
        guard mode == .center else {
            return FramePart(x: 0, y: 0, width: frameWidth, height: frameHeight)
        }
        let wide = frameWidth * height > frameHeight * width
        let newWidth = wide ? max(1, frameHeight * width / height) : frameWidth
        let newHeight = wide ? frameHeight : max(1, frameWidth * height / width)
        return FramePart(
            x: (frameWidth - newWidth) / 2,
            y: (frameHeight - newHeight) / 2,
            width: newWidth,
            height: newHeight
        )
    }

    private func cropped(_ image: RGBImage) -> RGBImage {
        let part = part(ofWidth: image.width, height: image.height)
        guard part.width < image.width || part.height < image.height else { return image }
        return image.cropped(x: part.x, y: part.y, width: part.width, height: part.height)
    }

    private func padded(_ image: RGBImage) -> RGBImage {
        let wide = image.width * height > image.height * width
        let newWidth = wide ? image.width : (image.height * width + height - 1) / height
        let newHeight = wide ? (image.width * height + width - 1) / width : image.height
        // A line of pixels would become a square of as many: four times its own, or what any frame may have.
        guard newWidth * newHeight <= max(VideoReader.pixelLimit, 4 * image.width * image.height)
        else {
            let (height, width) = (min(image.height, height), min(image.width, width))
            return padded(resized(image, height: height, width: width))
        }
        let (left, top) = ((newWidth - image.width) / 2, (newHeight - image.height) / 2)
        return image.paddedByEdge(
            left: left,
            top: top,
            right: newWidth - image.width - left,
            bottom: newHeight - image.height - top
        )
    }
}

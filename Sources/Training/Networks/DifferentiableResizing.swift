public import Gradients
public import Kernels
internal import Models
internal import Tensors

/// Resizing with gradients: the preparation of pictures for the networks of the losses.
///
/// Pictures are `[N, H, W, C]`. Each equals the plain function of the same name in `Models`.
public enum DifferentiableResizing {
    /// Makes generated pictures in -1...1 into the input of CLIP: antialiased bicubic (a = -0.5), centre crop,
    /// normalised.
    public static func clip(_ images: Variable<Float>, resolution: Int) -> Variable<Float> {
        let size = sizeWithShorterSide(
            resolution,
            height: images.shape[1],
            width: images.shape[2]
        )
        let resized = resize(
            images,
            height: size.height,
            width: size.width,
            .antialiased(.bicubic(a: -0.5))
        )
        let cropped = cropped(resized, side: resolution)
        return normalised(cropped.scaled(0.5, plus: 0.5), .clip)
    }

    /// Makes pictures in 0...1 into the input of DINO: shorter side 244, antialiased bilinear, normalised.
    public static func splice(_ images: Variable<Float>, shorterSide: Int = 244)
        -> Variable<Float>
    {
        let size = sizeWithShorterSide(
            shorterSide,
            height: images.shape[1],
            width: images.shape[2]
        )
        return normalised(
            resize(
                images,
                height: size.height,
                width: size.width,
                .antialiased(.bilinear)
            ),
            .imageNet
        )
    }

    /// Plain bicubic (a = -0.75, no antialias), as videos are resized before the encoder and pictures before losses.
    public static func bicubicPlain(_ images: Variable<Float>, height: Int, width: Int)
        -> Variable<Float>
    {
        resize(images, height: height, width: width, .clamped(.bicubic(a: -0.75)))
    }

    /// Bilinear with the first and last pixel centres kept in place.
    public static func alignedCorners(_ images: Variable<Float>, height: Int, width: Int)
        -> Variable<Float>
    {
        resize(images, height: height, width: width, .alignedCorners)
    }

    private static func resize(
        _ images: Variable<Float>,
        height: Int,
        width: Int,
        _ rule: ResamplingRule
    ) -> Variable<Float> {
        if images.shape[1] == height, images.shape[2] == width { return images }
        return [height, width].enumerated().reduce(images) { images, side in
            let axis = side.offset + 1
            let inputs = images.shape[axis]
            if inputs == side.element { return images }
            let taps = ResamplingTaps.taps(from: inputs, to: side.element, rule)
            return images.mapped(AxisMap(inputs: inputs, terms: taps.terms), axis: axis)
        }
    }

    private static func cropped(_ images: Variable<Float>, side: Int) -> Variable<Float> {
        (1...2).reduce(images) { images, axis in
            let extent = images.shape[axis]
            if extent == side { return images }
            let first = centredOffset(of: side, in: extent)
            let map = AxisMap<Float>(
                inputs: extent,
                picking: Array(first..<first + side)
            )
            return images.mapped(map, axis: axis)
        }
    }

    private static func normalised(_ images: Variable<Float>, _ statistics: ChannelStatistics)
        -> Variable<Float>
    {
        let scale = statistics.deviation.map { 1 / $0 }
        let shift = zip(statistics.mean, scale).map { -$0 * $1 }
        return images.multiplyingRows(Variable(Tensor(shape: [3], scalars: scale)))
            .addingRows(Variable(Tensor(shape: [3], scalars: shift)))
    }
}

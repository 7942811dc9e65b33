import CLibav

/// Turns decoded frames of any pixel format into upright RGB pictures.
///
/// * Colour: the stream's own matrix and range; untagged video counts as BT.601 and limited, as in
///   ffmpeg and OpenCV. Primaries and transfer are left alone (no tone mapping).
/// * Depth: more than 8 bits are rounded to 8.
/// * Alpha: laid on white, as straight (not premultiplied) alpha.
/// * Pixels: one axis is enlarged until they are square.
///
/// All swscale work is bit-exact on every CPU.
final class PixelConverter {
    /// Bit-exact, rounded, with chroma interpolated at full width.
    static let flags =
        SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP

    /// What a swscale context is made for.
    private struct Setup: Equatable {
        var format: AVPixelFormat
        var width: Int32
        var height: Int32
        var matrix: Int32
        var isFullRange: Bool
        var shown: PixelSize
        var target: AVPixelFormat
    }

    private let path: String
    private var setup: Setup?
    private var context: OpaquePointer?
    private var target: FrameBuffer?

    init(path: String) { self.path = path }

    deinit { sws_freeContext(context) }

    /// Converts one decoded frame.
    ///
    /// - Parameters:
    ///   - source: The frame.
    ///   - aspect: The width of a pixel over its height.
    ///   - orientation: How to turn it upright.
    ///   - part: What to keep of it; all if nil.
    /// - Returns: The upright picture with square pixels.
    /// - Throws: `MediaError` if swscale does not know the pixel format.
    func image(
        of source: FrameBuffer,
        aspect: AVRational,
        orientation: Orientation,
        part: FramePart?
    ) throws(MediaError) -> RGBImage {
        guard let part else {
            return try image(of: source, aspect: aspect, orientation: orientation)
        }
        let frame = source.frame.pointee
        let size = PixelSize(width: Int(frame.width), height: Int(frame.height))
        let isPlain = orientation == .upright && size.squared(aspect) == size
        guard isPlain, let view = try PixelConverter.view(of: source, around: part) else {
            return try image(of: source, aspect: aspect, orientation: orientation)
                .cropped(x: part.x, y: part.y, width: part.width, height: part.height)
        }
        return try image(of: view.buffer, aspect: aspect, orientation: orientation)
            .cropped(x: part.x - view.x, y: part.y - view.y, width: part.width, height: part.height)
    }

    /// A frame over those pixels of another that its part depends on, and where it begins.
    ///
    /// Chroma is interpolated from two neighbours on each side, with the same weights at every even pixel: a
    /// margin of 16 keeps the part's pixels as they are, and planes aligned. Only for the format of nearly all
    /// films, 4:2:0 of 8 bits; nil for others. The view must not outlive the frame.
    private static func view(
        of source: FrameBuffer,
        around part: FramePart
    ) throws(MediaError) -> (buffer: FrameBuffer, x: Int, y: Int)? {
        let frame = source.frame.pointee
        let format = AVPixelFormat(frame.format)
        guard format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUVJ420P else { return nil }
        func bounds(_ start: Int, _ count: Int, _ limit: Int32) -> Range<Int> {
            max(0, (start - 16) / 32 * 32)..<min(Int(limit), (start + count + 16 + 31) / 32 * 32)
        }
        let columns = bounds(part.x, part.width, frame.width)
        let rows = bounds(part.y, part.height, frame.height)
        let view = try FrameBuffer()
        vs_view(
            source.frame,
            view.frame,
            Int32(columns.lowerBound),
            Int32(rows.lowerBound),
            Int32(columns.count),
            Int32(rows.count)
        )
        return (view, columns.lowerBound, rows.lowerBound)
    }

    private func image(
        of source: FrameBuffer,
        aspect: AVRational,
        orientation: Orientation
    ) throws(MediaError) -> RGBImage {
        let frame = source.frame.pointee
        let format = AVPixelFormat(frame.format)
        let size = PixelSize(width: Int(frame.width), height: Int(frame.height))
        let wanted = Setup(
            format: format,
            width: frame.width,
            height: frame.height,
            matrix: Int32(frame.colorspace.rawValue),
            isFullRange: PixelConverter.isFullRange(frame, format),
            shown: size.squared(aspect),
            target: PixelFormat(format).target
        )
        let target = try prepare(wanted)
        defer { withExtendedLifetime(source) {} }
        guard vs_scale(context, source.frame, target.frame) > 0 else {
            throw unsupported(format)
        }
        let (width, height) = (wanted.shown.width, wanted.shown.height)
        let pixels =
            switch wanted.target {
            case AV_PIX_FMT_RGBA: PixelConverter.onWhite(target.packedBytes(rowBytes: 4 * width))
            case AV_PIX_FMT_GBRP: PixelConverter.interleaved(target, width, height)
            default: target.packedBytes(rowBytes: 3 * width)
            }
        return orientation.apply(to: RGBImage(width: width, height: height, pixels: pixels))
    }

    private func prepare(_ wanted: Setup) throws(MediaError) -> FrameBuffer {
        if wanted == setup, let target { return target }
        setup = nil
        sws_freeContext(context)
        context = sws_getContext(
            wanted.width,
            wanted.height,
            wanted.format,
            Int32(wanted.shown.width),
            Int32(wanted.shown.height),
            wanted.target,
            PixelConverter.flags,
            nil,
            nil,
            nil
        )
        guard context != nil else { throw unsupported(wanted.format) }
        // SWS_CS_ numbers are the AVCOL_SPC_ numbers; RGB (0) and unknown (2) need a substitute.
        let matrix = [0, 2, 3].contains(wanted.matrix) ? SWS_CS_DEFAULT : wanted.matrix
        _ = vs_set_colours(context, matrix, wanted.isFullRange ? 1 : 0, SWS_CS_DEFAULT, 1)
        let buffer = try FrameBuffer(
            width: wanted.shown.width,
            height: wanted.shown.height,
            format: wanted.target
        )
        (target, setup) = (buffer, wanted)
        return buffer
    }

    private func unsupported(_ format: AVPixelFormat) -> MediaError {
        MediaError(
            .unsupportedFormat,
            path: path,
            "pixel format \(PixelFormat(format).name) cannot be converted to RGB"
        )
    }

    /// Tagged full range, the old full-range formats, and grey pictures without a tag.
    private static func isFullRange(_ frame: AVFrame, _ format: AVPixelFormat) -> Bool {
        if frame.color_range == AVCOL_RANGE_JPEG { return true }
        let name = PixelFormat(format).name
        if name.hasPrefix("yuvj") { return true }
        return frame.color_range == AVCOL_RANGE_UNSPECIFIED
            && (name.hasPrefix("gray") || name.hasPrefix("ya"))
    }

    /// Planes of green, blue and red to `[n, 3]`.
    private static func interleaved(_ planes: FrameBuffer, _ width: Int, _ height: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 3 * width * height) { out, count in
            vs_interleave(planes.frame, out.baseAddress)
            count = 3 * width * height
        }
    }

    /// `[n, 4]` straight alpha to `[n, 3]`, rounded.
    private static func onWhite(_ pixels: [UInt8]) -> [UInt8] {
        let count = pixels.count / 4
        return [UInt8](unsafeUninitializedCapacity: 3 * count) { out, written in
            pixels.withUnsafeBufferPointer { pixels in
                for index in 0..<count {
                    let alpha = Int(pixels[4 * index + 3])
                    for channel in 0..<3 {
                        let value = Int(pixels[4 * index + channel])
                        let sum = value * alpha + 255 * (255 - alpha)
                        out.initializeElement(
                            at: 3 * index + channel,
                            to: UInt8((sum + 127) / 255)
                        )
                    }
                }
            }
            written = 3 * count
        }
    }
}

/// A rectangle of a frame's pixels.
public struct FramePart: Sendable, Hashable {
    /// The first column.
    public let x: Int
    /// The first row.
    public let y: Int
    /// The number of columns.
    public let width: Int
    /// The number of rows.
    public let height: Int

    /// Makes a rectangle.
    public init(x: Int, y: Int, width: Int, height: Int) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }
}

/// The size of a picture in pixels.
struct PixelSize: Equatable {
    var width: Int
    var height: Int

    /// The size with square pixels, for which the narrow axis is enlarged.
    ///
    /// Absurd aspects are ignored, and those that would make more pixels than a frame may have.
    func squared(_ aspect: AVRational) -> PixelSize {
        guard aspect.num > 0, aspect.den > 0, aspect.num != aspect.den else { return self }
        let ratio = Double(aspect.num) / Double(aspect.den)
        guard ratio > 0.1, ratio < 10 else { return self }
        let size =
            ratio > 1
            ? PixelSize(width: Int((Double(width) * ratio).rounded()), height: height)
            : PixelSize(width: width, height: Int((Double(height) / ratio).rounded()))
        return size.width * size.height > VideoReader.pixelLimit ? self : size
    }
}

/// What libav knows of a pixel format.
struct PixelFormat {
    let name: String
    let hasAlpha: Bool
    let bitDepth: Int
    /// What swscale turns it into.
    ///
    /// Of luma and chroma it makes planes of green, blue and red nine times as fast as packed pixels, with vector
    /// instructions, and with the same numbers.
    let target: AVPixelFormat

    init(_ format: AVPixelFormat) {
        name = av_get_pix_fmt_name(format).map { String(cString: $0) } ?? "unknown"
        guard let descriptor = av_pix_fmt_desc_get(format) else {
            (hasAlpha, bitDepth, target) = (false, 8, AV_PIX_FMT_RGB24)
            return
        }
        let flags = descriptor.pointee.flags
        // A palette may hold transparent entries.
        hasAlpha = flags & UInt64(AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL) != 0
        bitDepth = max(8, Int(descriptor.pointee.comp.0.depth))
        let isRGB = flags & UInt64(AV_PIX_FMT_FLAG_RGB) != 0
        let hasChroma = !isRGB && descriptor.pointee.nb_components >= 3
        target = hasAlpha ? AV_PIX_FMT_RGBA : hasChroma ? AV_PIX_FMT_GBRP : AV_PIX_FMT_RGB24
    }
}

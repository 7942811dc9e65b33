import CLibav

/// A picture of a film and when it is shown.
public struct VideoFrame: Sendable, Hashable {
    /// Seconds since the first frame of the stream.
    public let seconds: Double
    /// The picture, upright, with square pixels, 8-bit RGB.
    public let image: RGBImage
}

/// A decoded frame that has not been turned into a picture yet; that half of the work is optional.
public final class DecodedFrame {
    /// Seconds since the first frame of the stream.
    public let seconds: Double
    private let buffer: FrameBuffer
    private let geometry: FrameGeometry
    private let converter: PixelConverter

    init(
        seconds: Double,
        buffer: FrameBuffer,
        geometry: FrameGeometry,
        converter: PixelConverter
    ) {
        self.seconds = seconds
        self.buffer = buffer
        self.geometry = geometry
        self.converter = converter
    }

    /// Turns the frame, or a part of it, into an upright RGB picture.
    ///
    /// - Parameter part: Which part of an upright frame of a width and height, inside it; all of it if nil.
    /// - Returns: The same pixels as those of the whole picture.
    /// - Throws: `MediaError` if the pixel format cannot be converted.
    public func image(
        _ part: ((_ width: Int, _ height: Int) -> FramePart)? = nil
    ) throws(MediaError) -> RGBImage {
        let size = geometry.shownSize(of: buffer)
        return try converter.image(
            of: buffer,
            aspect: geometry.aspect(of: buffer),
            orientation: geometry.orientation,
            part: part?(size.width, size.height)
        )
    }
}

/// Reads the pictures of any file that libav reads, in the order of showing.
///
/// One frame is in memory at a time. Pictures are upright (rotation tags applied), have square
/// pixels (the narrow axis enlarged), 8 bits, and lie on white where they are transparent. Colours
/// follow the stream's matrix and range; untagged video counts as BT.601, limited. Interlaced
/// frames are given as stored. Use it from one thread at a time.
///
/// A frame has 67,108,864 pixels at most, as 8,192 by 8,192: a few bytes can announce any size, and its memory.
///
/// A cut-off or damaged file gives the frames before the damage, then nil; `damage` says what it
/// was.
public final class VideoReader {
    /// The most pixels of a frame, 8,192 squared.
    package static let pixelLimit = 1 << 26

    /// The file's facts.
    public let info: VideoInfo
    /// After the last frame: why the file ended early, or nil if it is whole.
    public private(set) var damage: String?

    private let source: MediaInput.Source
    private let threads: Int
    private var input: MediaInput
    private var decoder: StreamDecoder
    private let geometry: FrameGeometry
    private let converter: PixelConverter
    private let start: Double
    private var clock: FrameClock
    private var pending: DecodedFrame?
    private var hasEnded = false
    private var lastSeconds = 0.0
    private var coveredSeconds = 0.0
    private var longestGap = 0.0

    /// Opens a file and decodes its first frame.
    ///
    /// - Parameters:
    ///   - path: The file; always a name on disk, never an address or pattern.
    ///   - seconds: Frames before this time are left out; the jump is to the key frame before it.
    ///   - threads: The decoder's threads, 0 for as many as libav likes. Frames do not depend on it.
    /// - Throws: `MediaError` of the kinds `notFound`, `unreadable`, `notMedia`, `noVideoStream`,
    ///   `noFrames`, `truncated` and `unsupportedFormat`.
    public convenience init(
        path: String,
        from seconds: Double = 0,
        threads: Int = 0
    ) throws(MediaError) {
        try self.init(.file(path), from: seconds, threads: threads)
    }

    init(_ source: MediaInput.Source, from seconds: Double, threads: Int) throws(MediaError) {
        (self.source, self.threads) = (source, threads)
        input = try MediaInput(source)
        let first: FrameBuffer
        do throws(MediaError) {
            decoder = try StreamDecoder(input, threads: threads)
            first = try VideoReader.firstFrame(of: decoder, input.path)
        } catch {
            throw FrameSize.error(of: source) ?? error
        }
        geometry = FrameGeometry(input: input, first: first)
        converter = PixelConverter(path: input.path)
        info = VideoInfo(
            input: input,
            isInterlaced: decoder.isInterlaced,
            first: first,
            geometry: geometry
        )
        clock = FrameClock(timeBase: input.stream.pointee.time_base, rate: info.averageFrameRate)
        start = seconds.isFinite ? max(0, seconds) : 0
        pending = handle(first)
        if start > 0 { try jump() }
    }

    private static func firstFrame(
        of decoder: StreamDecoder,
        _ path: String
    ) throws(MediaError) -> FrameBuffer {
        if let frame = try decoder.next() { return frame }
        let reason = decoder.damage.map { ": \($0)" } ?? ""
        throw MediaError(.noFrames, path: path, "no frame can be decoded\(reason)")
    }

    /// The next frame as a picture, or nil after the last one.
    ///
    /// - Throws: `MediaError` if the pixel format cannot be converted.
    public func next() throws(MediaError) -> VideoFrame? {
        guard let frame = try nextTimestamped() else { return nil }
        return VideoFrame(seconds: frame.seconds, image: try frame.image())
    }

    /// The next frame with its time only, or nil after the last one; `image()` makes the picture.
    ///
    /// - Throws: `MediaError` if memory runs out.
    public func nextTimestamped() throws(MediaError) -> DecodedFrame? {
        while let frame = try take() {
            // Times are rounded in containers: half a millisecond early still counts as reached.
            if frame.seconds >= start - 0.000_5 { return frame }
        }
        return nil
    }

    private func take() throws(MediaError) -> DecodedFrame? {
        if let frame = pending {
            pending = nil
            return frame
        }
        guard !hasEnded else { return nil }
        if let buffer = try decoder.next() { return handle(buffer) }
        hasEnded = true
        damage = decoder.damage ?? missingEnd()
        return nil
    }

    private func handle(_ buffer: FrameBuffer) -> DecodedFrame {
        let seconds = clock.seconds(of: buffer)
        let ticks = max(0, buffer.frame.pointee.pkt_duration)
        let length = Double(ticks) * av_q2d(input.stream.pointee.time_base)
        if seconds > lastSeconds { longestGap = max(longestGap, seconds - lastSeconds) }
        lastSeconds = seconds
        coveredSeconds = seconds + length
        return DecodedFrame(
            seconds: seconds,
            buffer: buffer,
            geometry: geometry,
            converter: converter
        )
    }

    /// Compares the end with the stated length; the last frame may last as long as any other.
    private func missingEnd() -> String? {
        guard input.nominalSecondsAreStated, let stated = info.nominalSeconds else { return nil }
        let end = max(coveredSeconds, lastSeconds + longestGap)
        guard stated - end > max(0.12, 2.5 * longestGap) else { return nil }
        return "the file states \(rounded(stated)) s, its frames end at \(rounded(end)) s"
    }

    private func rounded(_ seconds: Double) -> Double { (seconds * 100).rounded() / 100 }

    /// Goes to the key frame before the start.
    ///
    /// Some indexes point too far, so step back until not, and in the end read from the beginning.
    private func jump() throws(MediaError) {
        for stepBack in [0.0, 2, 10, 60] {
            guard decoder.seek(to: clock.ticks(at: max(0, start - stepBack))) else { break }
            if let frame = try firstAfterJump(), frame.seconds <= start {
                pending = frame
                return
            }
        }
        input = try MediaInput(source)
        decoder = try StreamDecoder(input, threads: threads)
        pending = try firstAfterJump()
    }

    private func firstAfterJump() throws(MediaError) -> DecodedFrame? {
        clock.jump()
        lastSeconds = .infinity  // so that the jump is not taken for a gap
        return try decoder.next().map(handle)
    }
}

import CLibav

/// What a film file says about its picture stream.
public struct VideoInfo: Codable, Sendable, Hashable {
    /// The container's short names, as `mov,mp4,m4a,3gp,3g2,mj2`.
    public let container: String
    /// The codec, as `h264`.
    public let codec: String
    /// The decoder's pixel format, as `yuv420p10le`.
    public let pixelFormat: String
    /// Stored columns.
    public let codedWidth: Int
    /// Stored rows.
    public let codedHeight: Int
    /// Columns of the pictures that are given: upright and with square pixels.
    public let width: Int
    /// Rows of the pictures that are given.
    public let height: Int
    /// The clockwise turn that was applied: 0, 90, 180 or 270.
    public let rotationDegrees: Int
    /// The mean rate as the container states or libav estimates it.
    public let averageFrameRate: FrameRate?
    /// The length that the container states, if it does.
    public let nominalSeconds: Double?
    /// Whether frames last unequal times, if that is known.
    public let isVariableFrameRate: Bool?
    /// Whether frames consist of two fields; they are given as they are stored.
    public let isInterlaced: Bool
    /// Whether the pixel format has transparency, which is laid on white.
    public let hasAlpha: Bool
    /// Bits of the first colour component; pictures are given with 8.
    public let bitDepth: Int
    /// The stream's number in the file.
    public let streamIndex: Int
}

extension VideoInfo {
    /// Collects the facts from the open file and its first frame.
    init(
        input: MediaInput,
        isInterlaced: Bool,
        first: FrameBuffer,
        geometry: FrameGeometry
    ) {
        let stream = input.stream.pointee
        let frame = first.frame.pointee
        let format = PixelFormat(AVPixelFormat(frame.format))
        let shown = geometry.shownSize(of: first)
        container = input.formatName
        codec = avcodec_get_name(stream.codecpar.pointee.codec_id).map { String(cString: $0) } ?? ""
        pixelFormat = format.name
        (codedWidth, codedHeight) = (Int(frame.width), Int(frame.height))
        (width, height) = (shown.width, shown.height)
        rotationDegrees = geometry.orientation.degrees
        averageFrameRate = input.averageFrameRate
        nominalSeconds = input.nominalSeconds
        isVariableFrameRate = input.isVariableFrameRate
        self.isInterlaced = isInterlaced || frame.interlaced_frame != 0
        hasAlpha = format.hasAlpha
        bitDepth = format.bitDepth
        streamIndex = input.streamIndex
    }
}

/// How the frames of a stream become upright pictures with square pixels.
struct FrameGeometry {
    let orientation: Orientation
    private let streamAspect: AVRational

    init(input: MediaInput, first: FrameBuffer) {
        let matrix =
            vs_frame_display_matrix(first.frame) ?? vs_stream_display_matrix(input.stream)
        orientation = Orientation(displayMatrix: matrix)
        streamAspect = input.stream.pointee.sample_aspect_ratio
    }

    /// The container's pixel aspect wins over the codec's, as in players.
    func aspect(of buffer: FrameBuffer) -> AVRational {
        streamAspect.num > 0 ? streamAspect : buffer.frame.pointee.sample_aspect_ratio
    }

    func shownSize(of buffer: FrameBuffer) -> PixelSize {
        let frame = buffer.frame.pointee
        let stored = PixelSize(width: Int(frame.width), height: Int(frame.height))
        let square = stored.squared(aspect(of: buffer))
        return orientation.isTransposed
            ? PixelSize(width: square.height, height: square.width) : square
    }
}

extension MediaInput {
    fileprivate static func rate(_ value: AVRational) -> FrameRate? {
        FrameRate(Int(value.num), over: Int(value.den))
    }

    var averageFrameRate: FrameRate? {
        MediaInput.rate(stream.pointee.avg_frame_rate)
            ?? MediaInput.rate(stream.pointee.r_frame_rate)
    }

    /// The stream's own length, else the container's.
    var nominalSeconds: Double? {
        if stream.pointee.duration > 0 {
            return Double(stream.pointee.duration) * av_q2d(stream.pointee.time_base)
        }
        guard format.pointee.duration > 0 else { return nil }
        return Double(format.pointee.duration) / Double(AV_TIME_BASE)
    }

    /// Whether `nominalSeconds` is a fact about the pictures, not an estimate or the sound's length.
    var nominalSecondsAreStated: Bool {
        guard format.pointee.duration_estimation_method != AVFMT_DURATION_FROM_BITRATE else {
            return false
        }
        // Only these give each stream a length of its own.
        let hasStreamLengths = formatName.hasPrefix("mov") || formatName == "avi"
        return hasStreamLengths || format.pointee.nb_streams == 1
    }

    /// Compares the mean rate with the finest rate that all timestamps fit.
    fileprivate var isVariableFrameRate: Bool? {
        guard let mean = MediaInput.rate(stream.pointee.avg_frame_rate)?.perSecond,
            let finest = MediaInput.rate(stream.pointee.r_frame_rate)?.perSecond
        else { return nil }
        return abs(mean - finest) > 0.01 * mean
    }
}

import CLibav

/// When the frames of a film are shown, read off its packets without decoding.
public struct VideoTimeline: Sendable, Hashable {
    /// Seconds of every frame since the first one, strictly growing; at least one.
    public let seconds: [Double]
    /// How long the last frame is shown, in seconds.
    public let lastFrameSeconds: Double

    /// The end of the film, in seconds since its first frame.
    public var end: Double { (seconds.last ?? 0) + lastFrameSeconds }

    /// Scans a file.
    ///
    /// - Parameter path: The file.
    /// - Throws: `MediaError`, as `VideoReader` does.
    public init(path: String) throws(MediaError) {
        let input = try MediaInput(.file(path))
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        guard let packet else {
            throw MediaError(.unsupportedFormat, path: path, "no memory for a packet")
        }
        var ticks: [Int64] = []
        var hasAllTimes = true
        while av_read_frame(input.format, packet) >= 0 {
            defer { av_packet_unref(packet) }
            guard packet.pointee.stream_index == Int32(input.streamIndex) else { continue }
            // Frames before the start of an edit list are decoded but never shown.
            guard packet.pointee.flags & AV_PKT_FLAG_DISCARD == 0 else { continue }
            let pts = packet.pointee.pts
            if pts == Libav.noTimestamp || pts.magnitude > 1 << 61 { hasAllTimes = false }
            ticks.append(pts)
        }
        guard !ticks.isEmpty else {
            throw MediaError(.noFrames, path: path, "no frame is in the picture stream")
        }
        let base = av_q2d(input.stream.pointee.time_base)
        let rate = av_q2d(av_guess_frame_rate(input.format, input.stream, nil))
        let nominal = rate.isFinite && rate > 0 ? 1 / rate : 0.04
        if hasAllTimes {
            let shown = Set(ticks).sorted()
            seconds = shown.map { Double($0 - shown[0]) * base }
        } else {
            seconds = ticks.indices.map { Double($0) * nominal }
        }
        let gaps = zip(seconds, seconds.dropFirst()).map { $1 - $0 }
        lastFrameSeconds = gaps.isEmpty ? nominal : gaps.sorted()[gaps.count / 2]
    }
}

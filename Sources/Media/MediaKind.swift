import CLibav

/// Whether a file is a film or a single picture.
public enum MediaKind: String, Codable, Sendable {
    /// Frames with times.
    case video
    /// One picture; also a GIF or APNG with one frame.
    case stillImage

    /// Looks at a file's content, not at its name.
    ///
    /// - Throws: `MediaError`, as `VideoReader.init` does.
    public static func probe(_ path: String) throws(MediaError) -> MediaKind {
        let input = try MediaInput(.file(path))
        let name = input.formatName
        if name.hasSuffix("_pipe") || name.hasPrefix("image2") { return .stillImage }
        guard name == "gif" || name == "apng" else { return .video }
        return input.packetCount(upTo: 2) > 1 ? .video : .stillImage
    }
}

extension MediaInput {
    /// Counts packets of the stream from here on, and stops early.
    fileprivate func packetCount(upTo limit: Int) -> Int {
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        guard let packet else { return 0 }
        var count = 0
        while count < limit, av_read_frame(format, packet) >= 0 {
            if packet.pointee.stream_index == Int32(streamIndex) { count += 1 }
            av_packet_unref(packet)
        }
        return count
    }
}

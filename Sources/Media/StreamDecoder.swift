import CLibav

/// Decodes the picture stream of an input, one frame at a time, in the order of showing.
///
/// Decoding stops at the first damage that libav notices: patched-up frames are not given.
final class StreamDecoder {
    /// The codecs of which several frames are decoded at once: those of nearly all films.
    ///
    /// Of others libavcodec 59 has decoders that do not bear it: on damaged files WebP's ends the process
    /// ("Assertion frame->buf[0] failed"), and APNG's waits for ever for a frame that never comes.
    private static let frameThreaded = Set(
        [
            AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_VP8, AV_CODEC_ID_VP9, AV_CODEC_ID_AV1,
            AV_CODEC_ID_MPEG4,
        ].map(\.rawValue)
    )

    /// What was wrong with the file; set once the frames before it were given.
    private(set) var damage: String?

    private let input: MediaInput
    private var codec: UnsafeMutablePointer<AVCodecContext>?
    private var packet: UnsafeMutablePointer<AVPacket>?
    private var isDraining = false
    private var isBroken = false
    private var hasGivenFrames = false

    /// Opens the decoder of the input's stream.
    ///
    /// - Parameters:
    ///   - input: The open file.
    ///   - threads: The decoder's threads; 0 lets libav choose. The frames do not depend on it.
    /// - Throws: `MediaError` of the kind `unsupportedFormat`.
    init(_ input: MediaInput, threads: Int) throws(MediaError) {
        self.input = input
        packet = av_packet_alloc()
        guard let decoder = StreamDecoder.decoder(of: input) else {
            let id = input.stream.pointee.codecpar.pointee.codec_id
            let name = avcodec_get_name(id).map { String(cString: $0) } ?? "unknown"
            throw MediaError(
                .unsupportedFormat,
                path: input.path,
                "no decoder for the codec \(name)"
            )
        }
        codec = avcodec_alloc_context3(decoder)
        guard let codec, packet != nil else {
            throw MediaError(.unsupportedFormat, path: input.path, "no memory for a decoder")
        }
        avcodec_parameters_to_context(codec, input.stream.pointee.codecpar)
        codec.pointee.pkt_timebase = input.stream.pointee.time_base
        codec.pointee.thread_count = Int32(clamping: max(0, threads))
        let isMuchUsed = StreamDecoder.frameThreaded.contains(codec.pointee.codec_id.rawValue)
        codec.pointee.thread_type = isMuchUsed ? FF_THREAD_FRAME | FF_THREAD_SLICE : FF_THREAD_SLICE
        codec.pointee.flags |= AV_CODEC_FLAG_BITEXACT
        codec.pointee.max_pixels = Int64(VideoReader.pixelLimit)
        let code = avcodec_open2(codec, decoder, nil)
        guard code >= 0 else {
            throw MediaError(
                .unsupportedFormat,
                path: input.path,
                "the decoder does not start: \(Libav.text(code))"
            )
        }
    }

    deinit {
        av_packet_free(&packet)
        avcodec_free_context(&codec)
    }

    /// The decoder that keeps alpha where the file says that there is some.
    private static func decoder(of input: MediaInput) -> UnsafePointer<AVCodec>? {
        let id = input.stream.pointee.codecpar.pointee.codec_id
        if av_dict_get(input.stream.pointee.metadata, "alpha_mode", nil, 0) != nil {
            let names = [
                AV_CODEC_ID_VP8.rawValue: "libvpx", AV_CODEC_ID_VP9.rawValue: "libvpx-vp9",
            ]
            if let name = names[id.rawValue], let found = avcodec_find_decoder_by_name(name) {
                return found
            }
        }
        return avcodec_find_decoder(id)
    }

    /// Whether the stream tells that its frames consist of two fields.
    var isInterlaced: Bool {
        guard let codec else { return false }
        return ![AV_FIELD_UNKNOWN.rawValue, AV_FIELD_PROGRESSIVE.rawValue]
            .contains(codec.pointee.field_order.rawValue)
    }

    /// The next frame, or nil at the end or at damage.
    func next() throws(MediaError) -> FrameBuffer? {
        while !isBroken {
            let buffer = try FrameBuffer()
            let code = avcodec_receive_frame(codec, buffer.frame)
            if code >= 0 {
                if isIntact(buffer) {
                    hasGivenFrames = true
                    return buffer
                }
                // Before the first clean frame these are the leading pictures of an open group.
                if hasGivenFrames { giveUp("a frame is damaged") }
            } else if code == Libav.tryAgain {
                feed()
            } else if code == Libav.endOfFile {
                return nil
            } else if hasGivenFrames || isDraining {
                giveUp("a frame cannot be decoded: \(Libav.text(code))")
            }
        }
        return nil
    }

    /// Goes to the last key frame at or before a time of the stream's own clock.
    ///
    /// - Returns: Whether the container could do it.
    func seek(to ticks: Int64) -> Bool {
        guard
            av_seek_frame(input.format, Int32(input.streamIndex), ticks, AVSEEK_FLAG_BACKWARD) >= 0
        else { return false }
        avcodec_flush_buffers(codec)
        (isDraining, isBroken, hasGivenFrames, damage) = (false, false, false, nil)
        return true
    }

    private func isIntact(_ buffer: FrameBuffer) -> Bool {
        buffer.frame.pointee.decode_error_flags == 0
            && buffer.frame.pointee.flags & AV_FRAME_FLAG_CORRUPT == 0
    }

    /// Reads one packet of the stream into the decoder.
    private func feed() {
        guard let packet else { return }
        let code = av_read_frame(input.format, packet)
        defer { av_packet_unref(packet) }
        guard code >= 0 else {
            let readError = input.format.pointee.pb?.pointee.error ?? 0
            if code != Libav.endOfFile {
                stop("the file ends too early or cannot be read on: \(Libav.text(code))")
            } else if readError < 0, readError != Libav.endOfFile {
                stop("the file cannot be read on: \(Libav.text(readError))")
            } else {
                stop(nil)
            }
            return
        }
        guard packet.pointee.stream_index == Int32(input.streamIndex) else { return }
        guard packet.pointee.flags & AV_PKT_FLAG_CORRUPT == 0 else {
            stop("the file ends in the middle of a frame, or a part of it is damaged")
            return
        }
        let sent = avcodec_send_packet(codec, packet)
        if sent < 0, sent != Libav.tryAgain, hasGivenFrames {
            giveUp("a frame cannot be decoded: \(Libav.text(sent))")
        }
    }

    /// Ends at once: frames still in the decoder may be predicted from the damaged one.
    private func giveUp(_ reason: String) {
        damage = reason
        isBroken = true
    }

    /// Sends nothing more, so that only frames already in the decoder come out.
    private func stop(_ reason: String?) {
        damage = damage ?? reason
        guard !isDraining else { return }
        isDraining = true
        _ = avcodec_send_packet(codec, nil)
    }
}

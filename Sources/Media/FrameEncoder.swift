import CLibav
import Foundation

/// Encodes RGB pictures with one encoder; equal pictures in give equal packets out.
final class FrameEncoder {
    typealias PacketSink = (UnsafeMutablePointer<AVPacket>) throws(MediaError) -> Void

    private let profile: EncoderProfile
    private let path: String
    private let width: Int
    private let height: Int
    private var codec: UnsafeMutablePointer<AVCodecContext>?
    private var packet: UnsafeMutablePointer<AVPacket>?
    private var scaler: OpaquePointer?
    private var palette = PaletteMapper()
    private var frameCount: Int64 = 0

    /// Opens an encoder.
    ///
    /// - Parameters:
    ///   - profile: Which one, and its settings.
    ///   - width: Columns of every picture.
    ///   - height: Rows of every picture.
    ///   - rate: Frames per second; nil for a single picture.
    ///   - path: What messages call the result.
    ///   - hasGlobalHeader: Whether the container wants the headers apart from the packets.
    /// - Throws: `MediaError` of the kind `unsupportedFormat`.
    init(
        _ profile: EncoderProfile,
        width: Int,
        height: Int,
        rate: FrameRate?,
        path: String,
        hasGlobalHeader: Bool = false
    ) throws(MediaError) {
        _ = Libav.quiet
        (self.profile, self.path) = (profile, path)
        self.width = profile.needsEvenSize ? width + width % 2 : width
        self.height = profile.needsEvenSize ? height + height % 2 : height
        packet = av_packet_alloc()
        guard (1...16_384).contains(width), (1...16_384).contains(height) else {
            throw MediaError(
                .unsupportedFormat,
                path: path,
                "\(width)x\(height) is outside 1...16384 pixels"
            )
        }
        let encoder = avcodec_find_encoder_by_name(profile.codec)
        codec = encoder.flatMap { avcodec_alloc_context3($0) }
        guard let codec, packet != nil else {
            throw MediaError(
                .unsupportedFormat,
                path: path,
                "this libavcodec was built without the encoder \(profile.codec)"
            )
        }
        configure(codec, rate: rate, hasGlobalHeader: hasGlobalHeader)
        let code = avcodec_open2(codec, encoder, nil)
        guard code >= 0 else {
            throw MediaError(
                .unsupportedFormat,
                path: path,
                "the encoder \(profile.codec) refuses \(width)x\(height): \(Libav.text(code))"
            )
        }
        try makeScaler()
    }

    deinit {
        av_packet_free(&packet)
        avcodec_free_context(&codec)
        sws_freeContext(scaler)
    }

    /// The open encoder, for the muxer.
    var context: UnsafeMutablePointer<AVCodecContext>? { codec }

    /// Encodes one more picture of the agreed size.
    func encode(_ image: RGBImage, _ sink: PacketSink) throws(MediaError) {
        let right = width - image.width
        let bottom = height - image.height
        let whole =
            right + bottom == 0
            ? image : image.paddedByEdge(left: 0, top: 0, right: right, bottom: bottom)
        let buffer = try profile.pixelFormat == AV_PIX_FMT_PAL8 ? paletted(whole) : scaled(whole)
        buffer.frame.pointee.pts = frameCount
        if let quantizer = profile.quantizer {
            buffer.frame.pointee.quality = quantizer * FF_QP2LAMBDA
        }
        frameCount += 1
        defer { withExtendedLifetime(buffer) {} }
        try send(buffer.frame, sink)
    }

    /// Gets the last packets out of the encoder.
    func finish(_ sink: PacketSink) throws(MediaError) {
        try send(nil, sink)
    }

    /// The bytes of a packet.
    static func bytes(of packet: UnsafeMutablePointer<AVPacket>) -> Data {
        guard let data = packet.pointee.data else { return Data() }
        return Data(bytes: data, count: Int(packet.pointee.size))
    }

    private func configure(
        _ codec: UnsafeMutablePointer<AVCodecContext>,
        rate: FrameRate?,
        hasGlobalHeader: Bool
    ) {
        codec.pointee.width = Int32(width)
        codec.pointee.height = Int32(height)
        codec.pointee.pix_fmt = profile.pixelFormat
        codec.pointee.time_base = rate?.timeBase ?? AVRational(num: 1, den: 25)
        if let rate { codec.pointee.framerate = rate.rational }
        codec.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
        codec.pointee.thread_count = profile.threads
        codec.pointee.flags |= AV_CODEC_FLAG_BITEXACT
        if hasGlobalHeader { codec.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
        if profile.keyFrameDistance > 0 { codec.pointee.gop_size = profile.keyFrameDistance }
        if profile.isVideoYUV {
            codec.pointee.color_range = AVCOL_RANGE_MPEG
            codec.pointee.colorspace = AVCOL_SPC_BT709
            codec.pointee.color_primaries = AVCOL_PRI_BT709
            codec.pointee.color_trc = AVCOL_TRC_BT709
            codec.pointee.chroma_sample_location = AVCHROMA_LOC_LEFT
        }
        if let quantizer = profile.quantizer {
            codec.pointee.flags |= AV_CODEC_FLAG_QSCALE
            codec.pointee.qmin = 1
            codec.pointee.global_quality = quantizer * FF_QP2LAMBDA
        }
        for (name, value) in profile.options {
            av_opt_set(codec, name, value, AV_OPT_SEARCH_CHILDREN)
        }
    }

    private func makeScaler() throws(MediaError) {
        guard profile.pixelFormat != AV_PIX_FMT_PAL8 else { return }
        scaler = sws_getContext(
            Int32(width),
            Int32(height),
            AV_PIX_FMT_RGB24,
            Int32(width),
            Int32(height),
            profile.pixelFormat,
            PixelConverter.flags,
            nil,
            nil,
            nil
        )
        guard scaler != nil else {
            throw MediaError(.unsupportedFormat, path: path, "no conversion from RGB")
        }
        let isVideo = profile.isVideoYUV
        _ = vs_set_colours(
            scaler,
            SWS_CS_DEFAULT,
            1,
            isVideo ? SWS_CS_ITU709 : SWS_CS_ITU601,
            isVideo ? 0 : 1
        )
    }

    private func scaled(_ image: RGBImage) throws(MediaError) -> FrameBuffer {
        let source = try FrameBuffer(width: width, height: height, format: AV_PIX_FMT_RGB24)
        source.setPackedBytes(image.pixels, rowBytes: 3 * width)
        guard profile.pixelFormat != AV_PIX_FMT_RGB24 else { return source }
        let target = try FrameBuffer(width: width, height: height, format: profile.pixelFormat)
        defer { withExtendedLifetime(source) {} }
        guard vs_scale(scaler, source.frame, target.frame) > 0 else {
            throw MediaError(.unsupportedFormat, path: path, "the conversion from RGB failed")
        }
        return target
    }

    private func paletted(_ image: RGBImage) throws(MediaError) -> FrameBuffer {
        let target = try FrameBuffer(width: width, height: height, format: AV_PIX_FMT_PAL8)
        let (indices, entries) = palette.map(image)
        target.setPackedBytes(indices, rowBytes: width)
        guard let table = vs_plane(target.frame, 1) else { return target }
        table.withMemoryRebound(to: UInt32.self, capacity: 256) { table in
            for (index, entry) in entries.enumerated() { table[index] = entry }
        }
        return target
    }

    private func send(
        _ frame: UnsafeMutablePointer<AVFrame>?,
        _ sink: PacketSink
    ) throws(MediaError) {
        guard let packet else { return }
        try Libav.checkWriting(
            avcodec_send_frame(codec, frame),
            doing: "encoding a frame",
            path: path
        )
        while true {
            let code = avcodec_receive_packet(codec, packet)
            if code == Libav.tryAgain || code == Libav.endOfFile { return }
            try Libav.checkWriting(code, doing: "encoding a frame", path: path)
            defer { av_packet_unref(packet) }
            // libx264 says 0, and then the last frame is lost behind the edit list.
            packet.pointee.duration = 1
            try sink(packet)
        }
    }
}

import CLibav

/// An encoder and a container in a pending file.
final class FilmFileOutput: FrameOutput {
    private let file: PendingFile
    private let encoder: FrameEncoder
    private let frameTime: AVRational
    private var container: UnsafeMutablePointer<AVFormatContext>?

    /// Makes the file and writes its header.
    ///
    /// - Parameters:
    ///   - path: The result.
    ///   - profile: The encoder.
    ///   - film: Size and rate of the pictures.
    ///   - muxer: The container's name in libav.
    ///   - options: The container's options.
    /// - Throws: `MediaError` of the kinds `unsupportedFormat`, `cannotWrite` and `noSpace`.
    init(
        _ path: String,
        _ profile: EncoderProfile,
        _ film: FilmShape,
        muxer: String,
        options: [String: String] = [:]
    ) throws(MediaError) {
        file = try PendingFile(path: path)
        frameTime = film.rate.timeBase
        let url = "file:\(file.temporaryPath)"
        avformat_alloc_output_context2(&container, nil, muxer, url)
        let flags = container?.pointee.oformat.pointee.flags ?? 0
        encoder = try FrameEncoder(
            profile,
            width: film.width,
            height: film.height,
            rate: film.rate,
            path: path,
            hasGlobalHeader: flags & AVFMT_GLOBALHEADER != 0
        )
        guard let container, let stream = avformat_new_stream(container, nil) else {
            throw MediaError(.unsupportedFormat, path: path, "libavformat has no muxer \(muxer)")
        }
        container.pointee.flags |= AVFMT_FLAG_BITEXACT
        avcodec_parameters_from_context(stream.pointee.codecpar, encoder.context)
        stream.pointee.time_base = frameTime
        stream.pointee.avg_frame_rate = film.rate.rational
        try check(avio_open(&container.pointee.pb, url, AVIO_FLAG_WRITE), "making the file")
        var dictionary: OpaquePointer?
        for (name, value) in options { av_dict_set(&dictionary, name, value, 0) }
        let code = avformat_write_header(container, &dictionary)
        av_dict_free(&dictionary)
        try check(code, "writing the header")
    }

    deinit { cancel() }

    func append(_ image: RGBImage) throws(MediaError) {
        try encoder.encode(image) { packet throws(MediaError) in try write(packet) }
    }

    func finish() throws(MediaError) {
        try encoder.finish { packet throws(MediaError) in try write(packet) }
        try check(av_write_trailer(container), "writing the index")
        guard let container else { return }
        avio_flush(container.pointee.pb)
        try check(container.pointee.pb?.pointee.error ?? 0, "writing the film")
        try check(avio_closep(&container.pointee.pb), "writing the film")
        try file.commit()
    }

    func cancel() {
        if let container { avio_closep(&container.pointee.pb) }
        avformat_free_context(container)
        container = nil
        file.discard()
    }

    private func write(_ packet: UnsafeMutablePointer<AVPacket>) throws(MediaError) {
        guard let container, let stream = container.pointee.streams[0] else { return }
        packet.pointee.stream_index = 0
        av_packet_rescale_ts(packet, frameTime, stream.pointee.time_base)
        try check(av_interleaved_write_frame(container, packet), "writing the film")
        try check(container.pointee.pb?.pointee.error ?? 0, "writing the film")
    }

    private func check(_ code: Int32, _ doing: String) throws(MediaError) {
        try Libav.checkWriting(code, doing: doing, path: file.path)
    }
}

import CLibav
import Foundation

/// An open file, or bytes in memory, and its best picture stream.
///
/// The content alone decides what a file is: names never open number patterns, network addresses
/// or play lists, and no content makes libav open anything else (`Containers`). libav calls are confined to the
/// thread that uses the object.
final class MediaInput {
    /// Where the bytes come from.
    enum Source {
        case file(String)
        case bytes(Data)
    }

    /// What messages call the source.
    let path: String
    private var bytesInput: BytesInput?
    private var input: UnsafeMutablePointer<AVIOContext>?
    private var context: UnsafeMutablePointer<AVFormatContext>?
    private(set) var streamIndex = -1

    /// Opens the source and reads its headers.
    ///
    /// - Throws: `MediaError` of the kinds `notFound`, `unreadable`, `notMedia`, `truncated`,
    ///   `noVideoStream` and `unsupportedFormat`.
    init(_ source: Source) throws(MediaError) {
        _ = Libav.quiet
        switch source {
        case .file(let path):
            self.path = path
            input = try MediaInput.openFile(path)
        case .bytes(let data):
            path = "data in memory"
            let bytes = BytesInput(data)
            input = bytes.makeContext()
            bytesInput = bytes
        }
        try openFormat()
        try findVideo()
    }

    deinit {
        avformat_close_input(&context)
        if bytesInput == nil {
            avio_closep(&input)
        } else {
            BytesInput.free(&input)
        }
    }

    /// The open container.
    var format: UnsafeMutablePointer<AVFormatContext> {
        guard let context else { preconditionFailure("the container is open after init") }
        return context
    }

    /// The chosen picture stream.
    var stream: UnsafeMutablePointer<AVStream> {
        guard let stream = format.pointee.streams[streamIndex] else {
            preconditionFailure("the stream exists after init")
        }
        return stream
    }

    /// The container's short name, as `mov,mp4,m4a,3gp,3g2,mj2` or `png_pipe`.
    var formatName: String {
        format.pointee.iformat.pointee.name.map { String(cString: $0) } ?? "unknown"
    }

    private static func openFile(
        _ path: String
    ) throws(MediaError) -> UnsafeMutablePointer<AVIOContext>? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw .system(errno, doing: "opening it", path: path, isWriting: false)
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw MediaError(.notMedia, path: path, "this is a folder; name a file in it")
        }
        guard status.st_mode & S_IFMT != S_IFREG || status.st_size > 0 else {
            throw MediaError(.notMedia, path: path, "the file is empty")
        }
        var input: UnsafeMutablePointer<AVIOContext>?
        let code = avio_open(&input, "file:\(path)", AVIO_FLAG_READ)
        guard code >= 0 else {
            throw .system(-code, doing: "opening it", path: path, isWriting: false)
        }
        return input
    }

    private func openFormat() throws(MediaError) {
        var found: UnsafePointer<AVInputFormat>?
        let score = av_probe_input_buffer2(input, &found, nil, nil, 0, 0)
        guard score >= 0, let found else { throw readError() ?? unknown }
        let name = found.pointee.name.map { String(cString: $0) } ?? "unknown"
        guard Containers.areRead(name) else {
            throw MediaError(
                .notMedia,
                path: path,
                "this is taken for \(name): text, a list of other files, or a container that vsdb does "
                    + "not read; no picture or film"
            )
        }
        context = avformat_alloc_context()
        context?.pointee.pb = input
        context?.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
        // Neither other files nor protocols: what is read is the file that was named.
        context?.pointee.io_open = { _, _, _, _, _ in vs_error_of_errno(EACCES) }
        var options: OpaquePointer?
        av_dict_set(&options, "protocol_whitelist", "none", 0)
        // Frees the context when it fails.
        let code = avformat_open_input(&context, nil, found, &options)
        av_dict_free(&options)
        guard code >= 0, context != nil else {
            context = nil
            // A weak likeness, as a few bytes somewhere, is no sign of a film that was cut off.
            throw readError() ?? (score >= AVPROBE_SCORE_EXTENSION ? damagedStart(code) : unknown)
        }
        findStreamInfo()
    }

    /// Lets libav look at the first packets, with the decoders' limit of a frame.
    ///
    /// The limit holds for the streams that the header announces. For those that appear while libav looks, as in MPEG
    /// transport streams, it has no options, and its decoders have their own limit, of about 2 GiB a frame; the
    /// decoder that gives our frames is limited always.
    private func findStreamInfo() {
        let count = Int(format.pointee.nb_streams)
        var options = [OpaquePointer?](repeating: nil, count: max(1, count))
        for index in options.indices {
            av_dict_set(&options[index], "max_pixels", "\(VideoReader.pixelLimit)", 0)
        }
        _ = avformat_find_stream_info(context, &options)
        for index in options.indices { av_dict_free(&options[index]) }
    }

    /// The error of the system that ended the last read, if one did.
    private func readError() -> MediaError? {
        guard let code = input?.pointee.error, code < 0, code > -4_096 else { return nil }
        return .system(-code, doing: "reading it", path: path, isWriting: false)
    }

    private var unknown: MediaError {
        MediaError(.notMedia, path: path, "this is no picture or film libav knows")
    }

    private func damagedStart(_ code: Int32) -> MediaError {
        MediaError(
            .truncated,
            path: path,
            "the file is cut off or damaged at its start or index (\(Libav.text(code)))"
        )
    }

    private func findVideo() throws(MediaError) {
        let index = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0)
        let types = (0..<Int(format.pointee.nb_streams)).map {
            format.pointee.streams[$0]?.pointee.codecpar.pointee.codec_type ?? AVMEDIA_TYPE_UNKNOWN
        }
        let known = [AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_SUBTITLE]
        guard types.contains(where: known.contains) else { throw cutOff("no stream is described") }
        guard index >= 0 else {
            throw MediaError(
                .noVideoStream,
                path: path,
                "the \(formatName) file has no picture stream"
            )
        }
        streamIndex = Int(index)
        guard stream.pointee.codecpar.pointee.codec_id != AV_CODEC_ID_NONE else {
            throw cutOff("the codec is missing")
        }
        guard stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0 else {
            throw MediaError(.noVideoStream, path: path, "sound with a cover picture, no film")
        }
        for other in 0..<Int(format.pointee.nb_streams) where other != streamIndex {
            format.pointee.streams[other]?.pointee.discard = AVDISCARD_ALL
        }
    }

    private func cutOff(_ reason: String) -> MediaError {
        MediaError(
            .truncated,
            path: path,
            "the file is cut off or damaged at its start or index: \(reason)"
        )
    }
}

import CLibav
import Foundation

/// The sizes that files announce.
enum FrameSize {
    /// The codecs of pictures, whose decoders ask for the memory of a frame as soon as they know its size.
    private static let pictureCodecs = Set(
        [
            AV_CODEC_ID_MJPEG, AV_CODEC_ID_PNG, AV_CODEC_ID_WEBP, AV_CODEC_ID_TIFF, AV_CODEC_ID_BMP,
            AV_CODEC_ID_GIF, AV_CODEC_ID_JPEG2000, AV_CODEC_ID_JPEGXL, AV_CODEC_ID_EXR,
        ].map(\.rawValue)
    )

    /// The error for a file that gives no frame, if its size is the reason and known.
    ///
    /// - Parameter source: The file, which is opened anew: of an open one, the header was read over.
    /// - Returns: The error, or nil.
    static func error(of source: MediaInput.Source) -> MediaError? {
        guard let input = try? MediaInput(source), let size = overLimit(in: input) else {
            return nil
        }
        return MediaError(
            .unsupportedFormat,
            path: input.path,
            "frames of \(size.width)x\(size.height) pixels are too large: at most 67,108,864 pixels, as "
                + "8192x8192, are read; make them smaller first"
        )
    }

    /// The size of the first frame, if it is over the limit and that is known.
    ///
    /// A decoder with a limit forgets the size that it refuses. The one here has no limit, and gets no memory for a
    /// frame. Of films, whose decoders have more than a frame, the container's word is taken.
    private static func overLimit(in input: MediaInput) -> PixelSize? {
        guard let parameters = input.stream.pointee.codecpar else { return nil }
        let stated = PixelSize(
            width: Int(parameters.pointee.width),
            height: Int(parameters.pointee.height)
        )
        let size = stated.width > 0 ? stated : decoded(input, parameters)
        return size.map { $0.width * $0.height > VideoReader.pixelLimit } == true ? size : nil
    }

    private static func decoded(
        _ input: MediaInput,
        _ parameters: UnsafeMutablePointer<AVCodecParameters>
    ) -> PixelSize? {
        let id = parameters.pointee.codec_id
        guard pictureCodecs.contains(id.rawValue), let decoder = avcodec_find_decoder(id) else {
            return nil
        }
        var codec = avcodec_alloc_context3(decoder)
        var packet = av_packet_alloc()
        defer {
            av_packet_free(&packet)
            avcodec_free_context(&codec)
        }
        guard let codec, let packet else { return nil }
        avcodec_parameters_to_context(codec, parameters)
        codec.pointee.thread_count = 1
        codec.pointee.max_pixels = .max
        codec.pointee.get_buffer2 = { _, _, _ in vs_error_of_errno(ENOMEM) }
        guard avcodec_open2(codec, decoder, nil) >= 0 else { return nil }
        while av_read_frame(input.format, packet) >= 0 {
            defer { av_packet_unref(packet) }
            guard packet.pointee.stream_index == Int32(input.streamIndex) else { continue }
            _ = avcodec_send_packet(codec, packet)
            return PixelSize(width: Int(codec.pointee.width), height: Int(codec.pointee.height))
        }
        return nil
    }
}

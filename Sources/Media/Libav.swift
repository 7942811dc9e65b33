import CLibav

/// What every use of libav shares: a quiet log, error texts and owned frames.
enum Libav {
    /// Turns the libraries' own messages off, once; errors reach the caller as `MediaError`.
    static let quiet: Void = av_log_set_level(AV_LOG_QUIET)

    static let endOfFile = vs_end_of_file()
    static let invalidData = vs_invalid_data()
    static let tryAgain = vs_error_of_errno(EAGAIN)
    static let noTimestamp = vs_no_timestamp()

    /// The library's words for a return code.
    static func text(_ code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        _ = av_strerror(code, &buffer, buffer.count)
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }

    /// Turns a negative return code of a writing call into our error.
    static func checkWriting(
        _ code: Int32,
        doing: String,
        path: String
    ) throws(MediaError) {
        guard code < 0 else { return }
        throw writingError(code, doing: doing, path: path)
    }

    /// The error for a negative return code of a writing call.
    static func writingError(_ code: Int32, doing: String, path: String) -> MediaError {
        guard code > -4_096 else {
            return MediaError(.cannotWrite, path: path, "\(doing) failed: \(text(code))")
        }
        return .system(-code, doing: doing, path: path, isWriting: true)
    }
}

/// An owned `AVFrame`; the pixel buffers go with it.
final class FrameBuffer {
    let frame: UnsafeMutablePointer<AVFrame>

    /// Makes an empty frame.
    init() throws(MediaError) {
        guard let frame = av_frame_alloc() else { throw FrameBuffer.outOfMemory }
        self.frame = frame
    }

    /// Makes a frame with buffers whose rows are padded for SIMD.
    convenience init(width: Int, height: Int, format: AVPixelFormat) throws(MediaError) {
        try self.init()
        frame.pointee.width = Int32(width)
        frame.pointee.height = Int32(height)
        frame.pointee.format = format.rawValue
        guard av_frame_get_buffer(frame, 0) >= 0 else { throw FrameBuffer.outOfMemory }
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&pointer)
    }

    private static var outOfMemory: MediaError {
        MediaError(.unsupportedFormat, path: "frame", "no memory for a frame of this size")
    }

    /// Copies a packed first plane out, without the padding of the rows.
    func packedBytes(rowBytes: Int) -> [UInt8] {
        let height = Int(frame.pointee.height)
        return [UInt8](unsafeUninitializedCapacity: rowBytes * height) { out, count in
            guard let from = vs_plane(frame, 0), let to = out.baseAddress else { return }
            let stride = Int(vs_stride(frame, 0))
            for row in 0..<height {
                (to + row * rowBytes).update(from: from + row * stride, count: rowBytes)
            }
            count = rowBytes * height
        }
    }

    /// Copies packed rows into the first plane.
    func setPackedBytes(_ bytes: [UInt8], rowBytes: Int) {
        bytes.withUnsafeBufferPointer { bytes in
            guard let from = bytes.baseAddress, let to = vs_plane(frame, 0) else { return }
            let stride = Int(vs_stride(frame, 0))
            for row in 0..<Int(frame.pointee.height) {
                (to + row * stride).update(from: from + row * rowBytes, count: rowBytes)
            }
        }
    }
}

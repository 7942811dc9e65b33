import CLibav
import Foundation

/// Lends bytes in memory to libav as if they were a file.
final class BytesInput {
    private let data: Data
    private var position = 0

    init(_ data: Data) { self.data = data }

    /// Makes the reader; it borrows this object, which has to outlive it.
    func makeContext() -> UnsafeMutablePointer<AVIOContext>? {
        let size: Int32 = 32_768
        return avio_alloc_context(
            av_malloc(Int(size))?.assumingMemoryBound(to: UInt8.self),
            size,
            0,
            Unmanaged.passUnretained(self).toOpaque(),
            { owner, buffer, count in
                guard let owner, let buffer else { return Libav.endOfFile }
                return BytesInput.of(owner).read(into: buffer, Int(count))
            },
            nil,
            { owner, offset, whence in
                guard let owner else { return -1 }
                return BytesInput.of(owner).seek(offset, whence)
            }
        )
    }

    /// Frees a reader and its buffer, which libav may have replaced.
    static func free(_ context: inout UnsafeMutablePointer<AVIOContext>?) {
        if let buffer = context?.pointee.buffer { av_free(buffer) }
        avio_context_free(&context)
    }

    private static func of(_ owner: UnsafeMutableRawPointer) -> BytesInput {
        Unmanaged<BytesInput>.fromOpaque(owner).takeUnretainedValue()
    }

    private func read(into buffer: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int32 {
        let available = min(count, data.count - position)
        guard available > 0 else { return Libav.endOfFile }
        let start = data.startIndex + position
        data.copyBytes(to: buffer, from: start..<start + available)
        position += available
        return Int32(available)
    }

    private func seek(_ offset: Int64, _ whence: Int32) -> Int64 {
        if whence == AVSEEK_SIZE { return Int64(data.count) }
        let base =
            switch whence & ~AVSEEK_FORCE {
            case SEEK_CUR: position
            case SEEK_END: data.count
            default: 0
            }
        let (target, isTooFar) = Int64(base).addingReportingOverflow(offset)
        guard !isTooFar, target >= 0, target <= Int64(data.count) else { return -1 }
        position = Int(target)
        return target
    }
}

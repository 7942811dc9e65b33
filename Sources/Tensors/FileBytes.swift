public import Foundation
import Glibc

/// The bytes of a file, taken part by part: large parts are mapped, small ones are read.
///
/// A mapped part leaves memory with its last user, so that reading a large file tensor by tensor
/// needs memory for one tensor. A file that was shortened since it was opened has no such part any
/// more.
public struct FileBytes: Sendable {
    /// Why a file cannot be opened.
    public struct OpenError: Error, Sendable, CustomStringConvertible {
        /// What callers tell apart.
        public enum Kind: Sendable {
            /// There is nothing of that name.
            case missing
            /// A folder, a pipe or the like.
            case notRegular
            /// It may be there and sound: the system did not let it be opened.
            case failed
        }

        /// Whether there is such a file at all.
        public let kind: Kind
        /// The reason in words.
        public let description: String
    }

    /// How many bytes there are.
    public let count: Int

    private enum Source {
        case memory(Data)
        case file(OpenFile)
    }

    private let source: Source

    /// Shorter parts are read: a mapping takes whole pages and a system call of its own.
    private static let mappingThreshold = 1 << 16

    /// Opens a file for reading.
    ///
    /// - Parameter path: A regular file.
    /// - Throws: `OpenError` if there is none that may be read.
    public init(path: String) throws(OpenError) {
        let file = try OpenFile(path: path)
        source = .file(file)
        count = file.byteCount
    }

    /// Takes bytes that are already in memory.
    public init(_ data: Data) {
        source = .memory(data.startIndex == 0 ? data : Data(data))
        count = data.count
    }

    /// All bytes, indexed from 0; of a file only the pages that are looked at are read.
    public func all() -> Data? {
        switch source {
        case .memory(let data): data
        case .file(let file): count == 0 ? Data() : file.mapped(0..<count)
        }
    }

    /// The bytes of a range, or nil if they cannot be read.
    public func part(_ range: Range<Int>) -> Data? {
        guard range.lowerBound >= 0, range.upperBound <= count else { return nil }
        switch source {
        case .memory(let data): return data[range]
        case .file(let file):
            return range.count < Self.mappingThreshold
                ? file.read(range) : file.mapped(range) ?? file.read(range)
        }
    }

    /// Reads a range piece by piece into the same small memory.
    ///
    /// - Parameters:
    ///   - range: Which bytes.
    ///   - body: Takes the pieces in their order.
    /// - Returns: False if the bytes cannot be read.
    public func forEachPiece(of range: Range<Int>, _ body: (Data) -> Void) -> Bool {
        let pieceSize = 1 << 20
        guard range.lowerBound >= 0, range.upperBound <= count else { return false }
        for start in stride(from: range.lowerBound, to: range.upperBound, by: pieceSize) {
            let piece = start..<min(start + pieceSize, range.upperBound)
            switch source {
            case .memory(let data): body(data[piece])
            case .file(let file):
                guard let read = file.read(piece) else { return false }
                body(read)
            }
        }
        return true
    }
}

/// A descriptor that is closed with its last user.
private final class OpenFile: Sendable {
    let byteCount: Int
    private let descriptor: Int32

    init(path: String) throws(FileBytes.OpenError) {
        // Without O_NONBLOCK a pipe would wait for a writer.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            throw FileBytes.OpenError(
                kind: code == ENOENT || code == ENOTDIR ? .missing : .failed,
                description: String(cString: strerror(code))
            )
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileBytes.OpenError(kind: .notRegular, description: "it is not a regular file")
        }
        byteCount = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// A page past the end of a file cannot be touched: the file must still have its bytes.
    private func has(_ range: Range<Int>) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && Int(status.st_size) >= range.upperBound
    }

    func mapped(_ range: Range<Int>) -> Data? {
        guard has(range) else { return nil }
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = range.lowerBound / pageSize * pageSize
        let length = range.upperBound - start
        guard let address = mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, off_t(start)),
            address != MAP_FAILED
        else { return nil }
        let pages = Data(
            bytesNoCopy: address,
            count: length,
            deallocator: .custom { address, length in munmap(address, length) }
        )
        return pages.dropFirst(range.lowerBound - start)
    }

    func read(_ range: Range<Int>) -> Data? {
        var bytes = Data(count: range.count)
        let isComplete = bytes.withUnsafeMutableBytes { buffer in
            var done = 0
            while done < range.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                let got = pread(
                    descriptor,
                    rest.baseAddress,
                    rest.count,
                    off_t(range.lowerBound + done)
                )
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { return false }
                done += got
            }
            return true
        }
        return isComplete ? bytes : nil
    }
}

import Tensors

#if canImport(Glibc)
import Glibc
#endif

/// What went wrong while a picture or film was read or written.
public struct MediaError: Error, CustomStringConvertible, Sendable, Hashable {
    /// The kinds of failure that a caller may want to tell apart.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// No file of that name.
        case notFound
        /// The file is there, and may not be opened.
        case unreadable
        /// The content is no picture, film or sound that libav knows.
        case notMedia
        /// A media file without a picture stream, such as a song.
        case noVideoStream
        /// Not one frame could be decoded, or none was written.
        case noFrames
        /// The file ends too early, or its content is damaged.
        case truncated
        /// The result cannot be put where it should go.
        case cannotWrite
        /// A format, codec or size that this program does not handle.
        case unsupportedFormat
        /// The disk is full.
        case noSpace
        /// Whoever read our output has enough of it.
        case readerGone
    }

    /// The kind of failure.
    public let kind: Kind
    /// The file, or `data in memory`.
    public let path: String
    /// What happened, and what to do about it.
    public let message: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - kind: The kind of failure.
    ///   - path: The file.
    ///   - message: What happened, and what to do about it.
    public init(_ kind: Kind, path: String, _ message: String) {
        self.kind = kind
        self.path = path
        self.message = message
    }

    /// The file and the message on one line.
    public var description: String { "\"\(path)\": \(message)".withoutControls }
}

extension MediaError {
    /// The error for a failed system call.
    ///
    /// - Parameters:
    ///   - code: The value of `errno`.
    ///   - doing: What was tried, as "writing the frame".
    ///   - path: The file.
    ///   - isWriting: Whether the file is a result rather than an input.
    /// - Returns: The error with the kind that fits the code.
    static func system(_ code: Int32, doing: String, path: String, isWriting: Bool) -> MediaError {
        let text = "\(doing) failed: \(String(cString: strerror(code)).lowercased())"
        return switch code {
        case ENOSPC, EDQUOT: MediaError(.noSpace, path: path, "\(text); free some space")
        case EPIPE: MediaError(.readerGone, path: path, "whoever read it has left")
        case _ where isWriting: MediaError(.cannotWrite, path: path, text)
        case ENOENT, ENOTDIR: MediaError(.notFound, path: path, "no such file")
        case EACCES, EPERM:
            MediaError(.unreadable, path: path, "permission to read it is missing")
        default: MediaError(.unreadable, path: path, text)
        }
    }
}

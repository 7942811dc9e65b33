internal import CZlib
package import Foundation

/// Compressed bytes that break a rule of the format.
package struct GzipError: Error, CustomStringConvertible {
    /// The rule.
    package let description: String
}

/// Unpacks gzip files of one member, with zlib.
package enum Gzip {
    /// zlib's number for the largest window behind a gzip header.
    private static let gzipWindow: Int32 = 15 + 16
    private static let pieceSize = 1 << 16

    /// Whether bytes start as a gzip file does.
    package static func isGzip(_ data: Data) -> Bool { data.starts(with: [0x1F, 0x8B, 0x08]) }

    /// Unpacks a file.
    ///
    /// - Parameters:
    ///   - data: The whole file.
    ///   - limit: How many bytes it may have unpacked.
    /// - Returns: The bytes unpacked.
    /// - Throws: `GzipError` if it is damaged or larger.
    package static func inflate(_ data: Data, limit: Int) throws -> Data {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(&stream, gzipWindow, ZLIB_VERSION, size) == Z_OK else {
            throw GzipError(description: "there is no memory to unpack it")
        }
        defer { inflateEnd(&stream) }
        var input = [UInt8](data)
        return try input.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(clamping: input.count)
            return try unpack(&stream, limit: limit)
        }
    }

    private static func unpack(_ stream: inout z_stream, limit: Int) throws -> Data {
        var output = Data()
        var piece = [UInt8](repeating: 0, count: pieceSize)
        while true {
            let (status, count) = piece.withUnsafeMutableBufferPointer { piece in
                stream.next_out = piece.baseAddress
                stream.avail_out = UInt32(piece.count)
                let status = CZlib.inflate(&stream, Z_NO_FLUSH)
                return (status, piece.count - Int(stream.avail_out))
            }
            guard output.count + count <= limit else {
                throw GzipError(description: "it is larger than \(limit) bytes unpacked")
            }
            output.append(contentsOf: piece[..<count])
            if status == Z_STREAM_END { return output }
            guard status == Z_OK, count > 0 || stream.avail_in > 0 else {
                throw GzipError(description: "the gzip file is damaged; copy it again")
            }
        }
    }
}

import Foundation

/// Reads little-endian numbers from bytes without ever passing their end.
struct ByteCursor {
    /// The bytes, indexed from 0.
    let data: Data
    /// The next byte to be read.
    private(set) var position: Int
    /// Names file and part in messages.
    private let path: String
    private let part: String

    init(_ data: Data, at position: Int = 0, path: String, part: String) {
        self.data = data
        self.position = position
        self.path = path
        self.part = part
    }

    /// An error at the current position, or at another one.
    func failure(_ problem: String, at place: Int? = nil) -> CheckpointError {
        CheckpointError(path, "\(part), byte \(place ?? position): \(problem)")
    }

    /// The next `count` bytes.
    mutating func bytes(_ count: Int) throws -> Data {
        guard count >= 0, position >= 0, position <= data.count, count <= data.count - position
        else {
            throw failure("\(count) bytes are needed, the part ends at byte \(data.count)")
        }
        let start = data.startIndex + position
        position += count
        return data[start..<start + count]
    }

    /// The next number of a fixed width.
    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        let bytes = try bytes(MemoryLayout<Number>.size)
        return bytes.withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(as: Number.self))
        }
    }

    /// The next number of 8 bytes as a count.
    mutating func count64() throws -> Int {
        let value = try number(UInt64.self)
        guard let count = Int(exactly: value) else {
            throw failure("the size \(value) is too large")
        }
        return count
    }

    /// The text up to the next line feed, which is consumed.
    mutating func line() throws -> String {
        let start = data.startIndex + min(position, data.count)
        guard let end = data[start...].firstIndex(of: UInt8(ascii: "\n")) else {
            throw failure("a name does not end")
        }
        let text = String(decoding: data[start..<end], as: UTF8.self)
        position = end + 1 - data.startIndex
        return text
    }
}

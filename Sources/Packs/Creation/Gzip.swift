package import Foundation

/// Compressed bytes that break a rule of the format.
package struct GzipError: Error, CustomStringConvertible {
    package let description: String
}

/// Unpacks gzip files of one member.
///
/// Source: RFC 1951 (DEFLATE), RFC 1952 (gzip).
package enum Gzip {
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
        var reader = BitReader(bytes: [UInt8](data))
        try reader.skipGzipHeader()
        var inflater = Inflater(reader: reader, limit: limit)
        try inflater.run()
        reader = inflater.reader
        let expected = (sum: try reader.word(), size: try reader.word())
        guard expected.size == UInt32(truncatingIfNeeded: inflater.output.count),
            expected.sum == crc32(inflater.output)
        else { throw GzipError(description: "the gzip file's check sum is wrong; copy it again") }
        return Data(inflater.output)
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var table = [UInt32](repeating: 0, count: 256)
        for index in table.indices {
            var value = UInt32(index)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xEDB8_8320 : value >> 1 }
            table[index] = value
        }
        var sum = ~UInt32(0)
        for byte in bytes { sum = (sum >> 8) ^ table[Int((sum ^ UInt32(byte)) & 0xFF)] }
        return ~sum
    }
}

/// Takes bits from bytes, the lowest first.
private struct BitReader {
    let bytes: [UInt8]
    private var position = 0
    private var bit = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func bits(_ count: Int) throws -> Int {
        var value = 0
        for index in 0..<count {
            guard position < bytes.count else { throw GzipError(description: "it ends too early") }
            value |= Int((bytes[position] >> bit) & 1) << index
            bit += 1
            if bit == 8 { (bit, position) = (0, position + 1) }
        }
        return value
    }

    mutating func alignToByte() { if bit > 0 { (bit, position) = (0, position + 1) } }

    /// Four bytes from the next whole byte on.
    mutating func word() throws -> UInt32 {
        alignToByte()
        return UInt32(try bits(32))
    }

    /// Magic, flags and the parts that the flags announce.
    mutating func skipGzipHeader() throws {
        _ = try bits(24)
        let flags = try bits(8)
        _ = try bits(48)
        if flags & 4 != 0 { for _ in 0..<(try bits(16)) { _ = try bits(8) } }
        for part in [8, 16] where flags & part != 0 { while try bits(8) != 0 {} }
        if flags & 2 != 0 { _ = try bits(16) }
    }
}

/// The prefix code of an alphabet, from the lengths of its code words.
private struct PrefixCode {
    private static let longest = 15
    private var counts = [Int](repeating: 0, count: longest + 1)
    private var symbols: [Int] = []

    init(lengths: [Int]) throws {
        for length in lengths { counts[length] += 1 }
        counts[0] = 0
        var left = 1
        for length in 1...Self.longest {
            left = 2 * left - counts[length]
            guard left >= 0 else { throw GzipError(description: "it has an impossible code") }
        }
        symbols = (1...Self.longest).flatMap { length in
            lengths.indices.filter { lengths[$0] == length }
        }
    }

    func next(_ reader: inout BitReader) throws -> Int {
        var (code, first, index) = (0, 0, 0)
        for length in 1...Self.longest {
            code |= try reader.bits(1)
            let count = counts[length]
            if code - count < first { return symbols[index + code - first] }
            index += count
            first = (first + count) << 1
            code <<= 1
        }
        throw GzipError(description: "it has an unknown code word")
    }
}

/// Unpacks DEFLATE blocks.
private struct Inflater {
    var reader: BitReader
    let limit: Int
    private(set) var output: [UInt8] = []

    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
        131, 163, 195, 227, 258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
        2049, 3073, 4097, 6145, 8193, 12_289, 16_385, 24_577,
    ]
    private static let lengthOrder = [
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    ]

    init(reader: BitReader, limit: Int) {
        self.reader = reader
        self.limit = limit
    }

    mutating func run() throws {
        var isLast = false
        while !isLast {
            isLast = try reader.bits(1) == 1
            switch try reader.bits(2) {
            case 0: try copyStored()
            case 1:
                let lengths =
                    [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112)
                    + [Int](repeating: 7, count: 24) + [Int](repeating: 8, count: 8)
                try decode(
                    PrefixCode(lengths: lengths),
                    PrefixCode(lengths: [Int](repeating: 5, count: 30))
                )
            case 2: try decodeDynamic()
            default: throw GzipError(description: "it has a block of an unknown kind")
            }
        }
    }

    private mutating func append(_ byte: UInt8) throws {
        guard output.count < limit else {
            throw GzipError(description: "it is larger than \(limit) bytes unpacked")
        }
        output.append(byte)
    }

    private mutating func copyStored() throws {
        reader.alignToByte()
        let (count, complement) = (try reader.bits(16), try reader.bits(16))
        guard count == (~complement & 0xFFFF) else {
            throw GzipError(description: "a stored block's length is wrong")
        }
        for _ in 0..<count { try append(UInt8(reader.bits(8))) }
    }

    private mutating func decodeDynamic() throws {
        let literalCount = try reader.bits(5) + 257
        let distanceCount = try reader.bits(5) + 1
        var codeLengths = [Int](repeating: 0, count: 19)
        for index in 0..<(try reader.bits(4) + 4) {
            codeLengths[Self.lengthOrder[index]] = try reader.bits(3)
        }
        let code = try PrefixCode(lengths: codeLengths)
        var lengths: [Int] = []
        while lengths.count < literalCount + distanceCount {
            let symbol = try code.next(&reader)
            switch symbol {
            case 0..<16: lengths.append(symbol)
            case 16:
                guard let last = lengths.last else {
                    throw GzipError(description: "it repeats a length before the first")
                }
                lengths += [Int](repeating: last, count: try reader.bits(2) + 3)
            case 17: lengths += [Int](repeating: 0, count: try reader.bits(3) + 3)
            default: lengths += [Int](repeating: 0, count: try reader.bits(7) + 11)
            }
        }
        guard lengths.count == literalCount + distanceCount else {
            throw GzipError(description: "it has too many code lengths")
        }
        try decode(
            PrefixCode(lengths: Array(lengths[..<literalCount])),
            PrefixCode(lengths: Array(lengths[literalCount...]))
        )
    }

    private mutating func decode(_ literals: PrefixCode, _ distances: PrefixCode) throws {
        while true {
            let symbol = try literals.next(&reader)
            if symbol < 256 {
                try append(UInt8(symbol))
                continue
            }
            if symbol == 256 { return }
            guard symbol - 257 < Self.lengthBases.count else {
                throw GzipError(description: "it has an unknown length")
            }
            let length =
                Self.lengthBases[symbol - 257] + (try reader.bits(Self.lengthBits[symbol - 257]))
            let code = try distances.next(&reader)
            guard code < Self.distanceBases.count else {
                throw GzipError(description: "it has an unknown distance")
            }
            let distance = Self.distanceBases[code] + (try reader.bits(max(0, code / 2 - 1)))
            guard distance <= output.count else {
                throw GzipError(description: "it refers to bytes before the first")
            }
            for _ in 0..<length { try append(output[output.count - distance]) }
        }
    }
}

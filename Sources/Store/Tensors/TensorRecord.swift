import Foundation
import Hashing
import Tensors

/// The 48 bytes before the numbers of a record; little-endian, see Schema/tensor-records.md.
struct TensorHeader: Equatable {
    static let byteCount = 48
    static let magic: [UInt8] = Array("VSTR".utf8)
    static let version: UInt8 = 1
    static let rankLimit = 4

    let dtype: DType
    let shape: [Int]
    let kind: UInt8
    let payloadByteCount: Int
    let checksum: UInt64
    /// The first 8 bytes of the clip id, so that a record that strayed from its key is noticed.
    let idPrefix: [UInt8]

    init(tensor: RawTensor, key: TensorKey) {
        dtype = tensor.dtype
        shape = tensor.shape
        kind = key.bytes[32]
        payloadByteCount = tensor.bytes.count
        checksum = tensor.bytes.withUnsafeBytes { xxh3($0) }
        idPrefix = Array(key.bytes.prefix(8))
    }

    /// Reads the header of a stored value.
    ///
    /// - Throws: `RecordFault` saying which rule the bytes break.
    init(_ value: UnsafeRawBufferPointer) throws(RecordFault) {
        guard value.count >= Self.byteCount else {
            throw RecordFault("has \(value.count) bytes, fewer than a header")
        }
        guard value.prefix(4).elementsEqual(Self.magic) else {
            throw RecordFault("does not begin with the mark of a tensor record")
        }
        guard value[4] == Self.version else {
            throw RecordFault("has the header version \(value[4]), this vsdb reads \(Self.version)")
        }
        guard let dtype = DType(recordCode: value[5]) else {
            throw RecordFault("has the unknown element type \(value[5])")
        }
        let rank = Int(value[6])
        guard rank <= Self.rankLimit else { throw RecordFault("has \(rank) axes") }
        func word32(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: value.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        func word64(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: value.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        self.dtype = dtype
        kind = value[7]
        shape = (0..<rank).map { Int(word32(8 + 4 * $0)) }
        checksum = word64(32)
        idPrefix = Array(value[40..<48])
        payloadByteCount = value.count - Self.byteCount
        guard word64(24) == UInt64(payloadByteCount) else {
            throw RecordFault("claims \(word64(24)) bytes and has \(payloadByteCount)")
        }
        guard byteSize(of: shape, dtype) == payloadByteCount else {
            throw RecordFault("is \(shape) \(dtype.rawValue) in \(payloadByteCount) bytes")
        }
    }

    /// The 48 bytes.
    var encoded: [UInt8] {
        var bytes = Self.magic + [Self.version, dtype.recordCode, UInt8(shape.count), kind]
        for axis in 0..<Self.rankLimit {
            let extent = axis < shape.count ? UInt32(truncatingIfNeeded: shape[axis]) : 0
            bytes += withUnsafeBytes(of: extent.littleEndian) { Array($0) }
        }
        for word in [UInt64(payloadByteCount), checksum] {
            bytes += withUnsafeBytes(of: word.littleEndian) { Array($0) }
        }
        return bytes + idPrefix
    }

    /// The checksum as the catalogue stores it.
    var checksumText: String { hexadecimal64(checksum) }
}

/// A tensor with its key and header, ready to be written.
struct TensorRecord {
    let key: TensorKey
    let header: TensorHeader
    let payload: Data

    init(key: TensorKey, tensor: RawTensor) {
        self.key = key
        header = TensorHeader(tensor: tensor, key: key)
        payload = tensor.bytes
    }

    var byteCount: Int { TensorHeader.byteCount + payload.count }

    /// Whether its numbers are these bytes, as many as it has.
    func hasPayload(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let stored = UnsafeRawBufferPointer(rebasing: bytes).baseAddress else { return true }
        return payload.withUnsafeBytes { own in
            own.baseAddress.map { memcmp($0, stored, own.count) == 0 } ?? true
        }
    }
}

/// The rule that the bytes of a record break.
struct RecordFault: Error {
    let rule: String

    init(_ rule: String) { self.rule = rule }
}

/// The bytes that a shape fills, or nil if that cannot be.
func byteSize(of shape: [Int], _ dtype: DType) -> Int? {
    var size = dtype.byteCount
    for extent in shape {
        guard extent >= 0 else { return nil }
        let (product, overflow) = size.multipliedReportingOverflow(by: extent)
        guard !overflow else { return nil }
        size = product
    }
    return size
}

/// Sixteen hexadecimal digits.
package func hexadecimal64(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}

/// The checksum of a document: the xxh3-64 of its fields, each with its length in front.
func documentChecksum(_ fields: [String]) -> String {
    var bytes: [UInt8] = []
    for field in fields {
        bytes += withUnsafeBytes(of: UInt64(field.utf8.count).littleEndian) { Array($0) }
        bytes += Array(field.utf8)
    }
    return hexadecimal64(bytes.withUnsafeBytes { xxh3($0) })
}

extension DType {
    /// The number of the type in record headers; never change or reuse one.
    var recordCode: UInt8 {
        switch self {
        case .float32: 1
        case .float16: 2
        case .float64: 3
        case .bfloat16: 4
        case .uint8: 5
        case .int8: 6
        case .int16: 7
        case .int32: 8
        case .int64: 9
        case .bool: 10
        }
    }

    init?(recordCode: UInt8) {
        guard let type = DType.allCases.first(where: { $0.recordCode == recordCode }) else {
            return nil
        }
        self = type
    }
}

internal import CZlib
public import Foundation

/// The check sum of zip members, summed up piece by piece.
///
/// Source: PKWARE APPNOTE 6.3.10, section 4.4.7; the work is zlib's.
public struct CRC32: Sendable {
    /// The sum so far.
    public private(set) var value: UInt32 = 0

    /// Starts with no bytes.
    public init() {}

    /// Adds bytes.
    public mutating func add(_ bytes: Data) {
        bytes.withUnsafeBytes { raw in
            var rest = raw.bindMemory(to: UInt8.self)
            while let start = rest.baseAddress, !rest.isEmpty {
                let count = min(rest.count, 1 << 30)
                value = UInt32(truncatingIfNeeded: crc32(UInt(value), start, UInt32(count)))
                rest = UnsafeBufferPointer(rebasing: rest[count...])
            }
        }
    }
}

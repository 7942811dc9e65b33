import Foundation

/// The records at the end of a zip archive: where its directory starts and how many entries it has.
struct ZipEnd {
    /// Where the directory starts.
    let directory: Int
    /// How many entries it has.
    let count: Int
    /// Where the first record after the directory starts.
    let position: Int

    private static let length = 22
    private static let locatorLength = 20

    /// Finds the records.
    ///
    /// - Throws: `CheckpointError` if there are none or they lie outside the file.
    init(_ data: Data, path: String) throws {
        let end = try Self.record(of: data, path: path)
        var cursor = ByteCursor(data, at: end, path: path, part: "end of the zip directory")
        _ = try cursor.bytes(10)
        let shortCount = Int(try cursor.number(UInt16.self))
        _ = try cursor.bytes(4)
        let shortOffset = Int(try cursor.number(UInt32.self))
        if shortCount == 0xFFFF || shortOffset == 0xFFFF_FFFF, end >= Self.locatorLength {
            var locator = ByteCursor(
                data,
                at: end - Self.locatorLength,
                path: path,
                part: "zip64 locator"
            )
            if try locator.number(UInt32.self) == ZipDirectory.end64LocatorSignature {
                _ = try locator.bytes(4)
                position = try locator.count64()
                var end64 = ByteCursor(data, at: position, path: path, part: "zip64 end record")
                guard try end64.number(UInt32.self) == ZipDirectory.end64Signature else {
                    throw end64.failure("no such record here")
                }
                _ = try end64.bytes(28)
                count = try end64.count64()
                _ = try end64.bytes(8)
                directory = try end64.count64()
                return
            }
        }
        (directory, count, position) = (shortOffset, shortCount, end)
    }

    /// The end record is the last one; only its comment of up to 65,535 bytes may follow.
    private static func record(of data: Data, path: String) throws -> Int {
        let part = "end of the zip directory"
        let first = max(0, data.count - length - 0xFFFF)
        for position in stride(from: data.count - length, through: first, by: -1) {
            // Most positions fail at their first byte.
            guard data[data.startIndex + position] == 0x50 else { continue }
            var cursor = ByteCursor(data, at: position, path: path, part: part)
            guard try cursor.number(UInt32.self) == ZipDirectory.endSignature else { continue }
            _ = try cursor.bytes(16)
            let comment = Int(try cursor.number(UInt16.self))
            if position + length + comment == data.count { return position }
        }
        throw CheckpointError(path, "has no zip directory at its end; is the file complete?")
    }
}

import Foundation

/// The members of a zip archive whose members are stored uncompressed.
///
/// Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.14-16 (zip64).
struct ZipDirectory {
    /// The bytes of each member by name; they lie in the mapped file.
    let members: [String: Data]

    private static let endSignature: UInt32 = 0x0605_4B50
    private static let end64LocatorSignature: UInt32 = 0x0706_4B50
    private static let end64Signature: UInt32 = 0x0606_4B50
    private static let entrySignature: UInt32 = 0x0201_4B50
    private static let localSignature: UInt32 = 0x0403_4B50
    private static let endLength = 22
    private static let end64LocatorLength = 20

    private struct Entry {
        let name: String
        let size: Int
        let headerOffset: Int
    }

    /// Reads the central directory.
    ///
    /// - Throws: `CheckpointError` if a record lies outside the file, is compressed or encrypted.
    init(_ data: Data, path: String) throws {
        var cursor = try Self.directory(of: data, path: path)
        var members: [String: Data] = [:]
        // Every entry takes 46 bytes, so a false count ends with the directory.
        for _ in 0..<cursor.count {
            let entry = try Self.entry(&cursor.cursor)
            guard members[entry.name] == nil else {
                throw cursor.cursor.failure("the member \(entry.name) occurs twice")
            }
            members[entry.name] = try Self.content(of: entry, in: data, path: path)
        }
        self.members = members
    }

    /// Where the central directory starts and how many entries it has.
    private static func directory(
        of data: Data,
        path: String
    ) throws -> (cursor: ByteCursor, count: Int) {
        let end = try endRecord(of: data, path: path)
        var cursor = ByteCursor(data, at: end, path: path, part: "end of the zip directory")
        _ = try cursor.bytes(10)
        var count = Int(try cursor.number(UInt16.self))
        _ = try cursor.bytes(4)
        var offset = Int(try cursor.number(UInt32.self))
        if count == 0xFFFF || offset == 0xFFFF_FFFF, end >= end64LocatorLength {
            var locator = ByteCursor(
                data,
                at: end - end64LocatorLength,
                path: path,
                part: "zip64 locator"
            )
            if try locator.number(UInt32.self) == end64LocatorSignature {
                _ = try locator.bytes(4)
                let place = try locator.count64()
                var end64 = ByteCursor(data, at: place, path: path, part: "zip64 end record")
                guard try end64.number(UInt32.self) == end64Signature else {
                    throw end64.failure("no such record here")
                }
                _ = try end64.bytes(28)
                count = try end64.count64()
                _ = try end64.bytes(8)
                offset = try end64.count64()
            }
        }
        return (ByteCursor(data, at: offset, path: path, part: "zip directory"), count)
    }

    /// The end record is the last one; only a comment of up to 65,535 bytes may follow.
    private static func endRecord(of data: Data, path: String) throws -> Int {
        let first = max(0, data.count - endLength - 0xFFFF)
        for position in stride(from: data.count - endLength, through: first, by: -1) {
            var cursor = ByteCursor(
                data,
                at: position,
                path: path,
                part: "end of the zip directory"
            )
            if try cursor.number(UInt32.self) == endSignature { return position }
        }
        throw CheckpointError(path, "has no zip directory at its end; is the file complete?")
    }

    private static func entry(_ cursor: inout ByteCursor) throws -> Entry {
        guard try cursor.number(UInt32.self) == entrySignature else {
            throw cursor.failure("no entry here, as the directory claims")
        }
        _ = try cursor.bytes(4)
        let flags = try cursor.number(UInt16.self)
        let method = try cursor.number(UInt16.self)
        _ = try cursor.bytes(8)
        let stored = try cursor.number(UInt32.self)
        let full = try cursor.number(UInt32.self)
        let nameLength = Int(try cursor.number(UInt16.self))
        let extraLength = Int(try cursor.number(UInt16.self))
        let commentLength = Int(try cursor.number(UInt16.self))
        _ = try cursor.bytes(8)
        let offset = try cursor.number(UInt32.self)
        let name = String(decoding: try cursor.bytes(nameLength), as: UTF8.self)
        var extra = ByteCursor(
            Data(try cursor.bytes(extraLength)),
            path: "",
            part: "extra field"
        )
        _ = try cursor.bytes(commentLength)
        guard method == 0, flags & 1 == 0 else {
            throw cursor.failure(
                "the member \(name) is compressed or encrypted; torch.save stores plainly"
            )
        }
        var wide: [Int] = [Int(full), Int(stored), Int(offset)]
        if let block = zip64Block(&extra) {
            var values = ByteCursor(block, path: "", part: "zip64 field of \(name)")
            for index in wide.indices where wide[index] == 0xFFFF_FFFF {
                guard let value = try? values.count64() else {
                    throw cursor.failure("the zip64 field of \(name) is too short")
                }
                wide[index] = value
            }
        }
        guard wide[0] == wide[1] else {
            throw cursor.failure("the member \(name) has the sizes \(wide[0]) and \(wide[1])")
        }
        return Entry(name: name, size: wide[0], headerOffset: wide[2])
    }

    /// The block of the extra field that holds 64-bit sizes, if there is one.
    private static func zip64Block(_ extra: inout ByteCursor) -> Data? {
        while let kind = try? extra.number(UInt16.self),
            let length = try? extra.number(UInt16.self),
            let block = try? extra.bytes(Int(length))
        {
            if kind == 1 { return Data(block) }
        }
        return nil
    }

    private static func content(of entry: Entry, in data: Data, path: String) throws -> Data {
        var local = ByteCursor(
            data,
            at: entry.headerOffset,
            path: path,
            part: "member \(entry.name)"
        )
        guard try local.number(UInt32.self) == localSignature else {
            throw local.failure("no member here, as the directory claims")
        }
        _ = try local.bytes(22)
        let nameLength = Int(try local.number(UInt16.self))
        let extraLength = Int(try local.number(UInt16.self))
        _ = try local.bytes(nameLength + extraLength)
        return try local.bytes(entry.size)
    }
}

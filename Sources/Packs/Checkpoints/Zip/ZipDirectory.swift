import Foundation
import Tensors

/// The members of a zip archive; compressed ones are listed and never unpacked.
///
/// Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.14-16 (zip64).
struct ZipDirectory {
    /// The members by name.
    let members: [String: ZipMember]

    static let endSignature: UInt32 = 0x0605_4B50
    static let end64LocatorSignature: UInt32 = 0x0706_4B50
    static let end64Signature: UInt32 = 0x0606_4B50
    private static let entrySignature: UInt32 = 0x0201_4B50
    private static let localSignature: UInt32 = 0x0403_4B50
    /// More members than any checkpoint has tensors.
    private static let memberLimit = 1 << 20

    private struct Entry {
        let name: String
        let size: Int
        let headerOffset: Int
        let isPlain: Bool
        let checksum: UInt32
    }

    /// Reads the central directory and checks it against the headers of the members.
    ///
    /// - Throws: `CheckpointError` if a record lies outside the file, a name is unsafe or occurs
    ///   twice, or members overlap.
    init(_ data: Data, path: String) throws {
        let end = try ZipEnd(data, path: path)
        guard end.count <= Self.memberLimit else {
            throw CheckpointError(path, "the zip directory claims \(end.count) members")
        }
        var cursor = ByteCursor(data, at: end.directory, path: path, part: "zip directory")
        var members: [String: ZipMember] = [:]
        for _ in 0..<end.count {
            let entry = try Self.entry(&cursor)
            if let problem = ZipMember.problem(of: entry.name) {
                throw cursor.failure("the name of the member \"\(entry.name)\" \(problem)")
            }
            guard members[entry.name] == nil else {
                throw cursor.failure("the member \(entry.name) occurs twice")
            }
            members[entry.name] = try Self.member(of: entry, in: data, path: path)
        }
        guard cursor.position <= end.position else {
            throw cursor.failure("the directory runs over its own end")
        }
        var free = 0
        for member in members.values.sorted(by: { $0.headerStart < $1.headerStart }) {
            guard member.headerStart >= free, member.range.upperBound <= end.directory else {
                throw CheckpointError(
                    path,
                    "the member \(member.name) overlaps another one or the zip directory"
                )
            }
            free = member.range.upperBound
        }
        self.members = members
    }

    private static func entry(_ cursor: inout ByteCursor) throws -> Entry {
        guard try cursor.number(UInt32.self) == entrySignature else {
            throw cursor.failure("no entry here, as the directory claims")
        }
        _ = try cursor.bytes(4)
        let flags = try cursor.number(UInt16.self)
        let method = try cursor.number(UInt16.self)
        _ = try cursor.bytes(4)
        let checksum = try cursor.number(UInt32.self)
        let stored = try cursor.number(UInt32.self)
        let full = try cursor.number(UInt32.self)
        let nameLength = Int(try cursor.number(UInt16.self))
        let extraLength = Int(try cursor.number(UInt16.self))
        let commentLength = Int(try cursor.number(UInt16.self))
        _ = try cursor.bytes(8)
        let offset = try cursor.number(UInt32.self)
        let name = String(decoding: try cursor.bytes(nameLength), as: UTF8.self)
        var extra = ByteCursor(try cursor.bytes(extraLength), path: "", part: "extra field")
        _ = try cursor.bytes(commentLength)
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
        let isPlain = method == 0 && flags & 1 == 0
        guard wide[0] == wide[1] || !isPlain else {
            throw cursor.failure("the member \(name) has the sizes \(wide[0]) and \(wide[1])")
        }
        return Entry(
            name: name,
            size: wide[1],
            headerOffset: wide[2],
            isPlain: isPlain,
            checksum: checksum
        )
    }

    /// The block of the extra field that holds 64-bit sizes, if there is one.
    private static func zip64Block(_ extra: inout ByteCursor) -> Data? {
        while let kind = try? extra.number(UInt16.self),
            let length = try? extra.number(UInt16.self),
            let block = try? extra.bytes(Int(length))
        {
            if kind == 1 { return block }
        }
        return nil
    }

    private static func member(of entry: Entry, in data: Data, path: String) throws -> ZipMember {
        var local = ByteCursor(
            data,
            at: entry.headerOffset,
            path: path,
            part: "member \(entry.name)"
        )
        guard try local.number(UInt32.self) == localSignature else {
            throw local.failure("no member here, as the directory claims")
        }
        _ = try local.bytes(2)
        let flags = try local.number(UInt16.self)
        let method = try local.number(UInt16.self)
        _ = try local.bytes(16)
        let nameLength = Int(try local.number(UInt16.self))
        let extraLength = Int(try local.number(UInt16.self))
        let name = String(decoding: try local.bytes(nameLength), as: UTF8.self)
        guard name == entry.name, (method == 0 && flags & 1 == 0) == entry.isPlain else {
            throw local.failure("header and directory call or store the member differently")
        }
        _ = try local.bytes(extraLength)
        let bytes = try local.bytes(entry.size)
        return ZipMember(
            name: entry.name,
            range: bytes.startIndex..<bytes.endIndex,
            headerStart: entry.headerOffset,
            isPlain: entry.isPlain,
            checksum: entry.checksum
        )
    }
}

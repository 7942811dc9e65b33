package import Foundation

/// Writes zip archives as `torch.save` does, sound ones and others.
package struct ZipBuilder: Sendable {
    /// A member, and the lies that are told of it.
    package struct Member: Sendable {
        package var name: String
        package var content: Data
        /// The name in its own header, if not the one in the directory.
        package var headerName: String?
        /// The compression method, if not the one of all members.
        package var method: UInt16?
        /// What the directory states as checksum, if not the true one.
        package var checksum: UInt32?
        /// The size that the directory states, if not the true one.
        package var size: UInt64?
        /// Where the directory says that the header starts, if not the true place.
        package var offset: UInt64?

        package init(_ name: String, _ content: Data) {
            self.name = name
            self.content = content
        }
    }

    /// The compression method of all members.
    package var method: UInt16 = 0
    package var flags: UInt16 = 0
    /// Whether offsets, sizes and counts stand in zip64 records.
    package var isZip64 = false
    /// The offset of the central directory, if not the true one.
    package var directoryOffset: UInt64?
    /// What is added to the size that the directory states for every member.
    package var excessSize: UInt64 = 0
    /// Whether checksums are 0, as `torch.save` can be told to write them.
    package var omitsChecksums = false

    package init(
        method: UInt16 = 0,
        flags: UInt16 = 0,
        isZip64: Bool = false,
        directoryOffset: UInt64? = nil,
        excessSize: UInt64 = 0
    ) {
        self.method = method
        self.flags = flags
        self.isZip64 = isZip64
        self.directoryOffset = directoryOffset
        self.excessSize = excessSize
    }

    /// An archive of sound members.
    package func archive(_ members: [(name: String, content: Data)]) -> Data {
        archive(members.map { Member($0.name, $0.content) })
    }

    /// An archive of members of which each may lie.
    package func archive(_ members: [Member]) -> Data {
        var file = Data()
        var directory = Data()
        for member in members {
            directory += entry(member, offset: UInt64(file.count))
            file += header(of: member) + member.content
        }
        let offset = directoryOffset ?? UInt64(file.count)
        file += directory
        return file + end(offset, UInt64(directory.count), UInt64(members.count), at: file.count)
    }

    private func header(of member: Member) -> Data {
        let name = Array((member.headerName ?? member.name).utf8)
        var header = Data(littleEndian(UInt32(0x0403_4B50)) + [0, 0] + littleEndian(flags))
        header += littleEndian(member.method ?? method) + [UInt8](repeating: 0, count: 16)
        header += littleEndian(UInt16(name.count)) + littleEndian(UInt16(3)) + name
        return header + [0, 0, 0]
    }

    private func end(_ offset: UInt64, _ size: UInt64, _ count: UInt64, at place: Int) -> Data {
        var end = Data()
        if isZip64 {
            end += littleEndian(UInt32(0x0606_4B50)) + littleEndian(UInt64(44))
            end += [UInt8](repeating: 0, count: 12) + littleEndian(count) + littleEndian(count)
            end += littleEndian(size) + littleEndian(offset)
            end += littleEndian(UInt32(0x0706_4B50)) + [0, 0, 0, 0]
            end += littleEndian(UInt64(place)) + [1, 0, 0, 0]
        }
        let shortCount: UInt16 = isZip64 ? 0xFFFF : UInt16(count)
        end += littleEndian(UInt32(0x0605_4B50)) + [0, 0, 0, 0]
        end += littleEndian(shortCount) + littleEndian(shortCount)
        end += littleEndian(UInt32(size))
        end += littleEndian(isZip64 ? 0xFFFF_FFFF : UInt32(truncatingIfNeeded: offset)) + [0, 0]
        return end
    }

    private func entry(_ member: Member, offset trueOffset: UInt64) -> Data {
        let name = Array(member.name.utf8)
        let size = member.size ?? (UInt64(member.content.count) &+ excessSize)
        let offset = member.offset ?? trueOffset
        let checksum = omitsChecksums ? 0 : member.checksum ?? crc32(member.content)
        let wide = isZip64 ? littleEndian(size) + littleEndian(size) + littleEndian(offset) : []
        let extra = isZip64 ? littleEndian(UInt16(1)) + littleEndian(UInt16(24)) + wide : []
        let short = isZip64 ? UInt32.max : UInt32(truncatingIfNeeded: size)
        var entry = Data(littleEndian(UInt32(0x0201_4B50)))
        entry += [0, 0, 0, 0] + littleEndian(flags) + littleEndian(member.method ?? method)
        entry += [0, 0, 0, 0] + littleEndian(checksum)
        entry += littleEndian(short) + littleEndian(short)
        entry += littleEndian(UInt16(name.count)) + littleEndian(UInt16(extra.count))
        entry += [UInt8](repeating: 0, count: 10)
        entry += littleEndian(isZip64 ? UInt32.max : UInt32(truncatingIfNeeded: offset))
        return entry + name + extra
    }
}

/// The checksum of zip archives, bit by bit.
package func crc32(_ data: Data) -> UInt32 {
    var remainder: UInt32 = .max
    for byte in data {
        remainder ^= UInt32(byte)
        for _ in 0..<8 {
            remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
        }
    }
    return ~remainder
}

extension ZipBuilder {
    /// Writes a torch archive whose storages are holes in the file, so that a large one takes no
    /// room.
    ///
    /// - Throws: What writing the file throws.
    package func writeSparse(
        _ pickle: Data,
        storageCount: Int,
        size: Int,
        checksum: UInt32,
        to path: String
    ) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var members = [Member("model/data.pkl", pickle)]
        members += (0..<storageCount).map { Member("model/data/\($0)", Data()) }
        var directory = Data()
        var offset = 0
        for (index, member) in members.enumerated() {
            let size = index == 0 ? pickle.count : size
            var entry = member
            entry.size = UInt64(size)
            entry.checksum = index == 0 ? nil : checksum
            directory += self.entry(entry, offset: UInt64(offset))
            let header = header(of: member)
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: header + member.content)
            offset += header.count + size
        }
        try file.truncate(atOffset: UInt64(offset))
        try file.seek(toOffset: UInt64(offset))
        let count = UInt64(members.count)
        let end = end(UInt64(offset), UInt64(directory.count), count, at: offset + directory.count)
        try file.write(contentsOf: directory + end)
    }
}

extension ZipBuilder {
    /// Writes an archive member by member, so that memory holds one at a time.
    ///
    /// - Throws: What writing the file throws.
    package func write(
        memberCount: Int,
        to path: String,
        member: (Int) throws -> Member
    ) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var directory = Data()
        var offset = 0
        for index in 0..<memberCount {
            let member = try member(index)
            let header = header(of: member)
            directory += entry(member, offset: UInt64(offset))
            try file.write(contentsOf: header)
            try file.write(contentsOf: member.content)
            offset += header.count + member.content.count
        }
        let count = UInt64(memberCount)
        let end = end(UInt64(offset), UInt64(directory.count), count, at: offset + directory.count)
        try file.write(contentsOf: directory + end)
    }
}

import Compression
import Foundation
import Tensors

/// The members of a torch archive: the pickle, the storages, the byte order.
struct TorchMembers {
    /// Where the pickle of the value lies.
    let pickle: Range<Int>
    /// Whether the archive holds a scripted module.
    let isScript: Bool

    private let members: [String: ZipMember]
    private let file: FileBytes
    private let isBigEndian: Bool
    /// The folder in which all members lie; it is named after the file as it once was.
    private let folder: String

    /// Finds the members and checks their checksums.
    ///
    /// - Throws: `CheckpointError` if the archive is damaged or not one of torch.
    init(_ data: Data, _ file: FileBytes, path: String) throws {
        members = try ZipDirectory(data, path: path).members
        let pickleName = "data.pkl"
        let candidates = members.keys
            .filter { $0 == pickleName || $0.hasSuffix("/\(pickleName)") }
            .sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
        guard let name = candidates.first, let member = members[name] else {
            throw CheckpointError(
                path,
                "is a zip archive without \(pickleName), not one of torch.save; unpack it and name "
                    + "the file of weights in it"
            )
        }
        folder = String(name.dropLast(pickleName.count))
        isScript = members["\(folder)constants.pkl"] != nil
        pickle = member.range
        self.file = file
        if let order = members["\(folder)byteorder"] {
            switch String(decoding: data[order.range].prefix(16), as: UTF8.self) {
            case "little": isBigEndian = false
            case "big": isBigEndian = true
            default: throw CheckpointError(path, "byteorder is neither little nor big")
            }
        } else {
            isBigEndian = false
        }
        try checkStorage(path: path)
        try checkChecksums(path: path)
    }

    /// Only torch.jit.save compresses, and only source text, which is never looked at.
    private func checkStorage(path: String) throws {
        for member in members.values.sorted(by: { $0.name < $1.name }) where !member.isPlain {
            guard isScript, member.name.hasPrefix("\(folder)code/") else {
                throw CheckpointError(
                    path,
                    "byte \(member.headerStart): the member \(member.name) is compressed or "
                        + "encrypted; torch.save stores plainly, save the file again"
                )
            }
        }
    }

    /// Compares the checksums of all members with their bytes, in pieces of one megabyte.
    ///
    /// This reads the file once before its tensors are used, which then come from the page cache
    /// (docs/architecture.md, "Weight files"). A broken download is found before anything is made
    /// of it. torch.save can be told to leave checksums out; then all of them are 0.
    private func checkChecksums(path: String) throws {
        let plain = members.values.filter { $0.isPlain && !$0.range.isEmpty }
        guard plain.contains(where: { $0.checksum != 0 }) else { return }
        for member in plain.sorted(by: { $0.headerStart < $1.headerStart }) {
            var checksum = CRC32()
            let isRead = file.forEachPiece(of: member.range) { checksum.add($0) }
            guard isRead, checksum.value == member.checksum else {
                throw CheckpointError(
                    path,
                    "byte \(member.range.lowerBound): the member \(member.name) does not match "
                        + "its CRC-32; the file is damaged, fetch it again"
                )
            }
        }
    }

    /// The bytes of a storage.
    func storage(_ key: StorageKey) throws -> TensorStorage {
        let name = "\(folder)data/\(key.name)"
        guard let member = members[name] else {
            throw PickleFault("the storage \(name) is missing")
        }
        let width = key.dtype?.byteCount ?? 1
        guard key.count <= member.range.count / width else {
            throw PickleFault(
                "the storage \(name) claims \(key.count) elements of \(width) bytes, "
                    + "it has \(member.range.count) bytes"
            )
        }
        let start = member.range.lowerBound
        return TensorStorage(
            dtype: key.dtype,
            file: file,
            range: start..<start + key.count * width,
            isBigEndian: isBigEndian
        )
    }
}

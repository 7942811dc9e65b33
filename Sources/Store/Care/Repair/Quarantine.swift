import Foundation
import GRDB

/// A folder in the library where repair puts what it takes out: nothing is deleted.
///
/// `quarantine/TIME/`: whole files under their own names, `rows.jsonl` with one row of the catalogue a
/// line, `records/CLIP-KIND.record` with the bytes of single records. Made when the first thing goes in.
final class Quarantine {
    /// The folder, whether it is there yet or not.
    let folder: String
    private var isThere = false

    init(library: String) {
        let time = timestamp(Date()).replacing(":", with: "-")
        folder = library + "/quarantine/" + time
    }

    /// The folder, if anything was put in.
    var usedFolder: String? { isThere ? folder : nil }

    /// Copies a file as it is, and waits until the copy is on the disk.
    ///
    /// - Returns: The copy's path; nil if there is no such file.
    @discardableResult
    func keep(_ path: String) throws -> String? {
        guard fileExists(path) else { return nil }
        try make(folder)
        let copy = folder + "/" + (path as NSString).lastPathComponent
        try removeIfThere(copy)
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        try syncFile(copy)
        try syncFolder(folder)
        return copy
    }

    /// Moves a file or folder in; the caller puts another in its place.
    func move(_ path: String) throws {
        guard fileExists(path) else { return }
        try make(folder)
        let target = folder + "/" + (path as NSString).lastPathComponent
        guard rename(path, target) == 0 else { throw StoreError.system(errno, "move", path) }
        try syncFolder(folder)
        try syncFolder((path as NSString).deletingLastPathComponent)
    }

    /// Writes down the rows that a query finds.
    func keep(rowsOf table: String, _ cursor: RowCursor) throws {
        var lines = Data()
        while let row = try cursor.next() {
            var object: [String: Any] = ["table": table]
            for (column, value) in row {
                object[column] =
                    switch value.storage {
                    case .null: NSNull()
                    case .int64(let number): number
                    case .double(let number): number.isFinite ? number : String(number)
                    case .string(let text): text
                    case .blob(let bytes): bytes.base64EncodedString()
                    }
            }
            lines += try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
            lines += Data("\n".utf8)
        }
        guard !lines.isEmpty else { return }
        try make(folder)
        let path = folder + "/rows.jsonl"
        if !fileExists(path) { try writeDurably(Data(), to: path) }
        guard let file = FileHandle(forWritingAtPath: path) else {
            throw StoreError.system(errno, "open", path)
        }
        try file.seekToEnd()
        try file.write(contentsOf: lines)
        try file.synchronize()
        try file.close()
    }

    /// Writes down the bytes of a record.
    func keep(record bytes: Data, of key: TensorKey) throws {
        try make(folder)
        try make(folder + "/records")
        let clip = key.bytes.prefix(32).map { String(format: "%02x", $0) }.joined()
        let kind = AssetKind(rawValue: key.bytes[32])?.name ?? String(key.bytes[32])
        let path = folder + "/records/\(clip)-\(kind).record"
        try removeIfThere(path)
        try writeDurably(bytes, to: path)
    }

    private func make(_ path: String) throws {
        guard !isFolder(path) else {
            isThere = true
            return
        }
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true
        )
        try syncFolder((path as NSString).deletingLastPathComponent)
        isThere = true
    }
}

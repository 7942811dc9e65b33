import Foundation
import GRDB
import Tensors

/// Rows of packs, written again from the packs' files.
extension LibraryRepairer {
    /// Writes the rows of packs that lie in the library and have none.
    mutating func restorePacks(_ catalog: Catalog) throws {
        let folder = path + "/packs"
        guard fileExists(folder) else { return }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        for name in names where !name.hasPrefix(".") {
            guard let fingerprint = packFingerprint(folder + "/" + name),
                let manifest = manifest(folder + "/" + name)
            else {
                report.actions.append(
                    "packs/\(name) is no pack that can be read; put its files back with vsdb pack add"
                )
                continue
            }
            let pack = PackRecord(
                name: name,
                fingerprint: fingerprint,
                folder: name,
                manifestJSON: manifest
            )
            let isNew = try catalog.write { try PackRow.insertIfAbsent(pack, $0) }
            if isNew { report.actions.append("wrote the row of pack \"\(name)\" again") }
        }
    }

    /// Writes a row that is not what was written again.
    ///
    /// The files are told by the fingerprint, which clips name; else by the row's folder or name.
    mutating func mendPack(_ key: String, _ db: Database) throws {
        let condition = "hex(fingerprint) = ?"
        try keep("packs", condition, [key], db)
        let row = try Row.fetchOne(
            db,
            sql: "SELECT name, fingerprint, folder FROM packs WHERE \(condition)",
            arguments: [key]
        )
        let texts = row?.databaseValues.map { String.fromDatabaseValue($0) ?? "" } ?? ["", "", ""]
        let (name, fingerprint, folder) = (texts[0], texts[1], texts[2])
        let shown = name.isEmpty ? "pack" : "pack \"\(name.withoutControls)\""
        guard let found = try packFiles(of: fingerprint, folder, name) else {
            report.actions.append(
                "\(shown): its row changed on the disk and its pack.json cannot be read; add it again with "
                    + "vsdb pack add"
            )
            return
        }
        let pack = PackRecord(
            name: found.name,
            fingerprint: found.fingerprint,
            folder: found.folder,
            manifestJSON: found.manifest
        )
        do {
            try db.execute(
                sql: """
                    UPDATE packs SET name = ?, fingerprint = ?, folder = ?, manifest = ?, added = ?,
                        checksum = ?
                    WHERE \(condition)
                    """,
                arguments: [
                    pack.name, pack.fingerprint, pack.folder, pack.manifestJSON,
                    timestamp(pack.added), PackRow.checksum(pack), key,
                ]
            )
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            report.actions.append(
                "\(shown): its row changed on the disk, and packs/\(found.name) is another pack's; "
                    + "restore the library from a backup"
            )
            return
        }
        report.actions.append("wrote the row of pack \"\(pack.name)\" anew, from its pack.json")
    }

    private typealias PackFiles = (
        name: String, fingerprint: String, folder: String, manifest: String
    )

    /// The files that a row is of; nil if there are none that can be read.
    private func packFiles(
        of fingerprint: String,
        _ folder: String,
        _ name: String
    ) throws -> PackFiles? {
        let packs = path + "/packs"
        let others =
            fileExists(packs) ? try FileManager.default.contentsOfDirectory(atPath: packs) : []
        let named = [folder.hasPrefix("packs/") ? String(folder.dropFirst(6)) : folder, name]
            .filter(ClipName.isValid)
        let inside = (named + others.sorted().filter { !$0.hasPrefix(".") })
            .map { (name: $0, folder: $0, path: packs + "/" + $0) }
        // A folder elsewhere is somebody's own choice.
        let outside =
            folder.hasPrefix("/") && ClipName.isValid(name)
            ? [(name: name, folder: folder, path: folder)] : []
        let readable = (outside + inside).compactMap { place -> PackFiles? in
            guard let manifest = manifest(place.path) else { return nil }
            // What is no whole pack can still be what the row's name says.
            let read = packFingerprint(place.path) ?? (place.name == name ? fingerprint : "")
            return (place.name, read, place.folder, manifest)
        }
        let own = readable.first { $0.fingerprint == fingerprint }
        let first = readable.first { named.contains($0.name) || $0.folder.hasPrefix("/") }
        return (own ?? first)
            .flatMap { $0.fingerprint.utf8.count >= 16 && isHexadecimal($0.fingerprint) ? $0 : nil }
    }

    /// The text of a folder's pack.json; what is no JSON is as good as gone.
    private func manifest(_ folder: String) -> String? {
        let file = URL(fileURLWithPath: folder + "/pack.json")
        guard let data = try? Data(contentsOf: file),
            (try? JSONSerialization.jsonObject(with: data)) != nil
        else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}

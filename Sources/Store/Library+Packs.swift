import Foundation
import GRDB

extension Library {
    /// Adds a pack; the first one becomes the default.
    ///
    /// Only the row is written: put the files into `packsDirectory` before.
    ///
    /// - Parameter pack: The row; one that is there already with the same fingerprint is no error.
    /// - Throws: `StoreError`: `.conflict` if name or fingerprint belong to another pack,
    ///   `.invalidValue`, `.locked`, `.noSpace`.
    public func registerPack(_ pack: PackRecord) throws(StoreError) {
        try writing("register pack \(pack.name)") { db in
            try check(pack)
            for known in try PackRow.fetch(db) {
                if known.name == pack.name, known.fingerprint == pack.fingerprint { return }
                guard known.name != pack.name, known.fingerprint != pack.fingerprint else {
                    throw StoreError(
                        .conflict,
                        "pack \"\(pack.name)\" (\(pack.fingerprint.prefix(12))): the library has "
                            + "\"\(known.name)\" (\(known.fingerprint.prefix(12))); "
                            + "use that one, or choose another name"
                    )
                }
            }
            guard try PackRow.insertIfAbsent(pack, db) else {
                throw StoreError(
                    .invalidValue,
                    "pack \"\(pack.name)\": the catalogue does not take its row; see vsdb check"
                )
            }
        }
    }

    /// Keeps another manifest of a pack, one that makes the same assets.
    ///
    /// - Throws: `StoreError`: `.unknownReference`, `.invalidValue`, `.locked`.
    public func replaceManifest(
        _ json: String,
        ofPack fingerprint: String
    ) throws(StoreError) {
        try writing("replace a pack's manifest") { db in
            let known = try PackRow.fetch(db).first { $0.fingerprint == fingerprint.lowercased() }
            guard var pack = known else {
                throw StoreError(
                    .unknownReference,
                    "no pack has the fingerprint \(fingerprint.prefix(12)); see vsdb pack list"
                )
            }
            pack.manifestJSON = json
            try check(pack)
            try db.execute(
                sql: "UPDATE packs SET manifest = ?, checksum = ? WHERE fingerprint = ?",
                arguments: [json, PackRow.checksum(pack), pack.fingerprint]
            )
        }
    }

    /// All packs, by name.
    ///
    /// - Throws: `StoreError`, `.damaged` if a row is not what was written.
    public func packs() throws(StoreError) -> [PackRecord] {
        try reading("list packs") { try PackRow.fetch($0) }
    }

    /// The pack of a name, or whose fingerprint begins with at least four given digits.
    ///
    /// - Throws: `StoreError`: `.unknownReference`, `.ambiguousReference`, `.damaged`.
    public func pack(named reference: String) throws(StoreError) -> PackRecord {
        let packs = try packs()
        if let pack = packs.first(where: { $0.name == reference }) { return pack }
        let digits = reference.lowercased()
        let matches = digits.count < 4 ? [] : packs.filter { $0.fingerprint.hasPrefix(digits) }
        if matches.count > 1 {
            throw StoreError.ambiguous(
                "pack",
                reference,
                matches.map(\.name),
                hint: "use the name, or more digits"
            )
        }
        guard let pack = matches.first else {
            let names = packs.map(\.name)
            throw StoreError.unknown("pack", reference, among: names, list: "vsdb pack list")
        }
        return pack
    }

    /// The pack to use when none is named; nil in a library without packs.
    ///
    /// - Throws: `StoreError`, `.damaged` if the row is not what was written.
    public func defaultPack() throws(StoreError) -> PackRecord? {
        try reading("read the default pack") {
            try PackRow.fetch($0, where: "is_default = 1").first
        }
    }

    /// Chooses the pack to use when none is named.
    ///
    /// - Throws: `StoreError`: `.unknownReference`, `.ambiguousReference`, `.locked`.
    public func setDefaultPack(named reference: String) throws(StoreError) {
        let pack = try pack(named: reference)
        try writing("set the default pack") { db in
            try db.execute(sql: "UPDATE packs SET is_default = 0 WHERE is_default = 1")
            try db.execute(
                sql: "UPDATE packs SET is_default = 1 WHERE fingerprint = ?",
                arguments: [pack.fingerprint]
            )
        }
    }

    private func check(_ pack: PackRecord) throws {
        try checkName(pack.name, of: "pack")
        try checkJSON(pack.manifestJSON, of: "pack \"\(pack.name)\": the manifest")
        try checkHash(pack.fingerprint, of: "pack \"\(pack.name)\": the fingerprint")
        guard !pack.folder.isEmpty else {
            throw StoreError(.invalidValue, "pack \"\(pack.name)\": the folder is empty; name it")
        }
    }
}

import GRDB

/// Reads rows of `packs`.
enum PackRow {
    static func checksum(_ pack: PackRecord) -> String {
        documentChecksum([pack.name, pack.fingerprint, pack.folder, pack.manifestJSON])
    }

    /// Writes a row; the first one is of the default pack.
    ///
    /// - Returns: Whether its name and fingerprint were free.
    static func insertIfAbsent(_ pack: PackRecord, _ db: Database) throws -> Bool {
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO packs
                    (fingerprint, name, folder, manifest, is_default, added, checksum)
                VALUES (?, ?, ?, ?, (SELECT count(*) = 0 FROM packs), ?, ?)
                """,
            arguments: [
                pack.fingerprint, pack.name, pack.folder, pack.manifestJSON, timestamp(pack.added),
                checksum(pack),
            ]
        )
        return db.changesCount > 0
    }

    /// A key for each row, whatever damage made of it: its fingerprint's bytes in hexadecimal digits.
    ///
    /// A changed name, or one with a null character in it, does not find its own row.
    static func keys(_ db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "SELECT hex(fingerprint) FROM packs ORDER BY name")
    }

    /// What the row of a key says the name is, for messages.
    static func name(_ key: String, _ db: Database) throws -> String {
        let text = try String.fetchOne(
            db,
            sql: "SELECT name || '' FROM packs WHERE hex(fingerprint) = ?",
            arguments: [key]
        )
        return text ?? ""
    }

    /// The row of a key, if it is what was written.
    static func fetch(_ db: Database, _ key: String) throws -> PackRecord? {
        try fetch(db, where: "hex(fingerprint) = ?", arguments: [key]).first
    }

    static func fetch(
        _ db: Database,
        where condition: String = "1",
        arguments: StatementArguments = StatementArguments()
    ) throws -> [PackRecord] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT name, fingerprint, folder, manifest, added, checksum
                FROM packs WHERE \(condition) ORDER BY name
                """,
            arguments: arguments
        )
        return try rows.map { row in
            let pack = PackRecord(
                name: try row.at(0),
                fingerprint: try row.at(1),
                folder: try row.at(2),
                manifestJSON: try row.at(3),
                added: try date(row.at(4))
            )
            let sealed: String = try row.at(5)
            guard checksum(pack) == sealed else {
                throw StoreError(
                    .damaged,
                    "pack \"\(pack.name)\": its row in the catalogue is not what was written; "
                        + "vsdb repair writes it again from the pack's files"
                )
            }
            return pack
        }
    }
}

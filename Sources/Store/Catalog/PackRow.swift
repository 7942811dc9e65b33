import GRDB

/// Reads rows of `packs`.
enum PackRow {
    static func checksum(_ pack: PackRecord) -> String {
        documentChecksum([pack.name, pack.fingerprint, pack.folder, pack.manifestJSON])
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
                name: row[0],
                fingerprint: row[1],
                folder: row[2],
                manifestJSON: row[3],
                added: try date(row[4])
            )
            guard checksum(pack) == row[5] else {
                throw StoreError(
                    .damaged,
                    "pack \"\(pack.name)\": its row in the catalogue is not what was written; "
                        + "restore \(Library.catalogName) from a backup"
                )
            }
            return pack
        }
    }
}

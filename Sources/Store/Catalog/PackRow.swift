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
                        + "restore \(Library.catalogName) from a backup"
                )
            }
            return pack
        }
    }
}

import Foundation
import GRDB
import Tensors

/// Reads and writes rows of `assets`.
enum AssetRow {
    static func insert(
        _ asset: NewAsset,
        _ record: TensorRecord,
        clip: Int64,
        pack: String,
        _ db: Database
    ) throws {
        try insert(
            asset.kind,
            record.key,
            record.header,
            clip: clip,
            pack: pack,
            provenance: asset.provenanceJSON,
            db
        )
    }

    /// Writes the row of a record that is in the store.
    static func insert(
        _ kind: AssetKind,
        _ key: TensorKey,
        _ header: TensorHeader,
        clip: Int64,
        pack: String,
        provenance: String,
        _ db: Database
    ) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO assets (clip_id, kind, pack_fingerprint, tensor_key, dtype, shape,
                    byte_count, checksum, provenance)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        try statement.execute(arguments: [
            clip, Int(kind.rawValue), kind.isMadeByPack ? pack : nil, key.data,
            header.dtype.rawValue, shapeText(header.shape),
            header.payloadByteCount, header.checksumText, provenance,
        ])
    }

    /// The assets that meet a condition on `assets` and `clips`, by kind.
    static func fetch(
        _ db: Database,
        where condition: String,
        arguments: StatementArguments = StatementArguments()
    ) throws -> [Asset] {
        let rows = try Row.fetchCursor(
            db,
            sql: "\(selection) WHERE \(condition) ORDER BY \(ClipRow.order), assets.kind",
            arguments: arguments
        )
        var assets: [Asset] = []
        while let row = try rows.next() { assets.append(try asset(row)) }
        return assets
    }

    /// Visits all assets in the order of their numbers, those too whose rows are damaged.
    static func forEach(
        _ db: Database,
        _ body: (Swift.Result<Asset, StoreError>) throws -> Void
    ) throws {
        let rows = try Row.fetchCursor(db, sql: "\(selection) ORDER BY assets.id")
        while let row = try rows.next() {
            let found = Swift.Result { () throws(StoreError) in try asset(row) }
            try body(found)
        }
    }

    static func isThere(_ number: Int64, _ db: Database) throws -> Bool {
        let query = try db.cachedStatement(sql: "SELECT 1 FROM assets WHERE id = ?")
        return try Int.fetchOne(query, arguments: [number]) != nil
    }

    /// The clips that have no row of a content code.
    static func clipsWithoutContent(_ db: Database) throws -> [ClipID] {
        try String.fetchAll(
            db,
            sql: """
                SELECT identity FROM clips WHERE NOT EXISTS (
                    SELECT 1 FROM assets WHERE clip_id = clips.id AND kind = ?)
                ORDER BY identity
                """,
            arguments: [Int(AssetKind.content.rawValue)]
        ).compactMap(ClipID.init(hex:))
    }

    private static let selection = """
        SELECT assets.id, clips.identity, assets.kind, assets.pack_fingerprint,
            assets.dtype, assets.shape, assets.byte_count, assets.checksum,
            assets.provenance, assets.tensor_key
        FROM assets JOIN clips ON clips.id = assets.clip_id
        """

    private static func damaged(_ number: Int64) -> StoreError {
        StoreError(
            .damaged,
            "asset \(number): its row in the catalogue is not what was written; mend it with vsdb "
                + "repair, or restore the library from a backup"
        )
    }

    private static func asset(_ row: Row) throws(StoreError) -> Asset {
        let number: Int64 = try row.at(0)
        let kindNumber: Int = try row.at(2)
        // Written down so that a collector finds it; it follows from clip and kind.
        let key: Data = try row.at(9)
        let hasItsKind = key.count == TensorKey.byteCount && Int(key[32]) == kindNumber
        guard let kind = UInt8(exactly: kindNumber).flatMap(AssetKind.init(rawValue:)) else {
            guard hasItsKind else { throw damaged(number) }
            throw StoreError(
                .newerFormat,
                "asset \(number): of the unknown kind \(kindNumber), made by a newer vsdb; "
                    + "upgrade vsdb"
            )
        }
        let shapeText: String = try row.at(5)
        let shape = try? JSONDecoder().decode([Int].self, from: Data(shapeText.utf8))
        let byteCount: Int = try row.at(6)
        guard let clip = ClipID(hex: try row.at(1)), let dtype = DType(rawValue: try row.at(4)),
            let shape, byteSize(of: shape, dtype) == byteCount,
            key.elementsEqual(TensorKey(clip: clip, kind: kind).bytes)
        else {
            throw damaged(number)
        }
        return Asset(
            id: AssetID(number),
            clipID: clip,
            kind: kind,
            packFingerprint: try row.at(3),
            dtype: dtype,
            shape: shape,
            byteCount: byteCount,
            checksum: try row.at(7),
            provenanceJSON: try row.at(8)
        )
    }

    private static func shapeText(_ shape: [Int]) -> String {
        "[" + shape.map(String.init).joined(separator: ",") + "]"
    }
}

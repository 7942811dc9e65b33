import GRDB
public import Tensors

/// An asset that an index has a row of.
public struct IndexedAsset: Sendable, Hashable {
    /// Its number; of two the later one is greater, and none is used twice.
    public let number: Int64
    /// The clip it belongs to.
    public let clip: ClipID
    /// Seconds of the clip.
    public let duration: Double
}

/// What there is of one kind of asset, made by one pack.
public struct AssetExtent: Sendable, Equatable {
    /// How many.
    public let count: Int
    /// The greatest number; 0 if there are none.
    public let newest: Int64
}

extension Library {
    /// How many assets of a kind a pack made, and which one last.
    ///
    /// - Throws: `StoreError`.
    public func extent(
        of kind: AssetKind,
        packFingerprint: String
    ) throws(StoreError) -> AssetExtent {
        try reading("count \(kind.name) assets") { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT count(*), coalesce(max(id), 0) FROM assets
                    WHERE kind = ? AND pack_fingerprint = ?
                    """,
                arguments: [Int(kind.rawValue), packFingerprint.lowercased()]
            )
            return AssetExtent(count: row?[0] ?? 0, newest: row?[1] ?? 0)
        }
    }

    /// Assets of a kind that a pack made, by number.
    ///
    /// - Parameters:
    ///   - kind: What they are.
    ///   - packFingerprint: What made them.
    ///   - number: Only later ones.
    ///   - limit: How many at most.
    /// - Returns: The assets.
    /// - Throws: `StoreError`.
    public func indexedAssets(
        _ kind: AssetKind,
        packFingerprint: String,
        after number: Int64,
        limit: Int
    ) throws(StoreError) -> [IndexedAsset] {
        try reading("list \(kind.name) assets") { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT assets.id, clips.identity, clips.end_seconds - clips.start_seconds
                    FROM assets JOIN clips ON clips.id = assets.clip_id
                    WHERE assets.kind = ? AND assets.pack_fingerprint = ? AND assets.id > ?
                    ORDER BY assets.id LIMIT ?
                    """,
                arguments: [Int(kind.rawValue), packFingerprint.lowercased(), number, limit]
            )
            return try Self.indexedAssets(rows)
        }
    }

    /// The clips of some assets.
    ///
    /// - Throws: `StoreError`.
    public func indexedAssets(_ numbers: [Int64]) throws(StoreError) -> [IndexedAsset] {
        try reading("look up assets") { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT assets.id, clips.identity, clips.end_seconds - clips.start_seconds
                    FROM assets JOIN clips ON clips.id = assets.clip_id
                    WHERE assets.id IN (SELECT value FROM json_each(?)) ORDER BY assets.id
                    """,
                arguments: [Self.list(numbers)]
            )
            return try Self.indexedAssets(rows)
        }
    }

    private static func indexedAssets(_ rows: RowCursor) throws -> [IndexedAsset] {
        var assets: [IndexedAsset] = []
        while let row = try rows.next() {
            guard let clip = ClipID(hex: try row.at(1)) else { continue }
            assets.append(IndexedAsset(number: try row.at(0), clip: clip, duration: try row.at(2)))
        }
        return assets
    }

    /// The numbers of a pack's assets of a kind, ascending: of all clips, or of those that meet a filter.
    ///
    /// - Throws: `StoreError`, `.unknownReference` for a collection that there is not.
    public func assetNumbers(
        _ kind: AssetKind,
        packFingerprint: String,
        ofClips filter: ClipFilter? = nil
    ) throws(StoreError) -> [Int64] {
        try reading("list \(kind.name) assets") { db in
            var condition = "assets.kind = ? AND assets.pack_fingerprint = ?"
            var arguments: [any DatabaseValueConvertible] = [
                Int(kind.rawValue), packFingerprint.lowercased(),
            ]
            if let filter {
                let query = try ClipQuery(filter, db)
                condition += """
                     AND assets.clip_id IN (SELECT clips.id FROM clips
                    JOIN sources ON sources.id = clips.source_id WHERE \(query.condition.text))
                    """
                arguments += query.condition.arguments
            }
            return try Int64.fetchAll(
                db,
                sql: "SELECT id FROM assets WHERE \(condition) ORDER BY id",
                arguments: StatementArguments(arguments)
            )
        }
    }

    /// The numbers of the assets of a kind that clips have.
    ///
    /// - Throws: `StoreError`.
    public func assetNumbers(
        _ kind: AssetKind,
        ofClips clips: [ClipID]
    ) throws(StoreError) -> [ClipID: Int64] {
        try reading("look up \(kind.name) assets") { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT clips.identity, assets.id FROM clips
                    JOIN assets ON assets.clip_id = clips.id AND assets.kind = ?
                    WHERE clips.identity IN (SELECT value FROM json_each(?))
                    """,
                arguments: [Int(kind.rawValue), Self.list(clips)]
            )
            return Dictionary(
                uniqueKeysWithValues: try rows.compactMap { row in
                    try ClipID(hex: row.at(0)).map { ($0, try row.at(1) as Int64) }
                }
            )
        }
    }

    /// The clips that assets belong to; assets that are gone are left out.
    ///
    /// - Throws: `StoreError`.
    public func clips(ofAssets numbers: [Int64]) throws(StoreError) -> [Int64: Clip] {
        try reading("look up clips") { db in
            let list = Self.list(numbers)
            let clips = try ClipRow.fetch(
                db,
                where: """
                    clips.id IN (SELECT clip_id FROM assets
                    WHERE id IN (SELECT value FROM json_each(?)))
                    """,
                arguments: [list]
            )
            let byIdentity = Dictionary(uniqueKeysWithValues: clips.map { ($0.id.hex, $0) })
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT assets.id, clips.identity FROM assets
                    JOIN clips ON clips.id = assets.clip_id
                    WHERE assets.id IN (SELECT value FROM json_each(?))
                    """,
                arguments: [list]
            )
            return Dictionary(
                uniqueKeysWithValues: try rows.compactMap { row in
                    try byIdentity[row.at(1)].map { (try row.at(0) as Int64, $0) }
                }
            )
        }
    }

    /// A list as one value of a statement, which has room for some ten thousand values only.
    private static func list(_ numbers: [Int64]) -> String {
        "[" + numbers.map(String.init).joined(separator: ",") + "]"
    }

    private static func list(_ clips: [ClipID]) -> String {
        "[" + clips.map { "\"\($0.hex)\"" }.joined(separator: ",") + "]"
    }

    /// The numbers of one kind that some clips have, made by one pack.
    ///
    /// - Throws: `StoreError`, `.damaged` naming clip, file and source.
    public func tensors(
        _ kind: AssetKind,
        ofClips clips: [ClipID],
        packFingerprint: String
    ) throws(StoreError) -> [ClipID: RawTensor] {
        let found = try tensors(
            where: """
                assets.kind = ? AND assets.pack_fingerprint = ?
                AND clips.identity IN (SELECT value FROM json_each(?))
                """,
            [Int(kind.rawValue), packFingerprint.lowercased(), Self.list(clips)],
            kind.name
        )
        return Dictionary(uniqueKeysWithValues: found.map { ($0.clip, $0.tensor) })
    }
}

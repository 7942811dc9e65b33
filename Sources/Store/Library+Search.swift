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
            var assets: [IndexedAsset] = []
            while let row = try rows.next() {
                guard let clip = ClipID(hex: row[1]) else { continue }
                assets.append(IndexedAsset(number: row[0], clip: clip, duration: row[2]))
            }
            return assets
        }
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
            try inParts(clips) { try assetNumbers(kind, ofClips: $0, db) }
        }
    }

    private func assetNumbers(
        _ kind: AssetKind,
        ofClips clips: [ClipID],
        _ db: Database
    ) throws -> [ClipID: Int64] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT clips.identity, assets.id FROM assets
                JOIN clips ON clips.id = assets.clip_id
                WHERE assets.kind = ? AND clips.identity IN (\(SQLCondition.marks(clips.count)))
                """,
            arguments: StatementArguments([Int(kind.rawValue)] + clips.map(\.hex))
        )
        return Dictionary(
            uniqueKeysWithValues: rows.compactMap { row in
                ClipID(hex: row[0]).map { ($0, row[1] as Int64) }
            }
        )
    }

    /// The clips that assets belong to; assets that are gone are left out.
    ///
    /// - Throws: `StoreError`.
    public func clips(ofAssets numbers: [Int64]) throws(StoreError) -> [Int64: Clip] {
        try reading("look up clips") { db in
            try inParts(numbers) { try clips(ofAssets: $0, db) }
        }
    }

    private func clips(ofAssets numbers: [Int64], _ db: Database) throws -> [Int64: Clip] {
        let marks = SQLCondition.marks(numbers.count)
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT assets.id, clips.identity FROM assets
                JOIN clips ON clips.id = assets.clip_id WHERE assets.id IN (\(marks))
                """,
            arguments: StatementArguments(numbers)
        )
        let identities = rows.map { $0[1] as String }
        let clips = try ClipRow.fetch(
            db,
            where: "clips.identity IN (\(SQLCondition.marks(identities.count)))",
            arguments: StatementArguments(identities)
        )
        let byIdentity = Dictionary(uniqueKeysWithValues: clips.map { ($0.id.hex, $0) })
        return Dictionary(
            uniqueKeysWithValues: rows.compactMap { row in
                byIdentity[row[1]].map { (row[0] as Int64, $0) }
            }
        )
    }

    /// Asks part by part: a statement has room for some ten thousand values.
    private func inParts<Key, Name: Hashable, Value>(
        _ keys: [Key],
        _ ask: ([Key]) throws -> [Name: Value]
    ) rethrows -> [Name: Value] {
        let size = 10_000
        return try stride(from: 0, to: keys.count, by: size).reduce(into: [:]) { found, start in
            let part = Array(keys[start..<min(start + size, keys.count)])
            found.merge(try ask(part)) { first, _ in first }
        }
    }

    /// The numbers of one kind, of the clips that have other assets in a range of numbers.
    ///
    /// - Parameters:
    ///   - kind: What is read.
    ///   - base: The kind of the assets in the range.
    ///   - range: Their numbers.
    ///   - packFingerprint: What made both.
    /// - Throws: `StoreError`, `.damaged` naming clip, file and source.
    public func tensors(
        _ kind: AssetKind,
        ofClipsWith base: AssetKind,
        _ range: ClosedRange<Int64>,
        packFingerprint: String
    ) throws(StoreError) -> [ClipID: RawTensor] {
        let pack = packFingerprint.lowercased()
        let found = try tensors(
            where: """
                assets.kind = ? AND assets.pack_fingerprint = ? AND assets.clip_id IN (
                SELECT clip_id FROM assets WHERE kind = ? AND pack_fingerprint = ?
                AND id BETWEEN ? AND ?)
                """,
            [
                Int(kind.rawValue), pack, Int(base.rawValue), pack, range.lowerBound,
                range.upperBound,
            ],
            kind.name
        )
        return Dictionary(uniqueKeysWithValues: found.map { ($0.clip, $0.tensor) })
    }
}

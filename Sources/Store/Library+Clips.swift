import GRDB

extension Library {
    /// The clips that meet all conditions of a filter, by base name and then time.
    ///
    /// - Throws: `StoreError`, `.unknownReference` for a collection that there is not.
    public func clips(_ filter: ClipFilter = ClipFilter()) throws(StoreError) -> [Clip] {
        try reading("list clips") { db in
            let query = try ClipQuery(filter, db)
            return try ClipRow.fetch(
                db,
                where: query.condition.text,
                arguments: StatementArguments(query.condition.arguments),
                order: query.order,
                limit: query.limit
            )
        }
    }

    /// The ids of the clips that meet all conditions of a filter, without reading their rows.
    ///
    /// - Throws: `StoreError`, `.unknownReference` for a collection that there is not.
    public func clipIDs(_ filter: ClipFilter = ClipFilter()) throws(StoreError) -> Set<ClipID> {
        try reading("list clips") { db in
            let query = try ClipQuery(filter, db)
            let end = query.limit.map { " ORDER BY \(query.order) LIMIT \($0)" } ?? ""
            let identities = try String.fetchCursor(
                db,
                sql: """
                    SELECT clips.identity FROM clips JOIN sources ON sources.id = clips.source_id
                    WHERE \(query.condition.text)\(end)
                    """,
                arguments: StatementArguments(query.condition.arguments)
            )
            var ids: Set<ClipID> = []
            while let identity = try identities.next() {
                if let id = ClipID(hex: identity) { ids.insert(id) }
            }
            return ids
        }
    }

    /// The assets of all clips that meet a filter, by kind; clips without any are left out.
    ///
    /// - Throws: `StoreError`, `.unknownReference` for a collection that there is not.
    public func assets(
        ofClips filter: ClipFilter
    ) throws(StoreError) -> [ClipID: [Asset]] {
        let assets = try reading("list assets") { db in
            let query = try ClipQuery(filter, db)
            let end = query.limit.map { " ORDER BY \(query.order) LIMIT \($0)" } ?? ""
            return try AssetRow.fetch(
                db,
                where: """
                    clips.id IN (SELECT clips.id FROM clips
                    JOIN sources ON sources.id = clips.source_id
                    WHERE \(query.condition.text)\(end))
                    """,
                arguments: StatementArguments(query.condition.arguments)
            )
        }
        return Dictionary(grouping: assets, by: \.clipID)
    }

    /// The clips that a person means, each once, in the order of the references.
    ///
    /// A base name stands for all segments of that name; otherwise as in `resolve`.
    ///
    /// - Parameter references: Names, segments or the first digits of ids.
    /// - Returns: The clips; all of them were found.
    /// - Throws: `StoreError`: `.unknownReference`, `.ambiguousReference`, or `.invalidValue` for
    ///   times that are a part of a clip.
    public func clips(named references: [String]) throws(StoreError) -> [Clip] {
        try reading("look up clips") { db in try clips(named: references, db) }
    }

    func clips(named references: [String], _ db: Database) throws -> [Clip] {
        var seen: Set<ClipID> = []
        var clips: [Clip] = []
        var unknown: [StoreError] = []
        for reference in references {
            do {
                for clip in try self.clips(named: reference, db)
                where seen.insert(clip.id).inserted { clips.append(clip) }
            } catch let error as StoreError where error.kind == .unknownReference {
                unknown.append(error)
            }
        }
        if let first = unknown.first {
            // All at once: nobody wants to mend a list name by name.
            throw unknown.count == 1
                ? first
                : StoreError(
                    .unknownReference,
                    listed(unknown.map(\.description), separator: "\n  ")
                )
        }
        return clips
    }

    /// The clips of a base name, or the one that a reference means.
    func clips(named reference: String, _ db: Database) throws -> [Clip] {
        let named = try ClipRow.fetch(db, where: "clips.base_name = ?", arguments: [reference])
        guard named.isEmpty else { return named }
        let found = try resolve(reference, db)
        guard !found.namesTimes else {
            throw StoreError(
                .invalidValue,
                "reference \"\(reference)\": these times are a part of \(found.clip.name), and a "
                    + "clip is meant whole here; leave the times away"
            )
        }
        return [found.clip]
    }
}

/// A filter as SQL.
struct ClipQuery {
    /// On `clips` and `sources`.
    let condition: SQLCondition
    let order: String
    let limit: Int?

    init(_ filter: ClipFilter, _ db: Database) throws {
        var conditions = [SQLCondition(text: "1")]
        for tag in filter.tags {
            conditions.append(
                SQLCondition(
                    text: "clips.id IN (SELECT clip_id FROM clip_tags WHERE tag = ?)",
                    arguments: [tag]
                )
            )
        }
        if let part = filter.nameContains {
            conditions.append(
                SQLCondition(text: "instr(lower(clips.name), lower(?)) > 0", arguments: [part])
            )
        }
        if let pack = filter.packFingerprint {
            conditions.append(.equal("clips.pack_fingerprint", [pack.lowercased()]))
        }
        if let source = filter.sourceSHA256 {
            conditions.append(.equal("sources.sha256", [source.lowercased()]))
        }
        if let expression = filter.expression { conditions.append(expression.root.condition) }
        if let collection = filter.collection {
            let row = try CollectionRow.number(of: collection, db)
            let members = "SELECT %s FROM collection_clips WHERE collection_id = \(row)"
            conditions.append(
                SQLCondition(text: "clips.id IN (\(members.replacing("%s", with: "clip_id")))")
            )
            order = "(\(members.replacing("%s", with: "position")) AND clip_id = clips.id)"
        } else {
            order = ClipRow.order
        }
        condition = .all(conditions)
        limit = filter.limit.map { max(0, $0) }
    }
}

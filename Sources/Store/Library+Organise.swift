import GRDB

extension Library {
    /// Gives clips tags.
    ///
    /// - Returns: The clips that lacked one of them.
    /// - Throws: `StoreError`: `.invalidValue` for a tag, `.unknownReference`, `.locked`; then
    ///   nothing is changed.
    public func tag(_ ids: [ClipID], with tags: [String]) throws(StoreError) -> [ClipID] {
        for tag in tags { try checkTag(tag) }
        return try changing(
            ids,
            "tag clips",
            sql: "INSERT INTO clip_tags (tag, clip_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            values: tags
        )
    }

    /// Takes tags from clips.
    ///
    /// - Returns: The clips that had one of them.
    /// - Throws: `StoreError`: `.unknownReference`, `.locked`; then nothing is changed.
    public func untag(_ ids: [ClipID], from tags: [String]) throws(StoreError) -> [ClipID] {
        try changing(
            ids,
            "untag clips",
            sql: "DELETE FROM clip_tags WHERE tag = ? AND clip_id = ?",
            values: tags
        )
    }

    /// Writes captions; a text without letters, or nil, takes the caption away.
    ///
    /// Nothing that was computed depends on a caption: codes and embeddings stay as they are.
    ///
    /// - Returns: The clips whose caption was another one.
    /// - Throws: `StoreError`: `.unknownReference`, `.locked`; then nothing is changed.
    public func setCaptions(_ captions: [ClipID: String?]) throws(StoreError) -> Set<ClipID> {
        try writing("write captions") { db in
            let statement = try db.cachedStatement(
                sql: "UPDATE clips SET caption = ?1 WHERE id = ?2 AND caption IS NOT ?1"
            )
            let changed = try captions.filter { id, caption in
                let text = caption.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
                let row = try number(of: id, db)
                try statement.execute(arguments: [text, row])
                guard db.changesCount > 0 else { return false }
                try ClipRow.seal(row, db)
                return true
            }
            try writeCards(of: Array(changed.keys), db)
            return Set(changed.keys)
        }
    }

    /// Runs a statement for every clip and value, in one transaction.
    private func changing(
        _ ids: [ClipID],
        _ doing: String,
        sql: String,
        values: [String]
    ) throws(StoreError) -> [ClipID] {
        try writing(doing) { db in
            let statement = try db.cachedStatement(sql: sql)
            let changed = try ids.filter { id in
                let row = try number(of: id, db)
                var isChanged = false
                for value in values {
                    try statement.execute(arguments: [value, row])
                    if db.changesCount > 0 { isChanged = true }
                }
                if isChanged { try ClipRow.seal(row, db) }
                return isChanged
            }
            try writeCards(of: changed, db)
            return changed
        }
    }
}

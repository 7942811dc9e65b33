import GRDB

extension Library {
    /// The fewest digits of a short hash.
    public static let shortestHash = 4

    /// Finds the clip that a person means.
    ///
    /// An exact name wins over a hash; a hash is the first 4 or more hexadecimal digits of the
    /// clip's id. Times follow an `@`: `NAME@2s-4s`, `NAME@1.5s-`, `NAME@-4s`, `NAME@2s`. They
    /// are seconds of the source file, from its first frame, also behind a hash.
    ///
    /// A long video is stored as segments `NAME@0s-2s`, `NAME@2s-4s`…, found by these names. Other
    /// times mean a part of the one clip that has them all; a moment on the boundary of two is
    /// in the later one, and an open range ends where its clip does. `NAME` alone is enough where
    /// there is one clip of that name.
    ///
    /// - Returns: The clip and the times in it, from its own start.
    /// - Throws: `StoreError`: `.unknownReference` with names that are nearly the same,
    ///   `.ambiguousReference` with the candidates, `.invalidValue` for times outside every clip.
    public func resolve(_ text: String) throws(StoreError) -> ClipReference {
        try reading("look up \"\(text)\"") { try resolve(text, $0) }
    }

    /// Finds the clip that a person means, in one snapshot with other questions.
    func resolve(_ text: String, _ db: Database) throws -> ClipReference {
        let reference = try Reference(text)
        var clips = try ClipRow.fetch(
            db,
            where: "clips.base_name = ?",
            arguments: [reference.name]
        )
        if clips.isEmpty { clips = [try clip(byHash: reference.name, db)] }
        return try reference.choose(among: clips)
    }

    private func clip(byHash text: String, _ db: Database) throws -> Clip {
        try find(
            "clip",
            byHash: text,
            fetch: { first, last in
                try ClipRow.fetch(
                    db,
                    where: "clips.identity >= ? AND clips.identity < ?",
                    arguments: [first, last],
                    limit: 10
                )
            },
            describe: { "\($0.name) (\($0.id))" },
            names: { try String.fetchAll(db, sql: "SELECT DISTINCT base_name FROM clips") }
        )
    }

    /// Finds a row by the first digits of its hash, where no name fits.
    func find<Row>(
        _ what: String,
        byHash text: String,
        fetch: (String, String) throws -> [Row],
        describe: (Row) -> String,
        names: () throws -> [String]
    ) throws -> Row {
        let digits = text.lowercased()
        if digits.utf8.count >= Self.shortestHash, isHexadecimal(digits) {
            // "g" follows the last hexadecimal digit, so this is every hash with the prefix.
            let rows = try fetch(digits, digits + "g")
            if rows.count > 1 {
                throw StoreError.ambiguous(
                    what,
                    text,
                    rows.map(describe),
                    hint: "use the name, or more digits"
                )
            }
            if let row = rows.first { return row }
        }
        let list = what == "clip" ? "vsdb list" : "vsdb recipes"
        throw StoreError.unknown(what, text, among: try names(), list: list)
    }
}

extension StoreError {
    static func ambiguous(
        _ what: String,
        _ text: String,
        _ candidates: [String],
        hint: String
    ) -> StoreError {
        StoreError(
            .ambiguousReference(candidates: candidates),
            "\(what) \"\(text)\": it may be \(listed(candidates)); \(hint)"
        )
    }

    static func unknown(
        _ what: String,
        _ text: String,
        among names: [String],
        list: String
    ) -> StoreError {
        let near = nearNames(to: text, among: names)
        let hint = near.isEmpty ? "see \(list)" : "did you mean \(near.joined(separator: ", "))?"
        return StoreError(.unknownReference, "\(what) \"\(text)\": not in this library; \(hint)")
    }
}

/// The first ten of some names, and how many more there are.
func listed(_ names: [String], separator: String = ", ") -> String {
    let rest = names.count > 10 ? " and \(names.count - 10) more" : ""
    return names.prefix(10).joined(separator: separator) + rest
}

/// Up to three names that a typing mistake may stand for, nearest first.
func nearNames(to text: String, among names: [String]) -> [String] {
    let wanted = Array(text.lowercased().unicodeScalars)
    let limit = max(1, wanted.count / 3)
    let scored = names.compactMap { name -> (Int, String)? in
        let candidate = Array(name.lowercased().unicodeScalars)
        guard abs(candidate.count - wanted.count) <= limit else { return nil }
        let distance = editDistance(wanted, candidate)
        return distance <= limit ? (distance, name) : nil
    }
    return scored.sorted { $0 < $1 }.prefix(3).map(\.1)
}

/// The fewest insertions, deletions, substitutions and swaps of neighbours between two texts.
///
/// Source: the optimal string alignment distance; each text part is edited at most once.
func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                best = min(best, beforeLast[j - 1] + 1)
            }
            row.append(best)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}

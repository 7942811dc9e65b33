import GRDB

extension Library {
    /// The fewest digits of a short hash.
    public static let shortestHash = 4

    /// Finds the clip that a person means.
    ///
    /// An exact name wins over a hash; a hash is the first 4 or more hexadecimal digits of the
    /// clip's id. Times follow an `@`: `NAME@2s-4s`, `NAME@1.5s-`, `NAME@-4s`, `NAME@2s`.
    ///
    /// - Returns: The clip and the times in it.
    /// - Throws: `StoreError`: `.unknownReference` with names that are nearly the same,
    ///   `.ambiguousReference` with the candidates, `.invalidValue` for times outside the clip.
    public func resolve(_ text: String) throws(StoreError) -> ClipReference {
        let reference = try Reference(text)
        let clip = try reading("look up \"\(reference.name)\"") { db in
            try find(
                "clip",
                reference.name,
                db,
                byName: { try ClipRow.fetch(db, where: "clips.name = ?", arguments: [$0]) },
                byHash: { first, last in
                    try ClipRow.fetch(
                        db,
                        where: "clips.identity >= ? AND clips.identity < ?",
                        arguments: [first, last],
                        limit: 10
                    )
                },
                describe: { "\($0.name) (\($0.id))" }
            )
        }
        return try ClipReference(reference, clip)
    }

    /// Finds a row by name, else by the first digits of its hash.
    func find<Row>(
        _ what: String,
        _ reference: String,
        _ db: Database,
        byName: (String) throws -> [Row],
        byHash: (String, String) throws -> [Row],
        describe: (Row) -> String
    ) throws -> Row {
        if let row = try byName(reference).first { return row }
        let digits = reference.lowercased()
        if digits.utf8.count >= Self.shortestHash, isHexadecimal(digits) {
            // "g" follows the last hexadecimal digit, so this is every hash with the prefix.
            let rows = try byHash(digits, digits + "g")
            if rows.count > 1 { throw StoreError.ambiguous(what, reference, rows.map(describe)) }
            if let row = rows.first { return row }
        }
        let names = try String.fetchAll(db, sql: "SELECT name FROM \(what)s ORDER BY name")
        let list = what == "clip" ? "vsdb list" : "vsdb list --\(what)s"
        throw StoreError.unknown(what, reference, among: names, list: list)
    }
}

extension StoreError {
    static func ambiguous(_ what: String, _ text: String, _ candidates: [String]) -> StoreError {
        StoreError(
            .ambiguousReference(candidates: candidates),
            "\(what) \"\(text)\": it may be \(candidates.joined(separator: ", ")); "
                + "use the name, or more digits"
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

import GRDB

/// Chooses the name of a new clip, under the write lock of the catalogue.
///
/// A base name belongs to one whole clip, or to the segments of one source that were encoded with
/// one pack and one set of settings. So `walk` never means a whole clip and pieces of another.
struct ClipNaming {
    private let wanted: String
    private let range: String?
    private let source: Int64
    private let pack: String
    private let settings: String

    init(_ clip: NewClip, source: Int64, pack: String) {
        wanted = ClipName.sanitised(clip.name)
        range = clip.isSegment ? ClipName.range(clip.start, clip.end) : nil
        self.source = source
        self.pack = pack
        settings = clip.settings
    }

    /// The base name, and the name to show.
    func choose(_ db: Database) throws -> (base: String, shown: String) {
        guard let range else {
            let name = try freeBase(db)
            return (name, name)
        }
        // Two ranges less than a millisecond apart look the same; the second gets its own base.
        if let base = try sharedBase(db), try !isTaken(base + range, db) {
            return (base, base + range)
        }
        let base = try freeBase(db)
        return (base, base + range)
    }

    /// The base name that earlier segments of the same source got for the same wanted name.
    private func sharedBase(_ db: Database) throws -> String? {
        let siblings = """
            is_segment = 1 AND source_id = ? AND pack_fingerprint = ? AND settings = ? LIMIT 1
            """
        let same = try String.fetchOne(
            db.cachedStatement(
                sql: "SELECT base_name FROM clips WHERE base_name = ? AND \(siblings)"
            ),
            arguments: [wanted, source, pack, settings]
        )
        if let same { return same }
        let (first, last) = numbered
        return try String.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT base_name FROM clips WHERE base_name > ?1 AND base_name < ?
                        AND substr(base_name, length(?1) + 1) NOT GLOB '*[^0-9]*' AND \(siblings)
                    """
            ),
            arguments: [first, last, source, pack, settings]
        )
    }

    /// The wanted name, or the first free one of `name-2`, `name-3`… .
    private func freeBase(_ db: Database) throws -> String {
        let statement = try db.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM clips WHERE base_name = ?)"
        )
        func isFree(_ base: String) throws -> Bool {
            try Int.fetchOne(statement, arguments: [base]) == 0
        }
        if try isFree(wanted) { return wanted }
        let (first, last) = numbered
        if try isFree(first + "2") { return first + "2" }
        // Names "base-…" are no fewer than the numbers taken, so the search begins near its end:
        // ten thousand clips of one name would otherwise take fifty million look-ups.
        let taken = try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(DISTINCT base_name) FROM clips
                    WHERE base_name > ? AND base_name < ?
                    """
            ),
            arguments: [first, last]
        )
        var number = max(3, taken ?? 0)
        while try !isFree(first + String(number)) { number += 1 }
        return first + String(number)
    }

    /// The bounds of all names that are the wanted one with a number; "." follows "-".
    private var numbered: (first: String, last: String) {
        let base = ClipName.shortened(wanted)
        return (base + "-", base + ".")
    }

    private func isTaken(_ name: String, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM clips WHERE name = ?)"),
            arguments: [name]
        ) == true
    }
}

import Foundation
import GRDB
public import Tensors

/// A clip with what is known of its tensors.
public struct StoredClip: Sendable, Equatable {
    /// The clip.
    public let clip: Clip
    /// Its assets, by kind.
    public let assets: [Asset]

    /// The bytes of all its tensors.
    public var byteCount: Int { assets.reduce(0) { $0 + $1.byteCount } }
}

/// A library as it is at one moment, read piece by piece while others write to it.
///
/// Rows and tensors are of the same moment. Lent to a closure and dead after it; never keep it.
public struct LibrarySnapshot {
    private let library: Library
    private let db: Database
    private let tensors: TensorTransaction
    private let pages = MappedPages()

    init(_ library: Library, _ db: Database, _ tensors: TensorTransaction) {
        (self.library, self.db, self.tensors) = (library, db, tensors)
    }

    /// The row numbers of clips that a person names, or that meet one of some filters, in the order of lists.
    ///
    /// - Parameters:
    ///   - references: Names, segments or the first digits of ids.
    ///   - filters: Conditions; a clip need meet those of one of them only.
    /// - Returns: Numbers to give to `clips(_:)`.
    /// - Throws: `StoreError`: `.unknownReference`, `.ambiguousReference`, `.invalidValue`.
    public func clipNumbers(
        named references: [String],
        or filters: [ClipFilter]
    ) throws(StoreError) -> [Int64] {
        try asking("choose clips") {
            var chosen: Set<Int64> = []
            for clip in try library.clips(named: references, db) {
                chosen.insert(try library.number(of: clip.id, db))
            }
            for filter in filters {
                let query = try ClipQuery(filter, db)
                let numbers = try Int64.fetchCursor(
                    db,
                    sql: """
                        SELECT clips.id FROM clips JOIN sources ON sources.id = clips.source_id
                        WHERE \(query.condition.text)
                        """,
                    arguments: StatementArguments(query.condition.arguments)
                )
                while let number = try numbers.next() { chosen.insert(number) }
            }
            return try Int64.fetchAll(
                db,
                sql: """
                    SELECT id FROM clips WHERE id IN (SELECT value FROM json_each(?))
                    ORDER BY \(ClipRow.order)
                    """,
                arguments: [list(chosen)]
            )
        }
    }

    /// Some clips with their assets, in the order of lists, checked against their checksums.
    ///
    /// - Throws: `StoreError`, `.damaged` if a row is not what was written.
    public func clips(_ numbers: some Collection<Int64>) throws(StoreError) -> [StoredClip] {
        try asking("read clips") {
            let condition = "clips.id IN (SELECT value FROM json_each(?))"
            let arguments: StatementArguments = [list(numbers)]
            try ClipRow.forEachBroken(db, where: condition, arguments: arguments) { row in
                throw StoreError(
                    .damaged,
                    "clip \"\(row.name)\" (\(row.identity.prefix(12))) of library \"\(library.path)\": its row is "
                        + "not what was written; see vsdb check, and mend it with vsdb repair"
                )
            }
            let clips = try ClipRow.fetch(db, where: condition, arguments: arguments)
            let assets = try AssetRow.fetch(db, where: condition, arguments: arguments)
            let byClip = Dictionary(grouping: assets, by: \.clipID)
            return clips.map { StoredClip(clip: $0, assets: byClip[$0.id] ?? []) }
        }
    }

    /// The numbers of an asset, checked against their checksum.
    ///
    /// - Returns: A copy that outlives the snapshot.
    /// - Throws: `StoreError`, `.damaged` naming clip, file and source; `MissingRecord`, which
    ///   `Library.atOneMoment` handles.
    public func tensor(_ asset: Asset) throws -> RawTensor {
        let found = try asking("read a tensor") {
            if let addresses = try tensors.addresses(of: asset.key) { pages.note(addresses) }
            return try library.tensor(asset, tensors, db)
        }
        guard let found else { throw MissingRecord(asset: asset) }
        return found
    }

    /// All packs, by name.
    ///
    /// - Throws: `StoreError`, `.damaged` if a row is not what was written.
    public func packs() throws(StoreError) -> [PackRecord] {
        try asking("list packs") { try PackRow.fetch(db) }
    }

    /// The fingerprints of the packs that clips were encoded by.
    ///
    /// - Throws: `StoreError`.
    public func packsOfClips() throws(StoreError) -> Set<String> {
        try asking("list packs of clips") {
            Set(try String.fetchAll(db, sql: "SELECT DISTINCT pack_fingerprint FROM clips"))
        }
    }

    /// All saved recipes, by name.
    ///
    /// - Throws: `StoreError`, `.damaged` if a row is not what was written.
    public func compositions() throws(StoreError) -> [Composition] {
        try asking("list compositions") { try CompositionRow.fetch(db, where: "1") }
    }

    /// All collections by name, with their clips in order.
    ///
    /// - Throws: `StoreError`, `.damaged` if the id of a clip is not what was written.
    public func collections() throws(StoreError) -> [(name: String, clips: [ClipID])] {
        try asking("list collections") {
            let rows = try Row.fetchAll(db, sql: "SELECT id, name FROM collections ORDER BY name")
            return try rows.map { row in
                let members = try String.fetchAll(
                    db.cachedStatement(
                        sql: """
                            SELECT clips.identity FROM collection_clips
                            JOIN clips ON clips.id = clip_id WHERE collection_id = ?
                            ORDER BY position
                            """
                    ),
                    arguments: [try row.at(0) as Int64]
                )
                let clips = members.compactMap(ClipID.init(hex:))
                let name: String = try row.at(1)
                guard clips.count == members.count else {
                    throw StoreError(
                        .damaged,
                        "collection \"\(name)\": the row of a clip is not what was written; see vsdb check"
                    )
                }
                return (name, clips)
            }
        }
    }

    private func asking<Result>(
        _ doing: String,
        _ body: () throws -> Result
    ) throws(StoreError) -> Result {
        do { return try body() } catch { throw StoreError(error, doing, library.path) }
    }

    /// A list as one value of a statement, which has room for some ten thousand values only.
    private func list(_ numbers: some Collection<Int64>) -> String {
        "[" + numbers.map(String.init).joined(separator: ",") + "]"
    }
}

@available(*, unavailable)
extension LibrarySnapshot: Sendable {}

/// A record that a row names and a snapshot does not hold.
struct MissingRecord: Error {
    let asset: Asset
}

extension Library {
    /// Lends the library as it is at one moment.
    ///
    /// A collector may take tensors between the moment of the catalogue and that of the tensors: then the body
    /// is run once more, with a later moment. It must be able to begin again.
    ///
    /// - Parameter body: Reads; what it throws is passed on.
    /// - Returns: What the body returns.
    /// - Throws: `StoreError`, `.damaged` if an asset is missing twice.
    public func atOneMoment<Result>(_ body: (LibrarySnapshot) throws -> Result) throws -> Result {
        var missing: Asset?
        while true {
            do {
                return try catalog.read { db in
                    // The snapshot begins with the first row that is read, and has to be the earlier one.
                    _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM library")
                    return try tensors.read { transaction in
                        do { return try body(LibrarySnapshot(self, db, transaction)) } catch {
                            guard let gap = error as? MissingRecord, gap.asset.id == missing?.id
                            else { throw error }
                            throw try damaged(gap.asset, "is missing", db)
                        }
                    }
                }
            } catch let gap as MissingRecord {
                missing = gap.asset
            } catch let error as DatabaseError {
                throw StoreError(error, "read it", path)
            }
        }
    }
}

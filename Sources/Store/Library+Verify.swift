import GRDB

/// What a check of a library found.
public struct VerificationReport: Sendable, Equatable {
    /// How many tensors were checked.
    public let assetCount: Int
    /// What is wrong, a sentence each; empty if nothing is.
    public let problems: [String]

    /// Whether nothing is wrong.
    public var isSound: Bool { problems.isEmpty }
}

extension Library {
    /// Checks the catalogue and every record that it names.
    ///
    /// - Parameter readData: Whether to read all numbers and compare checksums; else only
    ///   whether the records are there is checked.
    /// - Returns: Everything that is wrong; damage does not end the check.
    /// - Throws: `StoreError` if the catalogue cannot be read at all.
    public func verify(readData: Bool = true) throws(StoreError) -> VerificationReport {
        try reading("check it") { db in
            var problems = try String.fetchAll(db, sql: "PRAGMA integrity_check")
                .filter { $0 != "ok" }
                .map { "catalogue: \($0)" }
            for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check") {
                let table: String = row[0]
                problems.append("catalogue: a row of \(table) names another that is gone")
            }
            do {
                _ = try PackRow.fetch(db)
                _ = try CompositionRow.fetch(db, where: "1")
            } catch { problems.append("\(error)") }
            let assets = try AssetRow.fetch(db, where: "1")
            try tensors.read { snapshot in
                for asset in assets {
                    do {
                        guard readData else {
                            let isThere = try snapshot.withValue(asset.key) { _ in true }
                            if isThere == nil { throw try damaged(asset, "is missing", db) }
                            continue
                        }
                        if try tensor(asset, snapshot, db) == nil {
                            throw try damaged(asset, "is missing", db)
                        }
                    } catch { problems.append("\(error)") }
                }
            }
            return VerificationReport(assetCount: assets.count, problems: problems)
        }
    }
}

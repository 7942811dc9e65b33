import Foundation
import GRDB

/// What migrating did, or would do.
public struct MigrationReport: Sendable, Equatable {
    /// The version of the tables before.
    public let oldVersion: Int
    /// The version of the tables that this vsdb writes.
    public let newVersion: Int
    /// The names of the steps that were lacking.
    public let steps: [String]
    /// Where the old catalogue was kept; nil if nothing was lacking, or for a dry run.
    public let copyPath: String?
    /// As `Library.warning`.
    public let warning: String?
}

extension Library {
    /// The points of migrating between which a process may die.
    package enum MigrationStep: String, Sendable, CaseIterable {
        case copyKept, tablesChanged
    }

    /// Brings the catalogue of an older vsdb up to date; the old one is kept beside it.
    ///
    /// All steps are taken in one go for each; a crash leaves a catalogue that took some of them, and
    /// migrating again takes the rest.
    ///
    /// - Parameters:
    ///   - path: The library's folder; this process has it not open.
    ///   - dryRun: Whether only to say what would be done.
    ///   - waitSeconds: How long to wait for other processes to end.
    /// - Returns: What was done, or would be.
    /// - Throws: `StoreError`: `.locked` naming who uses it, `.newerFormat`, `.noSpace`, `.damaged`.
    public static func migrate(
        at path: String,
        dryRun: Bool = false,
        waitSeconds: Double = 10
    ) throws(StoreError) -> MigrationReport {
        try migrate(at: path, dryRun: dryRun, waitSeconds: waitSeconds) { _ in }
    }

    /// Migrates and reports each step; a step that throws stands for a crash there.
    package static func migrate(
        at path: String,
        dryRun: Bool = false,
        waitSeconds: Double = 10,
        onStep: (MigrationStep) throws -> Void
    ) throws(StoreError) -> MigrationReport {
        let path = absolute(path)
        do {
            let alone = try claimAlone(path, waitSeconds, "migrate it").lock
            defer { withExtendedLifetime(alone) {} }
            let file = path + "/" + catalogName
            guard fileExists(file) else {
                throw StoreError(
                    .damaged,
                    "catalogue \"\(file)\": the file is missing; see vsdb repair"
                )
            }
            try LogOrigin.check(file)
            // Read before the catalogue: whatever is noted was committed by then.
            let mark = CommitMark(ofCatalog: file)
            let marked = mark.count
            let pool = try Catalog.openPool(file, waitSeconds: waitSeconds)
            let loss = try pool.read { try CommitCount.loss($0, marked: marked) }
            let (version, lacking) = try pool.read { db in
                let lacks = try Migrator.lacksSteps(db, path: file)
                return (try Migrator.version(of: db), lacks ? try Migrator.lackingSteps(db) : [])
            }
            var copy: String?
            if !lacking.isEmpty, !dryRun {
                let kept = try keepCopy(of: pool, version, path)
                copy = kept
                try onStep(.copyKept)
                try Catalog.countCommit(pool, mark)
                try Migrator.migrate(pool)
                try onStep(.tablesChanged)
            }
            try pool.close()
            return MigrationReport(
                oldVersion: version,
                newVersion: Migrator.version,
                steps: lacking,
                copyPath: copy,
                warning: loss?.description(path)
            )
        } catch { throw StoreError(error, "migrate it", path) }
    }

    private static func keepCopy(
        of pool: DatabasePool,
        _ version: Int,
        _ path: String
    ) throws -> String {
        let base = path + "/catalog.version-\(version)"
        // What an earlier attempt kept is the same, or a catalogue that lacked as much: both stay.
        let name =
            (1...).lazy.map { $0 == 1 ? base : "\(base)-\($0)" }
            .first { !fileExists($0 + ".sqlite") } ?? base
        let draft = name + ".draft"
        try removeIfThere(draft)
        let copy = try DatabaseQueue(path: draft)
        try pool.backup(to: copy)
        try copy.close()
        try syncFile(draft)
        try replaceFile(name + ".sqlite", by: draft)
        return name + ".sqlite"
    }
}

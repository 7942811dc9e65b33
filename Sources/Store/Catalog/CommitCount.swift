import Foundation
import GRDB

/// What the catalogue itself knows of its commits, as properties of the library.
enum CommitCount {
    /// What is known of commits that were lost.
    struct Loss: Sendable, Equatable {
        /// How many.
        let count: Int

        /// What to say about them.
        func description(_ library: String) -> String {
            "library \"\(library)\": \(subject) of its catalogue \(verb) lost, as "
                + "\(Library.catalogName)-wal was cut short or deleted, or an older file was put in "
                + "its place; vsdb repair brings back what the tensors know of \(count == 1 ? "it" : "them"), "
                + "and until then no tensor is deleted"
        }

        /// As in `the last 3 changes`.
        var subject: String { "the last \(count == 1 ? "change" : "\(count) changes")" }
        var verb: String { count == 1 ? "is" : "are" }
    }

    private static func value(_ name: String, _ db: Database) throws -> String? {
        try String.fetchOne(
            db.cachedStatement(sql: "SELECT value FROM library WHERE name = ?"),
            arguments: [name]
        )
    }

    private static func set(_ name: String, _ value: String, _ db: Database) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO library VALUES (?, ?)")
            .execute(arguments: [name, value])
    }

    /// How many commits there were; 0 before the first one that was counted.
    static func count(_ db: Database) throws -> Int { try number("commits", db) }

    /// A property that is a number; one that no library reaches is damage, and counts as none.
    private static func number(_ name: String, _ db: Database) throws -> Int {
        let number = Int(try value(name, db) ?? "") ?? 0
        return (0...1 << 53).contains(number) ? number : 0
    }

    /// Counts the commit that is under way.
    static func increase(_ db: Database) throws -> Int {
        let next = try count(db) + 1
        try set("commits", String(next), db)
        return next
    }

    /// What was lost, noted earlier or not; `marked` is what `CommitMark` said before this snapshot.
    static func loss(_ db: Database, marked: Int?) throws -> Loss? {
        let noted = try number("lost", db)
        let lost = noted + max(0, (marked ?? 0) - (try count(db)))
        return lost > 0 ? Loss(count: lost) : nil
    }

    /// Keeps in mind that commits are lost, and begins another epoch; does nothing if none are.
    static func noteLoss(_ db: Database, marked: Int?) throws {
        guard let marked, try count(db) < marked, let loss = try loss(db, marked: marked) else {
            return
        }
        try set("lost", String(loss.count), db)
        try catchUp(to: marked, db)
        try beginEpoch(db)
    }

    /// Counts on from what was noted, without a loss.
    static func catchUp(to marked: Int?, _ db: Database) throws {
        let count = try count(db)
        guard let marked, count < marked else { return }
        try set("skipped", String(try skippedCount(db) + marked - count), db)
        try set("commits", String(marked), db)
    }

    private static func skippedCount(_ db: Database) throws -> Int {
        try number("skipped", db)
    }

    /// Forgets what was lost, after a repair.
    static func forgetLoss(_ db: Database) throws {
        try db.execute(sql: "DELETE FROM library WHERE name = 'lost'")
    }

    /// Begins another epoch: numbers of assets that were given are given again from now on.
    static func beginEpoch(_ db: Database) throws {
        try addEpoch(UUID().uuidString.lowercased(), db)
    }

    /// Gives a backup an epoch of its own, which ends with the first change: what is restored twice gives the
    /// same numbers twice, to other assets.
    static func beginCopy(_ db: Database) throws {
        try addEpoch(copyPrefix + UUID().uuidString.lowercased(), db)
    }

    /// Begins another epoch if this is the first change since the backup.
    static func endCopy(_ db: Database) throws {
        if try epoch(db)?.hasPrefix(copyPrefix) == true { try beginEpoch(db) }
    }

    private static let copyPrefix = "copy "

    private static func addEpoch(_ epoch: String, _ db: Database) throws {
        try set("epoch", (try epochs(db) + [epoch]).joined(separator: ","), db)
    }

    /// All epochs until now, the oldest first; none if no number was ever lost.
    private static func epochs(_ db: Database) throws -> [String] {
        try value("epoch", db)?.split(separator: ",").map(String.init) ?? []
    }

    /// What indexes have to be of, as they know assets by their numbers; nil if no number was ever lost.
    static func epoch(_ db: Database) throws -> String? { try epochs(db).last }

    /// Where a catalogue stands in the history of its library.
    struct Stand: Sendable, Equatable {
        let uuid: String?
        /// How many commits there were, as it is noted in `CommitMark`.
        let count: Int
        /// How many of them were skipped after losses.
        let skippedCount: Int
        /// All epochs until now, the oldest first.
        let epochs: [String]
        /// The page that the count stands on, which every commit writes; nil if it may be another one some day.
        let page: UInt32?

        /// How many commits were made.
        var madeCount: Int { count - skippedCount }

        /// Whether this can come from another by at most some number of commits.
        func follows(_ earlier: Stand, within limit: Int) -> Bool {
            // A copy begins its epoch as a whole file, never in a log.
            uuid == earlier.uuid && epochs.starts(with: earlier.epochs)
                && !epochs.dropFirst(earlier.epochs.count).contains { $0.hasPrefix(copyPrefix) }
                && (earlier.madeCount...earlier.madeCount + limit).contains(madeCount)
        }
    }

    static func stand(_ db: Database) throws -> Stand {
        Stand(
            uuid: try value("uuid", db),
            count: try count(db),
            skippedCount: try skippedCount(db),
            epochs: try epochs(db),
            page: try page(db)
        )
    }

    /// The root of the table of properties, while they fill less than half of it.
    private static func page(_ db: Database) throws -> UInt32? {
        try UInt32.fetchOne(
            db,
            sql: """
                SELECT rootpage FROM sqlite_master WHERE name = 'library' AND 2000 >
                    (SELECT sum(length(name) + min(length(value), 1002) + 32) FROM library)
                """
        )
    }
}

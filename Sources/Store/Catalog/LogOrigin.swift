import GRDB
import Glibc

/// Whether the write-ahead log beside a catalogue is a log of that very file.
///
/// SQLite lays the pages of a log over whatever file has its name. Over an older one, put back alone while a
/// process that died had left its log, they make a mixture of two times that can look sound.
/// The file says how many commits it had; with those in the log there must be as many as both say
/// together, in the same epochs. An older file of a time after the log's begin is right: all that it lacks is in
/// the log.
enum LogOrigin {
    /// Checks the log of a catalogue, and that it belongs to the file; no log, or an empty one, does.
    ///
    /// - Parameters:
    ///   - path: The catalogue.
    ///   - isFrozen: Whether nothing can be made beside it, such as the index of the log.
    /// - Throws: `StoreError`, `.damaged`.
    static func check(_ path: String, isFrozen: Bool = false) throws(StoreError) {
        guard let fault = fault(path, isFrozen: isFrozen)?.rule else { return }
        throw StoreError(
            .damaged,
            "catalogue log \"\(path)-wal\": it \(fault); restore the whole folder from a backup, or let vsdb "
                + "repair set the log aside and bring back what the tensors know of it"
        )
    }

    /// What is wrong with a log.
    struct Fault {
        /// The end of a sentence about it.
        let rule: String
        /// Whether it is of another file; else it is damaged.
        let isForeign: Bool
    }

    /// What is wrong with the log of a catalogue, or nil.
    static func fault(_ path: String, isFrozen: Bool = false) -> Fault? {
        let log = path + "-wal"
        guard fileByteCount(log) > 0 else { return nil }
        // Whoever opens it alone refuses any log.
        if isFrozen, !fileExists(path + "-shm") { return nil }
        var found: Fault?
        for attempt in 0..<5 {
            // What others write meanwhile can be read torn.
            if attempt > 0 { usleep(5000) }
            found = look(at: log, path)
            if found == nil { break }
        }
        return found
    }

    /// Compares file and log.
    ///
    /// Whatever another process commits or writes back meanwhile, what is read later is of a later time: so
    /// the order is the note, both together, the log, the file, both together. What cannot be read for another reason
    /// than damage is told by whoever opens it.
    private static func look(at log: String, _ path: String) -> Fault? {
        let marked = CommitMark(ofCatalog: path).count
        let before = stand(of: path, withLog: true)
        let commits = LogCheck.commits(in: log)
        if let rule = commits.fault {
            // Every commit that is known of is there: what lies behind them is of a process that died.
            guard let marked, case .success(let both) = before, both.count >= marked else {
                return Fault(rule: rule, isForeign: false)
            }
        }
        guard commits.count > 0, case .success(let file) = stand(of: path, withLog: false) else {
            return nil
        }
        switch before {
        case .success(var both):
            if file.madeCount > both.madeCount,
                case .success(let after) = stand(of: path, withLog: true)
            {
                both = after
            }
            // Each commit that was counted wrote the page of the count; others come from GRDB.
            let pages = [file.page, both.page].compactMap { $0 }
            let limit = pages.count == 2 ? commits.count(writing: Set(pages)) : commits.count
            return both.follows(file, within: limit) ? nil : foreign
        // The file alone is read without a fault, and so is every frame of the log.
        case .failure(.damaged): return foreign
        case .failure(.other): return nil
        }
    }

    private static let foreign = Fault(
        rule:
            "is of another file than the \(Library.catalogName) beside it, which was put in the place of the "
            + "log's own",
        isForeign: true
    )

    /// Whether file and log together know as many commits as the file alone, so that the whole commits of a damaged
    /// log are worth keeping: what a process wrote back may be of a later time than the damage.
    static func hasWorth(_ path: String) -> Bool {
        guard case .success(let both) = stand(of: path, withLog: true),
            case .success(let file) = stand(of: path, withLog: false)
        else { return false }
        return both.epochs == file.epochs && both.count >= file.count
    }

    private enum Unread: Error {
        case damaged
        case other
    }

    /// Read-only connections write no log back when they close.
    private static func stand(
        of path: String,
        withLog: Bool
    ) -> Result<CommitCount.Stand, Unread> {
        do {
            let queue =
                withLog ? try Catalog.openReadOnly(path) : try Catalog.openImmutable(path)
            let stand = try queue.read(CommitCount.stand)
            try queue.close()
            return .success(stand)
        } catch {
            return .failure((error as? DatabaseError)?.isDamage == true ? .damaged : .other)
        }
    }
}

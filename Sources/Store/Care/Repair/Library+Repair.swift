import Foundation

extension Library {
    /// The points of a repair between which a process may die.
    package enum RepairStep: String, Sendable, CaseIterable {
        case catalogSalvaged, catalogReplaced, tensorsSalvaged, tensorsReplaced, rowsDropped
    }

    /// Makes a damaged library whole again, of what is whole.
    ///
    /// Nobody else may use it meanwhile. A lost catalogue is written again from the clips' cards; then
    /// clips that were removed and not collected come back, too, and collections, saved compositions
    /// and logs are lost as far as they could not be read. A damaged file is set aside and written anew from every row or
    /// record in it that can be read; a clip whose codes are damaged is taken out, with its rows and
    /// records kept in the quarantine; numbers that can be computed again are dropped. Nothing is
    /// deleted. What is done can be interrupted at any point, and done again.
    ///
    /// - Parameters:
    ///   - path: The library's folder; this process has it not open.
    ///   - waitSeconds: How long to wait for other processes to end.
    ///   - restoresRemoved: Whether clips that have tensors and no row get their rows again: those that
    ///     lost them with the catalogue's log, and those that were removed since the last collection.
    ///   - packFingerprint: The fingerprint of the pack in a folder, which the store cannot compute; for
    ///     packs whose rows are lost.
    /// - Returns: What was done, and what has to be ingested again.
    /// - Throws: `StoreError`: `.noLibrary`, `.locked`, `.olderFormat`, `.noSpace`, `.notWritable`, or
    ///   `.damaged` if a file is missing or nothing in it can be read: then only a backup helps.
    public static func repair(
        at path: String,
        waitSeconds: Double = 10,
        restoresRemoved: Bool = false,
        packFingerprint: @escaping (String) -> String? = { _ in nil }
    ) throws(StoreError) -> RepairReport {
        try repair(
            at: path,
            waitSeconds: waitSeconds,
            restoresRemoved: restoresRemoved,
            packFingerprint: packFingerprint,
            onStep: { _ in }
        )
    }

    /// Repairs and reports each step; a step that throws stands for a crash there.
    package static func repair(
        at path: String,
        waitSeconds: Double,
        restoresRemoved: Bool = false,
        packFingerprint: @escaping (String) -> String? = { _ in nil },
        onStep: (RepairStep) throws -> Void
    ) throws(StoreError) -> RepairReport {
        let path = absolute(path)
        guard isLibrary(path) else { throw noLibrary(at: path) }
        do {
            // The empty log of a backup overwrites that of a library that it is copied over: it stays.
            let log = path + "/" + catalogName + "-wal"
            let hasEmptyLog = fileExists(log) && fileByteCount(log) == 0
            var repairer = LibraryRepairer(
                path: path,
                waitSeconds: waitSeconds,
                restoresRemoved: restoresRemoved,
                packFingerprint: packFingerprint
            )
            var report = try repairer.run(onStep)
            report.remaining = try check(at: path, readData: true, waitSeconds: waitSeconds)
                .problems
            if hasEmptyLog, !fileExists(log) {
                do { try writeDurably(Data(), to: log) } catch {
                    // Somebody else has opened the library, and made it.
                    guard fileExists(log) else { throw error }
                }
            }
            return report
        } catch { throw StoreError(error, "repair it", path) }
    }
}

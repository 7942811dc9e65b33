import Foundation
import Glibc

extension Library {
    /// Says what a repair would do; nothing in the library is changed.
    ///
    /// A copy is repaired, in a hidden folder beside the library, or else in the folder for temporary files.
    /// It shares the disk's blocks with the original where the file system can, and is deleted afterwards.
    /// Packs are read where they are. Nobody else may use the library while it is copied.
    ///
    /// - Parameters: Those of `repair`, and:
    ///   - inspect: What else is wrong with the repaired copy, given its folder.
    /// - Returns: The report of the repair of the copy, with the library's paths and no quarantine.
    /// - Throws: `StoreError`, as `repair` does; `.noSpace` where the copy has no room.
    public static func tryRepair(
        at path: String,
        waitSeconds: Double = 10,
        restoresRemoved: Bool = false,
        packFingerprint: @escaping (String) -> String? = { _ in nil },
        shouldStop: @escaping @Sendable () -> Bool = { false },
        inspect: (String) throws -> [LibraryProblem] = { _ in [] }
    ) throws(StoreError) -> RepairReport {
        let path = absolute(path)
        guard isLibrary(path) else { throw noLibrary(at: path) }
        var copy = path
        do {
            let scratch = try makeScratch(for: path)
            defer { discardDraft(scratch) }
            let claim = try LibraryLock(scratch, .shared, waitSeconds: 0, "try a repair")
            defer { withExtendedLifetime(claim) {} }
            copy = scratch + "/library"
            try copyForTrial(path, to: copy, waitSeconds, StopRequest(ask: shouldStop))
            var report = try repair(
                at: copy,
                waitSeconds: waitSeconds,
                restoresRemoved: restoresRemoved,
                packFingerprint: packFingerprint
            )
            if report.remaining.isEmpty { report.remaining = try inspect(copy) }
            return report.replacing(copy, by: path)
        } catch {
            let told = StoreError(error, "try a repair", path)
            let error = StoreError(told.kind, told.description.replacing(copy, with: path))
            throw error.kind == .noSpace ? noRoom(path, error) : error
        }
    }

    private static let files = [
        manifestName, catalogName, catalogName + "-wal", CommitMark.fileName,
        tensorsName + "/data.mdb",
    ]

    private static func makeScratch(for path: String) throws -> String {
        let parents = [(path as NSString).deletingLastPathComponent, NSTemporaryDirectory()]
        let needed = files.reduce(0) { $0 + diskByteCount(path + "/" + $1) }
        let fitting = parents.first { !cannotWrite($0) && freeByteCount($0) > needed }
        guard let parent = fitting.map(absolute) else {
            throw StoreError.diskFull(parents[0], needed: needed)
        }
        let scratch = parent + "/.vsdb-new-" + UUID().uuidString.prefix(8).lowercased()
        try makeFolder(scratch)
        return scratch
    }

    private static func copyForTrial(
        _ path: String,
        to copy: String,
        _ waitSeconds: Double,
        _ stop: StopRequest
    ) throws {
        let manifest = path + "/" + manifestName
        let alone = try LibraryLock(
            fileExists(manifest) ? manifest : path,
            .alone,
            waitSeconds: waitSeconds,
            "try a repair",
            stop
        )
        defer { withExtendedLifetime(alone) {} }
        for name in ["", "/" + tensorsName, "/index", "/renders"] { try makeFolder(copy + name) }
        let packs = URL(fileURLWithPath: path + "/packs").resolvingSymlinksInPath().path
        if fileExists(packs) {
            try FileManager.default.createSymbolicLink(
                atPath: copy + "/packs",
                withDestinationPath: packs
            )
        }
        // What is no file, such as a pipe, is lost to a repair, too.
        for name in files where isRegularFile(path + "/" + name) {
            // A note that cannot be read says nothing, as to a repair.
            if name == CommitMark.fileName, access(path + "/" + name, R_OK) != 0 { continue }
            try copyFile(path + "/" + name, to: copy + "/" + name, stop, sharing: true)
        }
    }

    private static func noRoom(_ path: String, _ error: StoreError) -> StoreError {
        StoreError(
            .noSpace,
            "\(error.description); a dry run repairs a copy of the library \"\(path)\", which needs as "
                + "much room as its files beside it or in TMPDIR"
        )
    }
}

extension RepairReport {
    /// The report with the paths of a library in place of those of its copy.
    fileprivate func replacing(_ copy: String, by path: String) -> RepairReport {
        func named(_ text: String) -> String { text.replacing(copy, with: path) }
        var report = self
        report.actions = actions.map(named)
        report.lostClips = lostClips.map { clip in
            LostClip(
                id: clip.id,
                name: clip.name,
                sourcePath: clip.sourcePath,
                start: clip.start,
                end: clip.end,
                reason: named(clip.reason)
            )
        }
        report.remaining = remaining.map { LibraryProblem($0.place, named($0.description)) }
        report.quarantine = nil
        return report
    }
}

import Foundation
import Store
import TestSupport
import Testing

/// A log of a process that died, beside a catalogue that is not the log's own: SQLite would lay pages of one time
/// over a file of another, and neither would look damaged.
@Suite struct ForeignLogTests {
    private static let file = "/catalog.sqlite"

    private func copy(_ from: String, to target: String) throws {
        try? FileManager.default.removeItem(atPath: target)
        try FileManager.default.copyItem(atPath: from, toPath: target)
    }

    /// A copy of a library as a crash leaves it after a change: with a log that is not written back.
    private func crashed(
        _ folder: TemporaryFolder,
        after change: (Library) throws -> Void
    ) throws -> String {
        let library = try Library.open(at: folder.library)
        try change(library)
        let target = folder.path + "/crashed"
        try copy(library.path, to: target)
        try FileManager.default.removeItem(atPath: target + "/catalog.sqlite-shm")
        return target
    }

    private func commit(_ seed: Int, at path: String) throws {
        _ = try Library.open(at: path).commit([Fixture.clip(seed)])
    }

    @Test(arguments: ["older", "of a backup", "later", "before compacting"])
    func isRefusedAndSetAside(which: String) throws {
        let folder = try TemporaryFolder()
        var clips = try Fixture.closedLibrary(in: folder, count: 1)
        let kept = folder.path + "/kept.sqlite"
        try copy(folder.library + Self.file, to: kept)
        if which == "before compacting" {
            _ = try Library.compact(at: folder.library)
        } else {
            try commit(2, at: folder.library)
            clips.append(Fixture.clip(2))
        }
        let library = try crashed(folder) { library in
            _ = try library.commit([Fixture.clip(3)])
            if which == "of a backup" { _ = try library.backUp(to: folder.path + "/backup") }
        }
        clips.append(Fixture.clip(3))
        switch which {
        case "of a backup": try copy(folder.path + "/backup" + Self.file, to: kept)
        case "later":
            try commit(4, at: folder.library)
            try copy(folder.library + Self.file, to: kept)
        default: break
        }
        try copy(kept, to: library + Self.file)
        try Fixture.addPackFiles(to: library)

        let error = expectFailure(.damaged) { try Library.open(at: library).collectGarbage() }
        #expect(error?.description.contains("of another file") == true)
        let check = try Library.check(at: library)
        #expect(check.problems.first?.place == .catalog && !check.isCounted)
        expectFailure(.damaged) { try Library.compact(at: library) }
        expectFailure(.damaged) { try Library.migrate(at: library) }

        let report = try Library.repair(
            at: library,
            packFingerprint: { _ in Fixture.pack.fingerprint }
        )
        #expect(report.actions.first?.contains("log aside") == true, "\(report.actions)")
        #expect(report.remaining.isEmpty, "\(report.remaining)")
        try Fixture.expectWhole(clips, at: library)
        #expect(try Library.open(at: library).warning == nil)
        #expect(try Library.open(at: library).collectGarbage().tensorCount == 0)
    }

    /// A write back that was interrupted leaves what the log holds in the file, too.
    @Test func ofAFileThatHasItsCommitsAlreadyIsRight() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder, count: 1)
        let library = try crashed(folder) { library in
            for seed in 2...4 { _ = try library.commit([Fixture.clip(seed)]) }
        }
        try copy(folder.library + Self.file, to: library + Self.file)
        #expect(try Library.open(at: library).warning == nil)
        try Fixture.expectWhole(clips + (2...4).map { Fixture.clip($0) }, at: library)
        #expect(try Library.check(at: library).isSound)
    }

    /// They look like damage, and no commit lacks.
    ///
    /// A writer that is killed between its frames and the index of the log, while others have the library open,
    /// leaves frames that the next writers do not cover whole.
    @Test func framesThatADeadWriterLeftAreNoDamage() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder, count: 2)
        let log = "/catalog.sqlite-wal"
        let begun = try crashed(folder) { _ = try $0.tag([clips[0].id], with: ["first"]) }
        /// The log that a change makes of the one that is there.
        func continued(_ name: String, _ change: (Library) throws -> Void) throws -> (String, Data)
        {
            let path = folder.path + "/" + name
            try copy(begun, to: path)
            let library = try Library.open(at: path)
            try change(library)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path + log))
            let target = path + "-crashed"
            try copy(path, to: target)
            try FileManager.default.removeItem(atPath: target + "/catalog.sqlite-shm")
            return (target, bytes)
        }
        let (_, dead) = try continued("dead") {
            _ = try $0.commit((5...24).map { Fixture.clip($0) })
        }
        let (path, next) = try continued("next") { _ = try $0.tag([clips[1].id], with: ["second"]) }
        #expect(dead.count > next.count)
        try (next + dead[next.count...]).write(to: URL(fileURLWithPath: path + log))

        let library = try Library.open(at: path)
        #expect(library.warning == nil)
        #expect(try library.clip(clips[1].id).tags.contains("second"))
        #expect(try Library.check(at: path).isSound)
        try Fixture.expectWhole(clips, at: path)
    }

    /// Of a log that is damaged behind some commits, those stay.
    @Test func wholeCommitsOfADamagedLogAreKept() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder, count: 1)
        var whole = 0
        let library = try crashed(folder) { library in
            _ = try library.commit([Fixture.clip(2)])
            var kept = Fixture.dance(of: clips[0])
            kept.name = "kept"
            try library.saveComposition(kept)
            whole = try Data(contentsOf: URL(fileURLWithPath: library.path + "/catalog.sqlite-wal"))
                .count
            _ = try library.commit([Fixture.clip(3)])
        }
        try Fixture.addPackFiles(to: library)
        try overwrite(library + "/catalog.sqlite-wal", at: whole + 100, with: [1, 2, 3, 4, 5])
        expectFailure(.damaged) { try Library.open(at: library) }
        let report = try Library.repair(
            at: library,
            packFingerprint: { _ in Fixture.pack.fingerprint }
        )
        #expect(
            report.actions.first?.contains("kept the whole commits") == true,
            "\(report.actions)"
        )
        #expect(!report.actions.contains { $0.contains("composition") }, "its row was kept")
        #expect(report.remaining.isEmpty)
        try Fixture.expectWhole(clips + [Fixture.clip(2), Fixture.clip(3)], at: library)
        #expect(try Library.open(at: library).composition("kept").name == "kept")
    }

    /// A log that was given up comes back under a catalogue that went on without it.
    @Test func ofTheTimeBeforeALossIsRefused() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.closedLibrary(in: folder, count: 1)
        let library = try crashed(folder) { library in
            for seed in 2...6 { _ = try library.commit([Fixture.clip(seed)]) }
        }
        let kept = folder.path + "/kept-wal"
        try FileManager.default.moveItem(atPath: library + "/catalog.sqlite-wal", toPath: kept)
        #expect(try Library.open(at: library).warning != nil)
        try commit(7, at: library)
        try copy(kept, to: library + "/catalog.sqlite-wal")
        expectFailure(.damaged) { try Library.open(at: library) }
    }

    /// The mark of a backup survives that a program other than vsdb opened it, which deletes its empty log.
    @Test func underABackupWithoutItsEmptyLogIsRefused() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.closedLibrary(in: folder, count: 2)
        let backup = folder.path + "/backup"
        try { _ = try Library.open(at: folder.library).backUp(to: backup) }()
        try FileManager.default.removeItem(atPath: backup + "/catalog.sqlite-wal")
        let library = try crashed(folder) { _ = try $0.commit([Fixture.clip(3)]) }
        for name in [Self.file, "/catalog.commits", "/tensors.lmdb/data.mdb"] {
            try copy(backup + name, to: library + name)
        }
        expectFailure(.damaged) { try Library.open(at: library) }
        let report = try Library.repair(at: library)
        #expect(report.remaining.isEmpty && report.lostClips.isEmpty, "\(report)")
        #expect(try Library.open(at: library).clips().map(\.name) == ["clip-1", "clip-2"])
    }
}

import Foundation
import GRDB
import Store
import TestSupport
import Testing

/// A catalogue whose last commits are gone: its log was cut short or deleted.
@Suite struct LostLogTests {
    private struct Crash: Error {}

    private static let log = "/catalog.sqlite-wal"

    /// A copy of an open library, as a crash leaves it: with a log that is not written back.
    private func crashed(
        _ folder: TemporaryFolder,
        keeping clipCount: Int = 1,
        _ change: (Library, [NewClip]) throws -> Void
    ) throws -> (copy: String, clips: [NewClip], logByteCount: Int) {
        let library = try Fixture.library(in: folder)
        let clips = (1...clipCount).map { Fixture.clip($0) }
        _ = try library.commit(clips)
        let size = try Data(contentsOf: URL(fileURLWithPath: folder.library + Self.log)).count
        try change(library, clips)
        let copies = ["whole", "copy"].map { folder.path + "/" + $0 }
        for copy in copies {
            try FileManager.default.copyItem(atPath: folder.library, toPath: copy)
            try? FileManager.default.removeItem(atPath: copy + "/catalog.sqlite-shm")
        }
        #expect(try Library.open(at: copies[0]).warning == nil, "a crash alone is no loss")
        return (copies[1], clips, size)
    }

    private func repair(_ path: String) throws -> RepairReport {
        try Library.repair(at: path, packFingerprint: { _ in Fixture.pack.fingerprint })
    }

    @Test(arguments: ["cut", "deleted"])
    func isSaidWhenTheLibraryIsOpened(how: String) throws {
        let folder = try TemporaryFolder()
        let more = [Fixture.clip(2), Fixture.clip(3)]
        let (copy, clips, size) = try crashed(folder) { library, _ in
            for clip in more { _ = try library.commit([clip]) }
        }
        if how == "cut" {
            #expect(truncate(copy + Self.log, off_t(size)) == 0)
        } else {
            try FileManager.default.removeItem(atPath: copy + Self.log)
        }
        try Fixture.addPackFiles(to: copy)
        for _ in 1...2 {
            let warning = try #require(try Library.open(at: copy).warning)
            #expect(warning.contains("vsdb repair"), "it stays until the library is repaired")
        }
        #expect(try Library.check(at: copy).problems.map(\.place) == [.catalog])
        expectFailure(.damaged) { try Library.open(at: copy).collectGarbage() }
        let report = try repair(copy)
        #expect(report.actions.contains { $0.contains("changes of the catalogue are lost") })
        #expect(report.remaining.isEmpty)
        let library = try Library.open(at: copy)
        #expect(library.warning == nil)
        let names = try library.clips().map(\.name)
        #expect(names == (clips + more).map(\.name))
        #expect(try library.collectGarbage().tensorCount == 0)
    }

    /// Where the loss cannot be written into the catalogue, as on a read-only disk, its copy has the note.
    @Test func aBackupOfALibraryThatCannotBeWrittenHasTheAlarm() throws {
        let folder = try TemporaryFolder()
        let (copy, _, _) = try crashed(folder) { library, _ in
            _ = try library.commit([Fixture.clip(2)])
        }
        try FileManager.default.removeItem(atPath: copy + Self.log)
        let target = folder.path + "/backup"
        try {
            let library = try Library.open(at: copy, waitSeconds: 1, isFrozen: true)
            #expect(library.warning != nil)
            _ = try library.backUp(to: target)
        }()
        #expect(try Library.check(at: target).problems.map(\.place) == [.catalog])
        #expect(try Library.open(at: target).warning != nil)
        expectFailure(.damaged) { try Library.open(at: target).collectGarbage() }
    }

    @Test func wordsOfALostChangeComeBack() throws {
        let folder = try TemporaryFolder()
        let (copy, clips, size) = try crashed(folder, keeping: 2) { library, clips in
            _ = try library.tag([clips[0].id], with: ["dance"])
            // Two names change places.
            for (old, new) in [("clip-1", "x"), ("clip-2", "clip-1"), ("x", "clip-2")] {
                _ = try library.renameClip(old, to: new)
            }
        }
        #expect(truncate(copy + Self.log, off_t(size)) == 0)
        #expect(try Library.open(at: copy).clip(clips[0].id).tags.contains("dance") == false)
        _ = try repair(copy)
        let clip = try Library.open(at: copy).clip(clips[0].id)
        #expect(clip.tags.contains("dance") && clip.name == "clip-2" && clip.baseName == "clip-2")
        #expect(try Library.open(at: copy).clip(clips[1].id).name == "clip-1")
        #expect(try Library.check(at: copy).isSound)
    }

    /// Nothing that works on a whole library keeps the loss to itself.
    @Test func isSaidByWhatKeepsALibrary() throws {
        let folder = try TemporaryFolder()
        let (copy, _, _) = try crashed(folder) { library, _ in
            _ = try library.commit([Fixture.clip(2)])
        }
        try FileManager.default.removeItem(atPath: copy + Self.log)
        try Fixture.addPackFiles(to: copy)
        #expect(try Library.compact(at: copy).warning?.contains("are lost") == true)
        #expect(try Library.migrate(at: copy).warning != nil)
        for dryRun in [true, false] {
            expectFailure(.damaged) { try Library.open(at: copy).collectGarbage(dryRun: dryRun) }
        }
        expectFailure(.damaged) {
            try Library.open(at: copy, waitSeconds: 1, isFrozen: true).collectGarbage(dryRun: true)
        }
        let notes = try Library.check(at: copy).notes
        #expect(!notes.isEmpty && !notes.contains { $0.contains("vsdb gc") }, "\(notes)")
        _ = try repair(copy)
        #expect(try Library.compact(at: copy).warning == nil)
    }

    /// Restoring is copying, also over what is left of the library: with the log of a process that died.
    @Test(arguments: [false, true])
    func aBackupCopiedOverTheLibraryIsTheBackup(isReadBefore: Bool) throws {
        let folder = try TemporaryFolder()
        let backup = folder.path + "/backup"
        var held: [String] = []
        let (copy, clips, _) = try crashed(folder) { library, clips in
            _ = try library.backUp(to: backup)
            held = try FileManager.default.contentsOfDirectory(atPath: library.path)
            // Later changes that no crash wrote back: the log has them.
            _ = try library.commit([Fixture.clip(2), Fixture.clip(3)])
            _ = try library.renameClip("clip-1", to: "later")
        }
        #expect(held.contains("catalog.sqlite-wal"))
        if isReadBefore {
            #expect(try Library.open(at: backup).clips().count == 1)
            #expect(try Library.repair(at: backup).isEmpty)
        }
        for name in try FileManager.default.subpathsOfDirectory(atPath: backup) {
            let (from, to) = (backup + "/" + name, copy + "/" + name)
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: from, isDirectory: &isFolder)
            guard !isFolder.boolValue else { continue }
            // As cp does: into the file that is there.
            try FileManager.default.contents(atPath: from)?
                .write(to: URL(fileURLWithPath: to), options: [])
        }
        let library = try Library.open(at: copy)
        #expect(library.warning == nil)
        #expect(try library.clips().map(\.name) == ["clip-1"])
        #expect(try Library.check(at: copy).isSound)
        try Fixture.expectWhole(clips, at: copy)
        // Numbers of assets are given again, and no index of before may be taken for one of now.
        let old = try Library.open(at: folder.path + "/whole").indexIdentity()
        #expect(try library.indexIdentity() != old)
    }

    /// Restored twice, and used in between, a backup gives the same numbers to other clips.
    @Test func whatIsRestoredTwiceHasNoIndexOfTheFirstTime() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.closedLibrary(in: folder)
        let backup = folder.path + "/backup"
        try { _ = try Library.open(at: folder.library).backUp(to: backup) }()
        var identities: [String] = []
        for (name, seed) in [("first", 21), ("second", 22)] {
            let restored = folder.path + "/" + name
            try FileManager.default.copyItem(atPath: backup, toPath: restored)
            let library = try Library.open(at: restored)
            identities.append(try library.indexIdentity())
            _ = try library.commit([Fixture.clip(seed)])
            identities.append(try library.indexIdentity())
            _ = try library.commit([Fixture.clip(seed + 10)])
            #expect(try library.indexIdentity() == identities.last, "once")
        }
        #expect(identities[0] == identities[2], "nothing is changed yet")
        #expect(Set(identities).count == 3)
    }

    /// Numbers of assets are given again after a loss; an index that knows the lost ones must not be used.
    @Test func indexesOfTheTimeBeforeAreOfAnotherLibrary() throws {
        let folder = try TemporaryFolder()
        var identity = ""
        let (copy, _, size) = try crashed(folder) { library, _ in
            _ = try library.commit([Fixture.clip(2)])
            identity = try library.indexIdentity()
        }
        #expect(try Library.open(at: folder.path + "/whole").indexIdentity() == identity)
        #expect(truncate(copy + Self.log, off_t(size)) == 0)
        let later = try Library.open(at: copy).indexIdentity()
        #expect(later != identity)
        #expect(try Library.open(at: copy).indexIdentity() == later, "once for each loss")
        _ = try repair(copy)
        #expect(try Library.open(at: copy).indexIdentity() != identity)
    }

    /// The order is tensors, row, note: whatever ends in between is no loss.
    @Test func aCommitThatDiesIsNoLoss() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        _ = try library.commit([Fixture.clip(1)])
        for step in [CommitStep.tensorsStored, .catalogLocked, .rowsWritten] {
            _ = try? library.commit([Fixture.clip(2)]) { if $0 == step { throw Crash() } }
            #expect(try Library.open(at: folder.library).warning == nil)
        }
    }

    @Test(arguments: ["gone", "torn", "of zeros", "empty"])
    func aDamagedNoteSaysNothing(how: String) throws {
        let folder = try TemporaryFolder()
        try { _ = try Fixture.library(in: folder).commit([Fixture.clip(1)]) }()
        let note = folder.library + "/catalog.commits"
        #expect(try Data(contentsOf: URL(fileURLWithPath: note)).count == 44)
        switch how {
        case "gone": try FileManager.default.removeItem(atPath: note)
        case "torn": try overwrite(note, at: 8, with: Array("999".utf8))
        case "of zeros": try overwrite(note, at: 0, with: [UInt8](repeating: 0, count: 44))
        default: #expect(truncate(note, 0) == 0)
        }
        let library = try Library.open(at: folder.library)
        #expect(library.warning == nil)
        _ = try library.commit([Fixture.clip(2)])
        #expect(try Data(contentsOf: URL(fileURLWithPath: note)).count == 44, "noted again")
    }
}

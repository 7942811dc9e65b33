import Foundation
import Store
import Synchronization
import TestSupport
import Testing

/// Libraries and backups in folders that are there already, and work that is stopped.
@Suite struct FreshFolderTests {
    private struct Crash: Error {}

    private struct Facts: Equatable {
        let inode: UInt64
        let mode: UInt32

        init(_ path: String) {
            var facts = stat()
            #expect(stat(path, &facts) == 0)
            (inode, mode) = (UInt64(facts.st_ino), UInt32(facts.st_mode))
        }
    }

    private func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    private func emptyFolder(_ folder: TemporaryFolder, _ name: String) throws -> String {
        let path = folder.path + "/" + name
        #expect(mkdir(path, 0o700) == 0)
        return path
    }

    @Test func anEmptyFolderStaysTheFolderThatItIs() throws {
        let folder = try TemporaryFolder()
        let (place, target) = (try emptyFolder(folder, "lib"), try emptyFolder(folder, "backup"))
        // The root of a disk of its own has one.
        #expect(mkdir(target + "/lost+found", 0o700) == 0)
        let before = [place, target].map(Facts.init)
        let library = try Library.create(at: place)
        try library.registerPack(Fixture.pack)
        _ = try library.commit([Fixture.clip(1)])
        let report = try library.backUp(to: target)
        #expect([place, target].map(Facts.init) == before)
        #expect(report.clipCount == 1)
        #expect(try Library.check(at: target).isSound)
        for path in [place, target] {
            #expect(try names(path).allSatisfy { !$0.hasPrefix(".") }, "no draft is left")
        }
        expectFailure(.alreadyExists) { try library.backUp(to: target) }
        expectFailure(.alreadyExists) { try Library.create(at: place) }
    }

    @Test(arguments: Library.BackupStep.allCases)
    func aBackupThatDiesLeavesTheFolderEmpty(step: Library.BackupStep) throws {
        let folder = try TemporaryFolder()
        let target = try emptyFolder(folder, "backup")
        let library = try Fixture.library(in: folder)
        expectFailure(.failed) {
            try library.backUp(to: target) { if $0 == step { throw Crash() } }
        }
        #expect(try names(target).isEmpty)
    }

    /// What kill -9 leaves: parts that have their places, the draft, and no library.json.
    @Test func whatAnotherLeftInTheFolderIsNoLibraryAndIsReplaced() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let target = try emptyFolder(folder, "backup")
        _ = try library.backUp(to: target)
        #expect(mkdir(target + "/.vsdb-new-0badcafe", 0o700) == 0)
        try FileManager.default.moveItem(
            atPath: target + "/library.json",
            toPath: target + "/.vsdb-new-0badcafe/library.json"
        )
        expectFailure(.noLibrary) { try Library.open(at: target) }
        #expect(try library.backUp(to: target).clipCount == 0)
        #expect(try names(target).allSatisfy { !$0.hasPrefix(".") })
        // Somebody's own files are never taken for that.
        let other = try emptyFolder(folder, "other")
        #expect(mkdir(other + "/.vsdb-new-0badcafe", 0o700) == 0)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: other + "/notes.txt"))
        expectFailure(.alreadyExists) { try library.backUp(to: other) }
        #expect(try names(other).count == 2)
    }

    @Test func aFolderThatIsBeingFilledIsNotTaken() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let target = try emptyFolder(folder, "backup")
        let report = try library.backUp(to: target) { step in
            guard step == .tensorsCopied else { return }
            expectFailure(.locked) { try library.backUp(to: target) }
            expectFailure(.locked) { try Library.create(at: target) }
        }
        #expect(report.path == target)
        #expect(try Library.check(at: target).isSound)
    }

    @Test func aBackupThatIsStoppedLeavesNothing() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        for step in Library.BackupStep.allCases where step != .draftComplete {
            expectFailure(.interrupted) {
                try stoppedBackup(library, folder.path + "/backup", step)
            }
            #expect(try names(folder.path) == ["lib"])
        }
    }

    private final class Stop: Sendable {
        let isSet = Atomic(false)
    }

    private func stoppedBackup(
        _ library: Library,
        _ target: String,
        _ last: Library.BackupStep
    ) throws -> BackupReport {
        let stop = Stop()
        return try library.backUp(
            to: target,
            shouldStop: { stop.isSet.load(ordering: .relaxed) },
            onStep: { if $0 == last { stop.isSet.store(true, ordering: .relaxed) } }
        )
    }

    @Test func aCompactionThatIsStoppedChangesNothing() throws {
        let folder = try TemporaryFolder()
        try { _ = try Fixture.library(in: folder).commit([Fixture.clip(1)]) }()
        let tensors = folder.library + "/tensors.lmdb"
        let before = Facts(tensors + "/data.mdb")
        for last in [Library.CompactStep.tensorsCopied, .copyChecked] {
            let stop = Stop()
            expectFailure(.interrupted) {
                try Library.compact(
                    at: folder.library,
                    waitSeconds: 1,
                    shouldStop: { stop.isSet.load(ordering: .relaxed) },
                    onStep: { if $0 == last { stop.isSet.store(true, ordering: .relaxed) } }
                )
            }
            #expect(Facts(tensors + "/data.mdb") == before)
            #expect(try names(tensors) == ["data.mdb", "lock.mdb"])
        }
        #expect(try Library.check(at: folder.library).isSound)
    }
}

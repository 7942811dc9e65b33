import Foundation
import GRDB
import Migrations
import Store
import TestSupport
import Testing

/// Libraries of older versions: read as they are, and brought up to date with a copy kept.
@Suite struct MigrateTests {
    /// A library with four clips as version 1 wrote it: without collections and seals.
    private func oldLibrary(in folder: TemporaryFolder) throws -> ClipID {
        let id = try {
            let library = try Fixture.library(in: folder)
            return try library.commit((1...4).map { Fixture.clip($0) })[0].id
        }()
        let queue = try DatabaseQueue(path: folder.library + "/catalog.sqlite")
        try queue.write { db in
            try db.execute(
                sql: """
                    DROP TABLE collection_clips;
                    DROP TABLE collections;
                    ALTER TABLE clips DROP COLUMN checksum;
                    PRAGMA user_version = 1;
                    DELETE FROM grdb_migrations WHERE identifier <> '\(Migrations.all[0].name)';
                    """
            )
        }
        _ = try queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        return id
    }

    @Test func anOlderLibraryIsReadAndNotWritten() throws {
        let folder = try TemporaryFolder()
        let id = try oldLibrary(in: folder)
        let library = try Library.open(at: folder.library)
        #expect(try library.clips().count == 4)
        #expect(try library.tensor(of: id, .content) != nil)
        let error = expectFailure(.olderFormat) { try library.tag([id], with: ["x"]) }
        #expect(error?.description.contains("vsdb migrate") == true)
        expectFailure(.olderFormat) { try library.commit([Fixture.clip(9)]) }
    }

    @Test func itCanBeReadOnAReadOnlyDisk() throws {
        let folder = try TemporaryFolder()
        let id = try oldLibrary(in: folder)
        let file = URL(fileURLWithPath: folder.library + "/catalog.sqlite")
        let before = try Data(contentsOf: file)
        let frozen = try Library.open(at: folder.library, waitSeconds: 1, isFrozen: true)
        #expect(try frozen.clips().count == 4)
        #expect(try frozen.tensor(of: id, .content) != nil)
        #expect(try frozen.collections().isEmpty)
        expectFailure(.notWritable) { try frozen.add([id], toCollection: "reel") }
        #expect(try Data(contentsOf: file) == before)
    }

    @Test func itIsBroughtUpToDateAndTheOldCatalogueIsKept() throws {
        let folder = try TemporaryFolder()
        let id = try oldLibrary(in: folder)
        let dry = try Library.migrate(at: folder.library, dryRun: true)
        #expect(dry.steps == Migrations.all.dropFirst().map(\.name))
        #expect(dry.copyPath == nil)
        #expect(try Library.migrate(at: folder.library, dryRun: true) == dry, "nothing was done")
        let report = try Library.migrate(at: folder.library)
        #expect((report.oldVersion, report.newVersion) == (1, Migrations.all.count))
        let library = try Library.open(at: folder.library)
        #expect(try library.add([id], toCollection: "reel") == [id])
        #expect(try Library.check(at: folder.library).isSound, "clips are sealed")
        let copy = try DatabaseQueue(path: try #require(report.copyPath))
        #expect(try copy.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 1)
        #expect(try copy.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM clips") } == 4)
    }

    @Test func aCurrentLibraryNeedsNothing() throws {
        let folder = try TemporaryFolder()
        _ = try { _ = try Fixture.library(in: folder) }()
        let report = try Library.migrate(at: folder.library)
        #expect(report.steps.isEmpty)
        #expect(report.copyPath == nil)
    }

    @Test func whoHasItOpenKeepsItFromBeingMigrated() throws {
        let folder = try TemporaryFolder()
        _ = try oldLibrary(in: folder)
        let library = try Library.open(at: folder.library)
        let error = expectFailure(.locked) {
            try Library.migrate(at: folder.library, waitSeconds: 0.05)
        }
        #expect(error?.description.contains("process \(getpid())") == true)
        #expect(try library.clips().count == 4)
    }

    @Test func ofTwoAtOnceBothEndWell() throws {
        let folder = try TemporaryFolder()
        _ = try oldLibrary(in: folder)
        DispatchQueue.concurrentPerform(iterations: 3) { _ in
            #expect(throws: Never.self) { try Library.migrate(at: folder.library) }
        }
        #expect(try Library.check(at: folder.library).isSound)
    }

    @Test(arguments: Library.MigrationStep.allCases)
    func aCrashAtAnyStepIsMigratedAgain(step: Library.MigrationStep) throws {
        struct Crash: Error {}
        let folder = try TemporaryFolder()
        let id = try oldLibrary(in: folder)
        expectFailure(.failed) {
            try Library.migrate(at: folder.library) { if $0 == step { throw Crash() } }
        }
        _ = try Library.migrate(at: folder.library)
        let library = try Library.open(at: folder.library)
        #expect(try library.clip(id).name == "clip-1")
        #expect(try Library.check(at: folder.library).isSound)
    }
}

import Foundation
import GRDB
import Hashing
import Migrations
import Store
import TestSupport
import Testing

/// The migrations, the schema file for people, and refusals of newer catalogues.
@Suite struct MigrationTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// SHA-256 of released steps, which are never edited.
    private static let released = [
        "V0001_create_library": "942984f8940342a431712ada8a83fa0c68894c72678a2ef6f46d962f3b6d128a",
        "V0002_create_collections":
            "5a997a94b27d1f5a55c36456b2acb997d3b7596b04bb1dd15abcda177979550f",
        "V0003_seal_clips": "86253dd503e8d1b758b9e040efc6b1436a981a43b938a1c8c99e572110418514",
    ]

    @Test func everyFileIsListedInOrder() throws {
        let folder = Self.root.appendingPathComponent("Migrations").path
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".sql") }
            .map { String($0.dropLast(4)) }
        #expect(Migrations.all.map(\.name) == files.sorted())
    }

    @Test func releasedFilesAreNotEdited() {
        for step in Migrations.all {
            #expect(
                SHA256.digest(Data(step.sql.utf8)).hex == Self.released[step.name],
                "\(step.name)"
            )
        }
    }

    @Test func schemaFileIsWhatTheMigrationsMake() throws {
        let file = Self.root.appendingPathComponent("Schema/catalog.sql")
        #expect(try String(contentsOf: file, encoding: .utf8) == Migrator.schema())
    }

    @Test func everyTableIsStrictAndItsChecksHold() throws {
        let folder = try TemporaryFolder()
        _ = try Library.create(at: folder.library)
        let queue = try DatabaseQueue(path: folder.library + "/catalog.sqlite")
        try queue.read { db in
            let loose = try String.fetchAll(
                db,
                sql: """
                    SELECT name FROM pragma_table_list
                    WHERE type = 'table' AND NOT strict AND name NOT GLOB 'sqlite_*'
                        AND name NOT GLOB 'grdb_*'
                    """
            )
            #expect(loose.isEmpty)
        }
        #expect(throws: DatabaseError.self) {
            try queue.write { db in
                try db.execute(
                    sql: "INSERT INTO clip_tags (clip_id, tag) VALUES (17, 'no such clip')"
                )
            }
        }
    }

    @Test func aCatalogueWithAnUnknownStepIsRefused() throws {
        let folder = try TemporaryFolder()
        _ = try Library.create(at: folder.library)
        let queue = try DatabaseQueue(path: folder.library + "/catalog.sqlite")
        try queue.write { db in
            try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('V9999_from_the_future')")
        }
        let error = expectFailure(.newerFormat) { try Library.open(at: folder.library) }
        #expect(error?.description.contains("made by a newer vsdb") == true)
        #expect(error?.description.contains("upgrade") == true)
    }

    @Test func aCatalogueWithAGreaterVersionIsRefused() throws {
        let folder = try TemporaryFolder()
        _ = try Library.create(at: folder.library)
        let queue = try DatabaseQueue(path: folder.library + "/catalog.sqlite")
        try queue.write { db in
            try db.execute(sql: "PRAGMA user_version = \(Migrator.version + 1)")
        }
        expectFailure(.newerFormat) { try Library.open(at: folder.library) }
    }
}

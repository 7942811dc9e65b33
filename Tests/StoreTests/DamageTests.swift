import Foundation
import GRDB
import Store
import Tensors
import TestSupport
import Testing

/// Bytes that changed on the disk: typed errors, never a crash or wrong numbers.
@Suite struct DamageTests {
    /// A closed library with one clip, and where its content record lies in data.mdb.
    private func closedLibrary(in folder: TemporaryFolder) throws -> (id: ClipID, record: Int) {
        let library = try Fixture.library(in: folder)
        let id = try library.commit([Fixture.clip(1)])[0].id
        let tensor = try #require(try library.tensor(of: id, .content))
        let file = try Data(contentsOf: URL(fileURLWithPath: folder.library + Self.data))
        let payload = try #require(file.range(of: tensor.bytes))
        return (id, payload.lowerBound - 48)
    }

    private static let data = "/tensors.lmdb/data.mdb"

    @Test func theRecordIsAsDocumented() throws {
        let folder = try TemporaryFolder()
        let (id, record) = try closedLibrary(in: folder)
        let file = try Data(contentsOf: URL(fileURLWithPath: folder.library + Self.data))
        let header = [UInt8](file[record..<record + 48])
        // Mark, version 1, float32, two axes, content; 18 x 512; 36,864 bytes.
        #expect(header[..<8].elementsEqual(Array("VSTR".utf8) + [1, 1, 2, 1]))
        #expect(
            header[8..<24].elementsEqual(
                [18, 0, 0, 0, 0, 2, 0, 0] + [UInt8](repeating: 0, count: 8)
            )
        )
        #expect(header[24..<32].elementsEqual([0, 144, 0, 0, 0, 0, 0, 0]))
        #expect(header[40...].map { String(format: "%02x", $0) }.joined() == id.hex.prefix(16))
        #expect((record + 48) % 64 == 0, "numbers are aligned for SIMD")
    }

    @Test(arguments: [0, 4, 5, 8, 24, 32, 40, 48, 48 + 36_863])
    func aFlippedByteIsDamageThatNamesAssetAndFile(offset: Int) throws {
        let folder = try TemporaryFolder()
        let (id, record) = try closedLibrary(in: folder)
        let path = folder.library + Self.data
        let before = try Data(contentsOf: URL(fileURLWithPath: path))[record + offset]
        try overwrite(path, at: record + offset, with: [before ^ 0x10])
        let library = try Library.open(at: folder.library)
        let error = expectFailure(.damaged) { try library.tensor(of: id, .content) }
        #expect(error?.description.contains("clip \"clip-1\" (\(id))") == true)
        #expect(error?.description.contains("its content") == true)
        #expect(error?.description.contains("vsdb ingest \"/films/1.mp4\"") == true)
        #expect(error?.description.contains("data.mdb") == true)
        // Its neighbours are read as ever, and the check names the one.
        #expect(try library.tensor(of: id, .dynamics) != nil)
        #expect(try Library.check(at: library.path).problems.count == 1)
        #expect(try Library.check(at: library.path, readData: false).isSound)
        // What the message says to do, helps.
        _ = try library.remove([id], force: true)
        _ = try library.commit([Fixture.clip(1)])
        #expect(try Library.check(at: library.path).isSound)
    }

    @Test func aFileCutShortIsRefusedAtOpen() throws {
        let folder = try TemporaryFolder()
        _ = try closedLibrary(in: folder)
        let path = folder.library + Self.data
        for length in [60_000, 8192, 4096, 0] {
            #expect(truncate(path, length) == 0)
            let error = expectFailure(.damaged) { try Library.open(at: folder.library) }
            #expect(error?.description.contains("cut short") == true)
        }
    }

    @Test func aMissingRecordIsDamage() throws {
        let folder = try TemporaryFolder()
        let (id, _) = try closedLibrary(in: folder)
        var settings = Configuration()
        settings.foreignKeysEnabled = false
        let queue = try DatabaseQueue(
            path: folder.library + "/catalog.sqlite",
            configuration: settings
        )
        // What is collected is what was removed; then the rows come back.
        let tables = ["sources", "clips", "clip_tags", "assets"]
        let rows = try queue.read { db in
            try tables.map { try Row.fetchAll(db, sql: "SELECT * FROM \($0)") }
        }
        try {
            let library = try Library.open(at: folder.library)
            _ = try library.remove(library.clips().map(\.id))
            _ = try library.collectGarbage()
        }()
        try queue.write { db in
            for (table, rows) in zip(tables, rows) {
                for row in rows {
                    let marks = Array(repeating: "?", count: row.count).joined(separator: ",")
                    try db.execute(
                        sql: "INSERT INTO \(table) VALUES (\(marks))",
                        arguments: StatementArguments(row.databaseValues)
                    )
                }
            }
        }
        let library = try Library.open(at: folder.library)
        let error = expectFailure(.damaged) { try library.tensor(of: id, .content) }
        #expect(error?.description.contains("is missing") == true)
        #expect(error?.description.contains("clip \"clip-1\"") == true)
        #expect(error?.description.contains("vsdb ingest \"/films/1.mp4\"") == true)
        #expect(try Library.check(at: library.path, readData: false).problems.count == 3)
    }

    @Test func changedDocumentsAreDamage() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        try library.saveComposition(
            NewComposition(
                name: "dance",
                hash: String(repeating: "ab", count: 32),
                recipeJSON: #"{"alpha":1}"#,
                parents: []
            )
        )
        let queue = try DatabaseQueue(path: folder.library + "/catalog.sqlite")
        try queue.write { db in
            try db.execute(sql: #"UPDATE compositions SET recipe = '{"alpha":3}'"#)
            try db.execute(sql: #"UPDATE packs SET manifest = '{}'"#)
        }
        expectFailure(.damaged) { try library.composition("dance") }
        expectFailure(.damaged) { try library.packs() }
        #expect(try !Library.check(at: library.path).isSound)
    }

    @Test func aFileThatShrinksWithManyRemovalsStillOpens() throws {
        let folder = try TemporaryFolder()
        do {
            let library = try Fixture.library(in: folder)
            let ids = try library.commit((0..<200).map { Fixture.clip($0) }).map(\.id)
            _ = try library.remove(Array(ids.dropFirst()))
            #expect(try library.collectGarbage().tensorCount == 199 * 3)
        }
        let library = try Library.open(at: folder.library)
        #expect(try Library.check(at: library.path).assetCount == 3)
        #expect(try Library.check(at: library.path).isSound)
    }
}

import Foundation
import GRDB
import Store
import TestSupport
import Testing

/// Rows of the catalogue that were lost, or make no sense any more: told by check, mended by repair.
@Suite struct RowDamageTests {
    // MARK: Lost rows

    /// Deletes rows as damage does, and not what belongs to them.
    private func lose(_ statement: String, in folder: TemporaryFolder) throws {
        var configuration = GRDB.Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(
            path: folder.library + "/catalog.sqlite",
            configuration: configuration
        )
        try queue.write { try $0.execute(sql: statement) }
        try queue.close()
    }

    @Test(
        arguments: [
            "DELETE FROM clips WHERE name = 'clip-2'", "DELETE FROM assets WHERE id = 4",
            "DELETE FROM assets WHERE clip_id = 2", "DELETE FROM composition_parents",
        ]
    )
    func whatBelongsToLostRowsIsNotCollected(statement: String) throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        try lose(statement, in: folder)
        try {
            let library = try Library.open(at: folder.library)
            _ = try library.remove([clips[3].id])
            #expect(try library.collectGarbage(dryRun: true).tensorCount == 3)
            #expect(try library.collectGarbage().tensorCount == 3, "of the removed clip alone")
        }()
        let check = try Library.check(at: folder.library)
        #expect(!check.isSound)
        #expect(check.notes.isEmpty, "nothing more is to be collected: \(check.notes)")
        let report = try Library.repair(at: folder.library)
        #expect(report.remaining.isEmpty && report.lostClips.isEmpty, "\(report)")
        try Fixture.expectWhole(Array(clips[..<3]), at: folder.library)
        #expect(try Library.open(at: folder.library).clips().count == 3)
    }

    @Test func aRecordOfAClipWithoutTheRowOfItsAssetIsAProblem() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        try lose("DELETE FROM assets WHERE id = 4", in: folder)
        let check = try Library.check(at: folder.library, readData: false)
        #expect(check.problems.map(\.place) == [.clip(clips[1].id)])
        #expect(check.problems.first?.description.contains("content") == true)
        #expect(check.notes.isEmpty)
        let report = try Library.repair(at: folder.library)
        #expect(report.actions.contains { $0.contains("rows of 1 asset again") })
        #expect(try Library.check(at: folder.library).isSound)
        try Fixture.expectWhole(clips, at: folder.library)
    }

    /// Rows that were lost without a trace, as with an older catalogue in the place of a newer one whose log was written
    /// back into it: nothing removed those clips.
    @Test func aClipThatNothingRemovedIsNotCollected() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        try { _ = try Library.open(at: folder.library).remove([clips[3].id]) }()
        // A command that died before the rows is no loss.
        _ = try? Library.open(at: folder.library).commit([Fixture.clip(9)]) { _ in
            throw CancellationError()
        }
        #expect(try Library.check(at: folder.library).isSound)
        for rows in [
            "assets WHERE clip_id = 2", "clip_tags WHERE clip_id = 2", "clips WHERE id = 2",
        ] {
            try lose("DELETE FROM \(rows)", in: folder)
        }
        let check = try Library.check(at: folder.library)
        #expect(check.problems.map(\.place) == [.catalog], "\(check.problems)")
        #expect(check.problems.first?.description.contains("nothing removed it") == true)
        for dryRun in [true, false] {
            expectFailure(.damaged) {
                try Library.open(at: folder.library).collectGarbage(dryRun: dryRun)
            }
        }
        let report = try Library.repair(at: folder.library)
        #expect(report.remaining.isEmpty && report.lostClips.isEmpty, "\(report)")
        try Fixture.expectWhole(Array(clips[..<3]), at: folder.library)
        let library = try Library.open(at: folder.library)
        #expect(try library.known([clips[3].id]).isEmpty, "what was removed stays removed")
        #expect(try library.collectGarbage().tensorCount == 3)
        #expect(try Library.check(at: folder.library).isSound)
    }

    /// A removal that dies before its rows leaves notes on clips that live; they hide no loss that comes later.
    @Test(arguments: [false, true])
    func aRemovalThatDiedHidesNoLoss(isUsedBetween: Bool) throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        let files = ["/catalog.sqlite", "/catalog.commits"].map { folder.library + $0 }
        let before = try files.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
        try { _ = try Library.open(at: folder.library).remove([clips[1].id]) }()
        for (file, bytes) in zip(files, before) {
            try bytes.write(to: URL(fileURLWithPath: file))
        }
        #expect(try Library.check(at: folder.library).isSound)
        if isUsedBetween { _ = try Library.open(at: folder.library).commit([Fixture.clip(9)]) }
        for rows in [
            "assets WHERE clip_id = 2", "clip_tags WHERE clip_id = 2", "clips WHERE id = 2",
        ] {
            try lose("DELETE FROM \(rows)", in: folder)
        }
        #expect(try Library.check(at: folder.library).problems.map(\.place) == [.catalog])
        // Nor does a command that tries to add the clip again and dies.
        _ = try? Library.open(at: folder.library).commit([clips[1]]) { _ in
            throw CancellationError()
        }
        expectFailure(.damaged) { try Library.open(at: folder.library).collectGarbage() }
        _ = try Library.repair(at: folder.library)
        try Fixture.expectWhole(clips, at: folder.library)
        #expect(try Library.check(at: folder.library).isSound)
    }

    /// Without its content code a clip is nothing that could be rendered or taken elsewhere.
    @Test func aClipWithoutItsContentCodeIsToldAndTakenOut() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.closedLibrary(in: folder)
        var clip = Fixture.clip(5)
        clip.assets.removeAll { $0.kind == .content }
        try { _ = try Library.open(at: folder.library).commit([clip]) }()
        let check = try Library.check(at: folder.library, readData: false)
        #expect(check.problems.map(\.place) == [.clip(clip.id)], "\(check.problems)")
        let report = try Library.repair(at: folder.library)
        #expect(report.lostClips.map(\.id) == [clip.id])
        #expect(report.remaining.isEmpty)
        #expect(try Library.open(at: folder.library).clips().count == 4)
        _ = try Library.open(at: folder.library).commit([Fixture.clip(5)])
        try Fixture.expectWhole([Fixture.clip(5)], at: folder.library)
    }

    /// Whoever takes clips elsewhere reads rows that are what was written, or nothing.
    @Test func aChangedCaptionIsNotTakenElsewhere() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        try lose("UPDATE clips SET caption = 'clip numbes 2' WHERE id = 2", in: folder)
        let library = try Library.open(at: folder.library)
        for number in [1, 2] as [Int64] {
            let read = { try library.atOneMoment { try $0.clips([number]).map(\.clip.id) } }
            if number == 1 {
                #expect(try read() == [clips[0].id])
            } else {
                let error = expectFailure(.damaged, read)
                #expect(error?.description.contains("clip-2") == true)
            }
        }
    }

    // MARK: Rows of no sense

    /// A changed byte can make a null, or a value of another type, where the schema allows none.
    @Test(
        arguments: [
            "UPDATE clips SET caption = x'00' WHERE id = 2",
            "UPDATE clips SET name = 'x', base_name = 'x' WHERE id = 2",
            "UPDATE clips SET identity = replace(identity, substr(identity, 1, 1), 'g') WHERE id = 2",
            "UPDATE clips SET settings = NULL WHERE id = 2",
            "UPDATE clips SET is_segment = 1, name = name || '@0s-2s' WHERE id = 2",
            "ALTER TABLE clips RENAME COLUMN caption TO cap",
            "UPDATE library SET value = '9223372036854775807' WHERE name = 'commits'",
            "UPDATE sources SET sha256 = NULL WHERE id = 2",
            "UPDATE sources SET media_kind = 'vid' WHERE id = 2",
            "UPDATE assets SET kind = 9 WHERE id = 4",
            "UPDATE assets SET kind = 3 WHERE id = 4",
            "UPDATE assets SET tensor_key = zeroblob(34) WHERE id = 4",
            "UPDATE assets SET shape = NULL WHERE id = 4",
            "UPDATE assets SET checksum = x'00' WHERE id = 4",
            "UPDATE packs SET manifest = NULL",
            "UPDATE packs SET fingerprint = replace(fingerprint, 'a', 'b')",
            "UPDATE packs SET folder = ''", "UPDATE packs SET name = 'a' || char(0) || 'b'",
            "UPDATE packs SET name = '../../etc/passwd'", "UPDATE packs SET name = 'others'",
            "UPDATE packs SET name = 'others', folder = 'others', checksum = 'x'",
            "UPDATE compositions SET recipe = NULL",
            "UPDATE grdb_migrations SET identifier = NULL WHERE rowid = 1",
            "DROP TABLE assets", "DROP TABLE clip_tags", "DROP TABLE collections",
            "DROP TABLE collection_clips", "DROP TABLE composition_parents",
            "DROP TABLE ingest_runs", "DROP INDEX clips_by_pack",
            "CREATE TRIGGER thief AFTER INSERT ON clips BEGIN DELETE FROM clips; END",
            "UPDATE clips SET id = -9223372036854775807 WHERE id = 2",
            "UPDATE collections SET id = 9223372036854775807",
            "UPDATE collections SET added = '2026-13-45'", "UPDATE collections SET added = x'00'",
            "INSERT INTO ingest_runs (request, started) VALUES ('{}', 'garbled')",
            "INSERT INTO ingest_runs (request, started, finished) VALUES ('{}', '2026-01-01T00:00:00.000Z', '')",
            "UPDATE sources SET id = 9223372036854775807 WHERE id = 2",
        ]
    )
    func aRowOfNoSenseIsToldAndMended(statement: String) throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        try {
            let library = try Library.open(at: folder.library)
            _ = try library.tag([clips[1].id], with: ["dance"])
            _ = try library.renameClip("clip-3", to: "walk")
            _ = try library.add([clips[2].id, clips[0].id], toCollection: "reel")
        }()
        let before = try Library.open(at: folder.library).clips()
        let pack = try Fixture.addPackFiles(to: folder.library)
        try looseTables(of: folder, statement)
        #expect(try !Library.check(at: folder.library).isSound)
        // Whatever is read of it, it is an error or as it was, and no trap.
        for read in [
            { _ = try $0.clips() }, { _ = try $0.packs() }, { _ = try $0.compositions() },
            { _ = try $0.collections() }, { _ = try $0.ingestRuns() },
        ] as [(Library) throws -> Void] {
            do { try read(try Library.open(at: folder.library)) } catch {
                #expect((error as? StoreError)?.kind == .damaged, "\(error)")
            }
        }
        let report = try Library.repair(
            at: folder.library,
            packFingerprint: { $0 == pack ? Fixture.pack.fingerprint : nil }
        )
        #expect(report.remaining.isEmpty, "\(report)")
        #expect(report.lostClips.isEmpty, "its card and records are whole")
        try Fixture.expectWhole(clips, at: folder.library)
        let library = try Library.open(at: folder.library)
        let after = try library.clips()
        #expect(after.map(\.name) == before.map(\.name))
        #expect(after.map(\.caption) == before.map(\.caption))
        #expect(after.map(\.tags) == before.map(\.tags))
        #expect(try library.pack(named: "faces").fingerprint == Fixture.pack.fingerprint)
        #expect(try library.collections().map(\.clipCount) == [2])
        #expect(try library.composition("dance").parents == [clips[0].id])
        _ = try library.commit([Fixture.clip(9)])
        #expect(try library.clips().count == 5)
    }

    /// Changes rows as damage does, without the schema's rules.
    private func looseTables(of folder: TemporaryFolder, _ statement: String) throws {
        let queue = try Fixture.catalogue(of: folder)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try db.execute(sql: "PRAGMA writable_schema = ON")
            try db.execute(
                sql: """
                    UPDATE sqlite_master
                    SET sql = replace(replace(replace(
                        sql, ' NOT NULL', ''), 'STRICT, WITHOUT', 'WITHOUT'), 'STRICT', '')
                    WHERE type = 'table'
                    """
            )
        }
        try queue.close()
        let loose = try Fixture.catalogue(of: folder)
        try loose.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try db.execute(sql: statement)
        }
        try loose.close()
    }
}

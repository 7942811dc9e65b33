import Foundation
import GRDB
import Glibc
import Store
import Tensors
import TestSupport
import Testing

/// Check, repair and collection.
@Suite struct CareTests {
    // MARK: Check

    @Test func aSoundLibraryHasNoProblemsAndNoNotes() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.closedLibrary(in: folder)
        let check = try Library.check(at: folder.library)
        #expect(check.problems.isEmpty)
        #expect(check.notes.isEmpty)
        #expect((check.clipCount, check.assetCount) == (4, 12))
        #expect(check.readByteCount > 4 * 18 * 512 * 4)
    }

    @Test func aChangedCaptionIsNoticed() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        try Fixture.catalogue(of: folder).write { db in
            try db.execute(sql: "UPDATE clips SET caption = 'clip numbes 2' WHERE name = 'clip-2'")
        }
        let check = try Library.check(at: folder.library, readData: false)
        #expect(check.problems.map(\.place) == [.clip(clips[1].id)])
        let report = try Library.repair(at: folder.library)
        #expect(report.lostClips.isEmpty, "its codes are whole")
        #expect(report.actions.first?.contains("clip-2") == true)
        #expect(try Library.check(at: folder.library).isSound)
        #expect(try Library.open(at: folder.library).clip(clips[1].id).caption == "clip number 2")
    }

    @Test func tensorsThatNoClipNamesAreANoteAndNoProblem() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        _ = try Library.open(at: folder.library).remove([clips[3].id])
        let check = try Library.check(at: folder.library)
        #expect(check.isSound)
        #expect(check.notes.contains { $0.contains("3 tensors") })
        let dry = try Library.open(at: folder.library).collectGarbage(dryRun: true)
        #expect((dry.tensorCount, dry.isDryRun) == (3, true))
        let report = try Library.open(at: folder.library).collectGarbage()
        #expect(report.tensorCount == 3)
        #expect(try Library.check(at: folder.library).notes.isEmpty, "the card is gone, too")
    }

    @Test func leftoversOfDeadCommandsAreCollectedOnceTheyAreOld() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.closedLibrary(in: folder)
        let library = try Library.open(at: folder.library)
        for name in [".adding-1", ".adding-2"] {
            let path = folder.library + "/packs/" + name
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true
            )
            try Data(count: 100).write(to: URL(fileURLWithPath: path + "/x.safetensors"))
        }
        // Of a backup that died beside the library, and of one that is being made.
        let besides = ["dead", "busy"].map { folder.path + "/.vsdb-new-" + $0 }
        for path in besides {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let old = [FileAttributeKey.modificationDate: Date(timeIntervalSinceNow: -7200)]
        try FileManager.default.setAttributes(
            old,
            ofItemAtPath: folder.library + "/packs/.adding-1"
        )
        for path in besides { try FileManager.default.setAttributes(old, ofItemAtPath: path) }
        let claim = open(besides[1], O_RDONLY)
        defer { close(claim) }
        #expect(flock(claim, LOCK_SH | LOCK_NB) == 0)
        #expect(
            try library.collectGarbage(dryRun: true).leftovers == ["packs/.adding-1", besides[0]]
        )
        let report = try library.collectGarbage()
        #expect(report.leftovers == ["packs/.adding-1", besides[0]])
        #expect(besides.map { FileManager.default.fileExists(atPath: $0) } == [false, true])
        #expect(report.leftoverByteCount == 100)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.library + "/packs")
                == [".adding-2"]
        )
    }

    /// Neither part of another library is taken for one of this.
    @Test(arguments: [0, 3])
    func theCatalogueOfAnotherLibraryIsRefused(clipCount: Int) throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        let other = try TemporaryFolder()
        try {
            let library = try Fixture.library(in: other)
            _ = try library.commit((0..<clipCount).map { Fixture.clip($0 + 50) })
        }()
        let path = folder.library + "/catalog.sqlite"
        try Data(contentsOf: URL(fileURLWithPath: other.library + "/catalog.sqlite"))
            .write(to: URL(fileURLWithPath: path))
        expectFailure(.stranger) { try Library.open(at: folder.library) }
        let error = expectFailure(.stranger) { try Library.repair(at: folder.library) }
        #expect(error?.description.contains("move this one away") == true)
        // As it says: without any, the cards make one.
        try Fixture.addPackFiles(to: folder.library)
        try FileManager.default.removeItem(atPath: path)
        let report = try Library.repair(
            at: folder.library,
            packFingerprint: { _ in Fixture.pack.fingerprint }
        )
        #expect(report.remaining.isEmpty)
        try Fixture.expectWhole(clips, at: folder.library)
        #expect(try Library.check(at: folder.library).isSound)
    }

    // MARK: Repair

    @Test func aSoundLibraryIsLeftAlone() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        let report = try Library.repair(at: folder.library)
        #expect(report.isEmpty)
        try Fixture.expectWhole(clips, at: folder.library)
    }

    @Test func aClipWithADamagedRecordIsSetAsideAndItsNeighboursStay() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        let path = folder.library + "/tensors.lmdb/data.mdb"
        let file = try Data(contentsOf: URL(fileURLWithPath: path))
        let place = try #require(file.range(of: clips[0].assets[0].tensor.bytes)).lowerBound
        try overwrite(path, at: place, with: [file[place] ^ 1])
        let report = try Library.repair(at: folder.library)
        #expect(report.lostClips.map(\.name) == ["clip-1"])
        #expect(report.lostClips.map(\.sourcePath) == ["/films/1.mp4"])
        #expect(report.brokenCompositions == ["dance"])
        let quarantine = try #require(report.quarantine)
        let kept = try FileManager.default.subpathsOfDirectory(atPath: quarantine)
        #expect(kept.contains("rows.jsonl"))
        #expect(kept.contains { $0.hasSuffix("-content.record") })
        #expect(try Library.check(at: folder.library).isSound)
        try Fixture.expectWhole(Array(clips[1...]), at: folder.library)
        // The same clip ingested again makes the composition whole.
        _ = try Library.open(at: folder.library).commit([clips[0]])
        try Fixture.expectWhole(clips, at: folder.library)
    }

    @Test func whatCanBeComputedAgainIsDroppedAlone() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        let path = folder.library + "/tensors.lmdb/data.mdb"
        let file = try Data(contentsOf: URL(fileURLWithPath: path))
        // In pages of before, too.
        var start = file.startIndex
        while let place = file.range(of: Data("picture 2".utf8), in: start..<file.endIndex) {
            try overwrite(path, at: place.lowerBound, with: [0])
            start = place.upperBound
        }
        #expect(start > file.startIndex)
        let report = try Library.repair(at: folder.library)
        #expect(report.lostClips.isEmpty)
        let library = try Library.open(at: folder.library)
        #expect(try library.thumbnails(of: clips[1].id) == nil)
        #expect(try library.tensor(of: clips[1].id, .content) != nil)
    }

    @Test(arguments: ["emptied", "garbage", "gone"])
    func aLostCatalogueIsWrittenAgainFromTheCards(how: String) throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder, count: 40)
        let before = try {
            let library = try Library.open(at: folder.library)
            _ = try library.renameClip("clip-7", to: "walk")
            _ = try library.tag([clips[1].id], with: ["dance"])
            _ = try library.setCaptions([clips[2].id: "in a purple dress"])
            return try library.clips()
        }()
        let path = folder.library + "/catalog.sqlite"
        for suffix in ["-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: path + suffix)
        }
        switch how {
        case "emptied": #expect(truncate(path, 0) == 0)
        case "gone": try FileManager.default.removeItem(atPath: path)
        default:
            let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
            try Data(repeating: 0xA5, count: size).write(to: URL(fileURLWithPath: path))
        }
        expectFailure(.damaged) { try Library.open(at: folder.library) }
        #expect(try !Library.check(at: folder.library).isSound)
        let pack = try Fixture.addPackFiles(to: folder.library)
        // Without the pack's fingerprint the clips wait.
        let waiting = try Library.repair(at: folder.library)
        #expect(waiting.actions.contains { $0.contains("40 clips wait for the pack") })
        let report = try Library.repair(
            at: folder.library,
            packFingerprint: { $0 == pack ? Fixture.pack.fingerprint : nil }
        )
        #expect(report.remaining.isEmpty)
        try Fixture.expectWhole(clips, at: folder.library)
        let after = try Library.open(at: folder.library).clips()
        #expect(after.map(\.id) == before.map(\.id))
        #expect(after.map(\.name) == before.map(\.name))
        #expect(after.map(\.tags) == before.map(\.tags))
        #expect(after.map(\.caption) == before.map(\.caption))
        #expect(after.map(\.source) == before.map(\.source))
        #expect(try Library.repair(at: folder.library).isEmpty, "nothing is left to do")
    }

    /// Then the tensors come first: they are told by themselves, and the catalogue by their cards.
    @Test func aLibraryOfWhichBothFilesLostTheirBeginningIsWrittenAgain() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        try Fixture.addPackFiles(to: folder.library)
        for name in ["/catalog.sqlite", "/tensors.lmdb/data.mdb"] {
            try overwrite(folder.library + name, at: 0, with: [UInt8](repeating: 0, count: 8192))
        }
        let report = try Library.repair(
            at: folder.library,
            packFingerprint: { _ in Fixture.pack.fingerprint }
        )
        #expect(report.remaining.isEmpty && report.lostClips.isEmpty, "\(report)")
        #expect(report.actions.contains { $0.contains("compositions and collections are lost") })
        try Fixture.expectWhole(clips, at: folder.library)
        let names = try Library.open(at: folder.library).clips().map(\.name)
        #expect(names == clips.map(\.name))
    }

    /// A log that was cut off looks like the end of one: only the cards know of the clips in it.
    @Test func clipsWhoseRowsWentWithTheLogComeBack() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let copy = folder.path + "/copy"
        let clips = (1...3).map { Fixture.clip($0) }
        _ = try library.commit([clips[0]])
        let log = "/catalog.sqlite-wal"
        let size = try Data(contentsOf: URL(fileURLWithPath: folder.library + log)).count
        _ = try library.commit(Array(clips[1...]))
        try FileManager.default.copyItem(atPath: folder.library, toPath: copy)
        try? FileManager.default.removeItem(atPath: copy + "/catalog.sqlite-shm")
        #expect(truncate(copy + log, size) == 0)
        let check = try Library.check(at: copy)
        #expect(check.clipCount == 1)
        #expect(check.notes.contains { $0.hasPrefix("2 clips have tensors and no row") })
        let report = try Library.repair(at: copy, restoresRemoved: true)
        #expect(report.actions.contains { $0.contains("2 clips") })
        try Fixture.expectWhole(clips, at: copy)
    }

    @Test func aStrangersTensorsAreNotTakenOver() throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        _ = try Fixture.closedLibrary(in: folder)
        _ = try {
            let library = try Fixture.library(in: other)
            // One clip in common.
            _ = try library.commit([Fixture.clip(1)] + (50...60).map { Fixture.clip($0) })
        }()
        let file = "/tensors.lmdb/data.mdb"
        try FileManager.default.removeItem(atPath: folder.library + file)
        try FileManager.default.copyItem(
            atPath: other.library + file,
            toPath: folder.library + file
        )
        expectFailure(.stranger) { try Library.repair(at: folder.library) }
        #expect(
            try Fixture.catalogue(of: folder).read {
                try Int.fetchOne($0, sql: "SELECT count(*) FROM clips")
            }
                == 4
        )
    }

    @Test func aPipeInPlaceOfTheManifestIsRefused() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.closedLibrary(in: folder)
        try FileManager.default.removeItem(atPath: folder.library + "/library.json")
        #expect(mkfifo(folder.library + "/library.json", 0o644) == 0)
        expectFailure(.damaged) { try Library.open(at: folder.library) }
        #expect(try !Library.check(at: folder.library).isSound)
    }

    @Test func aLostManifestIsWrittenAgain() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        let uuid = try Library.open(at: folder.library).uuid
        try FileManager.default.removeItem(atPath: folder.library + "/library.json")
        let error = expectFailure(.damaged) { try Library.open(at: folder.library) }
        #expect(error?.description.contains("vsdb repair") == true)
        _ = try Library.repair(at: folder.library)
        #expect(try Library.open(at: folder.library).uuid == uuid)
        try Fixture.expectWhole(clips, at: folder.library)
    }

    @Test func withoutTensorsOnlyABackupHelps() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.closedLibrary(in: folder)
        try FileManager.default.removeItem(atPath: folder.library + "/tensors.lmdb/data.mdb")
        let error = expectFailure(.damaged) { try Library.repair(at: folder.library) }
        #expect(error?.description.contains("backup") == true)
        #expect(
            try Fixture.catalogue(of: folder).read {
                try Int.fetchOne($0, sql: "SELECT count(*) FROM clips")
            } == 4
        )
    }

    @Test func aPlaceOnANetworkIsToldFromALocalOne() {
        #expect(Library.networkFileSystem(ofType: 0x6969) == "NFS")
        #expect(Library.networkFileSystem(ofType: 0xFF53_4D42) == "CIFS")
        #expect(Library.networkFileSystem(ofType: 0xEF53) == nil, "ext4")
    }
}

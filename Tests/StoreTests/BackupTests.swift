import Foundation
import Store
import Tensors
import TestSupport
import Testing

/// Copies of one moment, while others write.
@Suite struct BackupTests {
    private struct Crash: Error {}

    @Test func aBackupIsALibraryOfTheSameMoment() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        let library = try Library.open(at: folder.library)
        let target = folder.path + "/backup"
        let report = try library.backUp(to: target) { step in
            // What is added while it is copied may be in one of the files, never in rows alone.
            if step == .catalogCopied { _ = try library.commit([Fixture.clip(77)]) }
        }
        #expect(report.clipCount == 4)
        #expect(try Library.check(at: target).isSound)
        try Fixture.expectWhole(clips, at: target)
        #expect(try Library.open(at: target).composition("dance").name == "dance")
        #expect(try Library.open(at: target).uuid == library.uuid)
        expectFailure(.alreadyExists) { try library.backUp(to: target) }
        expectFailure(.invalidValue) { try library.backUp(to: folder.library + "/inside") }
    }

    /// As when its film is analysed again on a machine that rounds otherwise.
    @Test func aClipThatComesBackWithOtherNumbersIsCopiedWithItsRows() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        let library = try Library.open(at: folder.library)
        var other = clips[1]
        other.assets[0] = NewAsset(kind: .content, tensor: Fixture.tensor([18, 512], seed: 99))
        var copies = 0
        let target = folder.path + "/backup"
        _ = try library.backUp(to: target) { step in
            guard step == .catalogCopied else { return }
            copies += 1
            guard copies == 1 else { return }
            _ = try library.remove([other.id])
            _ = try library.commit([other])
        }
        #expect(copies == 2, "once more, as its rows named what was gone")
        #expect(try Library.check(at: target, readData: true).isSound)
        try Fixture.expectWhole([clips[0], other] + clips[2...], at: target)
        let failure = expectFailure(.busy) {
            try library.backUp(to: folder.path + "/never") { step in
                guard step == .catalogCopied else { return }
                copies += 1
                _ = try library.remove([other.id])
                other.assets[0] = NewAsset(
                    kind: .content,
                    tensor: Fixture.tensor([18, 512], seed: copies)
                )
                _ = try library.commit([other])
            }
        }
        #expect(failure?.description.contains("try again") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/never"))
    }

    @Test func theCollectorWaitsForABackup() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        let library = try Library.open(at: folder.library)
        let other = try Library.open(at: folder.library, waitSeconds: 0.05)
        let report = try library.backUp(to: folder.path + "/backup") { step in
            guard step == .catalogCopied else { return }
            _ = try other.remove([clips[1].id])
            expectFailure(.locked) { try other.collectGarbage() }
        }
        #expect(report.clipCount == 4, "as it was when it began")
        try Fixture.expectWhole(clips, at: folder.path + "/backup")
        #expect(try other.collectGarbage().tensorCount == 3)
    }

    @Test(arguments: Library.BackupStep.allCases)
    func aBackupThatDiesLeavesNothing(step: Library.BackupStep) throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.closedLibrary(in: folder)
        let library = try Library.open(at: folder.library)
        let target = folder.path + "/backup"
        expectFailure(.failed) {
            try library.backUp(to: target) { if $0 == step { throw Crash() } }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["lib"])
    }
}

/// Files written anew without the room of what was deleted.
@Suite struct CompactTests {
    private struct Crash: Error {}

    @Test func compactingGivesRoomBackAndKeepsEverything() throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder, count: 40)
        _ = try {
            let library = try Library.open(at: folder.library)
            _ = try library.remove(clips[4...].map(\.id))
            _ = try library.collectGarbage()
        }()
        let report = try Library.compact(at: folder.library)
        #expect(report.byteCountAfter < report.byteCountBefore / 3)
        #expect(try Library.check(at: folder.library).isSound)
        try Fixture.expectWhole(Array(clips[..<4]), at: folder.library)
    }

    @Test func aLibraryOfAnotherFormatIsLeftAlone() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.closedLibrary(in: folder)
        let manifest = URL(fileURLWithPath: folder.library + "/library.json")
        let text = try String(contentsOf: manifest, encoding: .utf8)
        let newer = text.replacing(#/"formatVersion" ?: ?\d+/#, with: #""formatVersion" : 77"#)
        #expect(newer != text)
        try newer.write(to: manifest, atomically: false, encoding: .utf8)
        expectFailure(.newerFormat) { try Library.compact(at: folder.library) }
        expectFailure(.newerFormat) { try Library.migrate(at: folder.library) }
        try Data().write(to: manifest)
        expectFailure(.damaged) { try Library.compact(at: folder.library) }
    }

    @Test func compactingIsRefusedWhileTheLibraryIsOpen() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.closedLibrary(in: folder)
        let library = try Library.open(at: folder.library)
        let error = expectFailure(.locked) {
            try Library.compact(at: folder.library, waitSeconds: 0.05)
        }
        #expect(error?.description.contains("process \(getpid())") == true)
        #expect(try library.clips().count == 4)
    }

    @Test(arguments: Library.CompactStep.allCases)
    func aCompactionThatDiesChangesNothingThatIsRead(step: Library.CompactStep) throws {
        let folder = try TemporaryFolder()
        let clips = try Fixture.closedLibrary(in: folder)
        expectFailure(.failed) {
            try Library.compact(at: folder.library, waitSeconds: 1) {
                if $0 == step { throw Crash() }
            }
        }
        #expect(try Library.check(at: folder.library).isSound)
        try Fixture.expectWhole(clips, at: folder.library)
        _ = try Library.compact(at: folder.library)
    }
}

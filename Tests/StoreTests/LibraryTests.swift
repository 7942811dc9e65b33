import Foundation
import GRDB
import Store
import Tensors
import TestSupport
import Testing

/// Making, finding, opening and refusing libraries.
@Suite struct LibraryTests {
    @Test func aNewLibraryHasItsFilesAndOpensAgain() throws {
        let folder = try TemporaryFolder()
        let uuid = try Library.create(at: folder.library).uuid
        let library = try Library.open(at: folder.library)
        #expect(library.uuid == uuid)
        #expect(abs(library.created.timeIntervalSinceNow) < 60)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.library)
        let expected: Set = [
            "library.json", "catalog.sqlite", "tensors.lmdb", "packs", "index", "renders",
        ]
        #expect(expected.isSubset(of: names))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["lib"])
    }

    @Test func writesSurviveAPowerCutBySettings() throws {
        let folder = try TemporaryFolder()
        let library = try Library.create(at: folder.library)
        // 2 is FULL: the log is synced at every commit.
        #expect(try library.catalogSettings() == ["wal", "2", "1"])
    }

    @Test func anEmptyFolderIsUsedAndAnyOtherRefused() throws {
        let folder = try TemporaryFolder()
        let files = FileManager.default
        try files.createDirectory(atPath: folder.library, withIntermediateDirectories: false)
        _ = try Library.create(at: folder.library)
        expectFailure(.alreadyExists) { try Library.create(at: folder.library) }
        let full = folder.path + "/full"
        try files.createDirectory(atPath: full + "/x", withIntermediateDirectories: true)
        expectFailure(.alreadyExists) { try Library.create(at: full) }
        #expect(try files.contentsOfDirectory(atPath: folder.path).sorted() == ["full", "lib"])
        expectFailure(.failed) { try Library.create(at: folder.path + "/no/such/parent") }
    }

    @Test func flagThenEnvironmentThenFolderUpward() throws {
        let folder = try TemporaryFolder()
        let deep = folder.path + "/project/a/b"
        try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
        let hidden = folder.path + "/project/.vsdb"
        _ = try Library.create(at: hidden)
        _ = try Library.create(at: folder.library)
        func locate(_ flag: String?, _ variable: String?, _ place: String) throws -> String {
            try Library.locate(explicit: flag, environment: variable, workingDirectory: place)
        }
        #expect(try locate(nil, nil, deep) == hidden)
        #expect(try locate(nil, "", deep) == hidden)
        #expect(try locate(nil, folder.library, deep) == folder.library)
        #expect(try locate(folder.path + "/project", folder.library, deep) == hidden)
        #expect(try locate("../..", nil, deep) == hidden)
        #expect(try locate(nil, nil, folder.library + "/packs") == folder.library)
        // A name that is wrong is not replaced by a library found elsewhere.
        expectFailure(.noLibrary) { try locate(folder.path, nil, deep) }
        let error = expectFailure(.noLibrary) { try locate(nil, nil, folder.path) }
        #expect(error?.description.contains("vsdb init") == true)
        expectFailure(.noLibrary) { try Library.open(at: folder.path) }
    }

    @Test func aNewerFormatIsRefusedWhateverElseTheFileHolds() throws {
        let folder = try TemporaryFolder()
        _ = try Library.create(at: folder.library)
        let file = URL(fileURLWithPath: folder.library + "/library.json")
        try Data(#"{"application":"vsdb","formatVersion":2,"other":[]}"#.utf8).write(to: file)
        let error = expectFailure(.newerFormat) { try Library.open(at: folder.library) }
        #expect(error?.description.contains("made by a newer vsdb") == true)
        try Data("{".utf8).write(to: file)
        expectFailure(.damaged) { try Library.open(at: folder.library) }
    }

    @Test func filesOfTwoLibrariesAreNotMixed() throws {
        let folder = try TemporaryFolder()
        let files = FileManager.default
        for part in ["catalog.sqlite", "tensors.lmdb", "library.json"] {
            let (a, b) = (folder.path + "/a-\(part)", folder.path + "/b-\(part)")
            _ = try Library.create(at: a)
            _ = try Library.create(at: b)
            try files.removeItem(atPath: a + "/" + part)
            try files.copyItem(atPath: b + "/" + part, toPath: a + "/" + part)
            expectFailure(.stranger) { try Library.open(at: a) }
        }
    }

    @Test func anotherProgramsDatabaseIsAStranger() throws {
        let folder = try TemporaryFolder()
        _ = try Library.create(at: folder.library)
        let path = folder.library + "/catalog.sqlite"
        try FileManager.default.removeItem(atPath: path)
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: "CREATE TABLE photos (id INTEGER)") }
        try queue.close()
        expectFailure(.stranger) { try Library.open(at: folder.library) }
    }

    @Test func missingAndBrokenFilesAreDamage() throws {
        let folder = try TemporaryFolder()
        let files = FileManager.default
        for part in ["catalog.sqlite", "tensors.lmdb/data.mdb"] {
            let library = folder.path + "/" + String(part.prefix(4))
            _ = try Library.create(at: library)
            try files.removeItem(atPath: library + "/" + part)
            expectFailure(.damaged) { try Library.open(at: library) }
            try Data(repeating: 7, count: 20_000)
                .write(to: URL(fileURLWithPath: library + "/" + part))
            expectFailure(.damaged) { try Library.open(at: library) }
        }
    }

    @Test func twoHandlesOfOneLibraryShareTheTensorFile() throws {
        let folder = try TemporaryFolder()
        let first = try Fixture.library(in: folder)
        let second = try Library.open(at: folder.path + "/./lib/")
        let id = try first.commit([Fixture.clip(1)])[0].id
        let tensor = try second.tensor(of: id, .content)
        #expect(tensor?.bytes == Fixture.clip(1).assets[0].tensor.bytes)
    }

    @Test func aWriterThatWaitsTooLongSaysWhatToDo() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.library(in: folder)
        let library = try Library.open(at: folder.library, waitSeconds: 0.1)
        let other = try DatabaseQueue(path: folder.library + "/catalog.sqlite")
        try other.inTransaction(.immediate) { _ in
            let error = expectFailure(.locked) { try library.commit([Fixture.clip(1)]) }
            #expect(error?.description.contains("--wait") == true)
            // Readers never wait for a writer.
            let clips = try library.clips()
            #expect(clips.isEmpty)
            return .rollback
        }
        #expect(try library.commit([Fixture.clip(1)])[0].isNew)
    }

    @Test func aReadOnlyDiskCanBeReadButNotWritten() throws {
        let folder = try TemporaryFolder()
        let id = try {
            let library = try Fixture.library(in: folder)
            return try library.commit([Fixture.clip(1)])[0].id
        }()
        let before = try FileManager.default.contentsOfDirectory(atPath: folder.library).sorted()
        let library = try Library.open(at: folder.library, waitSeconds: 1, isFrozen: true)
        #expect(try library.tensor(of: id, .content) != nil)
        #expect(try Library.check(at: library.path).isSound)
        expectFailure(.notWritable) { try library.commit([Fixture.clip(2)]) }
        expectFailure(.notWritable) { try library.remove([id]) }
        let after = try FileManager.default.contentsOfDirectory(atPath: folder.library).sorted()
        #expect(after == before)
    }

    @Test func changesStillInTheLogAreNotOverlookedOnAReadOnlyDisk() throws {
        let folder = try TemporaryFolder()
        _ = try Library.create(at: folder.library)
        try Data(repeating: 1, count: 40)
            .write(to: URL(fileURLWithPath: folder.library + "/catalog.sqlite-wal"))
        let error = expectFailure(.notWritable) {
            try Library.open(at: folder.library, waitSeconds: 1, isFrozen: true)
        }
        #expect(error?.description.contains("-wal") == true)
    }
}

import Foundation
import GRDB
import Migrations
import Store
import TestSupport
import Testing

/// Named, ordered sets of clips.
@Suite struct CollectionTests {
    private func library(_ folder: TemporaryFolder) throws -> (Library, [ClipID]) {
        let library = try Fixture.library(in: folder)
        return (library, try library.commit((1...4).map { Fixture.clip($0) }).map(\.id))
    }

    private func names(_ library: Library, _ collection: String) throws -> [String] {
        var filter = ClipFilter()
        filter.collection = collection
        return try library.clips(filter).map(\.name)
    }

    @Test func clipsComeInTheOrderInWhichTheyCameIn() throws {
        let folder = try TemporaryFolder()
        let (library, ids) = try library(folder)
        #expect(try library.add([ids[2], ids[0]], toCollection: "reel") == [ids[2], ids[0]])
        #expect(try library.add([ids[0], ids[1]], toCollection: "reel") == [ids[1]])
        #expect(try names(library, "reel") == ["clip-3", "clip-1", "clip-2"])
        #expect(try library.remove([ids[0], ids[3]], fromCollection: "reel") == [ids[0]])
        _ = try library.add([ids[0]], toCollection: "reel")
        #expect(try names(library, "reel") == ["clip-3", "clip-2", "clip-1"])
        let reel = try #require(try library.collections().first)
        #expect((reel.name, reel.clipCount, reel.seconds) == ("reel", 3, 12))
        #expect(try library.collections(with: ids[0]) == ["reel"])
        #expect(try library.status().collectionCount == 1)
    }

    @Test func aDamagedMemberIsNotLeftOutInSilence() throws {
        let folder = try TemporaryFolder()
        let (library, ids) = try library(folder)
        _ = try library.add(ids, toCollection: "reel")
        #expect(try library.atOneMoment { try $0.collections() }.map(\.clips) == [ids])
        let queue = try DatabaseQueue(path: folder.library + "/catalog.sqlite")
        try queue.write { db in
            try db.execute(sql: "PRAGMA ignore_check_constraints = 1")
            try db.execute(
                sql: "UPDATE clips SET identity = 'x' WHERE identity = ?",
                arguments: [ids[1].hex]
            )
        }
        let error = expectFailure(.damaged) {
            try library.atOneMoment { _ = try $0.collections() }
        }
        #expect(error?.description.contains("collection \"reel\"") == true)
    }

    @Test func allOrNothingAndWhatIsUnknownIsSaid() throws {
        let folder = try TemporaryFolder()
        let (library, ids) = try library(folder)
        let stranger = Fixture.clip(9).id
        expectFailure(.unknownReference) {
            try library.add([ids[0], stranger], toCollection: "reel")
        }
        #expect(try library.collections().isEmpty)
        expectFailure(.invalidValue) { try library.add(ids, toCollection: "a/b") }
        _ = try library.add(ids, toCollection: "reel")
        let error = expectFailure(.unknownReference) { try names(library, "rel") }
        #expect(error?.description.contains("did you mean reel?") == true)
        expectFailure(.unknownReference) { try library.deleteCollections(["reel", "rel"]) }
        #expect(try names(library, "reel").count == 4)
        try library.deleteCollections(["reel"])
        #expect(try library.collections().isEmpty)
        #expect(try library.clips().count == 4)
    }

    @Test func aCollectionIsRenamed() throws {
        let folder = try TemporaryFolder()
        let (library, ids) = try library(folder)
        for name in ["reel", "other"] { _ = try library.add(ids, toCollection: name) }
        #expect(try library.renameCollection("reel", to: "trailer")?.old == "reel")
        #expect(try library.renameCollection("trailer", to: "trailer") == nil)
        #expect(try names(library, "trailer").count == 4)
        expectFailure(.conflict) { try library.renameCollection("trailer", to: "other") }
        expectFailure(.unknownReference) { try library.renameCollection("reel", to: "x") }
        expectFailure(.invalidValue) { try library.renameCollection("other", to: "-x") }
    }

    @Test func aRemovedClipLeavesItsCollections() throws {
        let folder = try TemporaryFolder()
        let (library, ids) = try library(folder)
        _ = try library.add(ids, toCollection: "reel")
        _ = try library.remove([ids[1]])
        #expect(try names(library, "reel") == ["clip-1", "clip-3", "clip-4"])
        #expect(try Library.check(at: library.path).isSound)
    }
}

import Foundation
import GRDB
import Store
import Tensors
import TestSupport
import Testing

/// Compositions and collections that come back from their cards, and what a clip had before it was set aside.
@Suite struct DocumentCardTests {
    private func composition(_ name: String, of clips: [NewClip]) -> NewComposition {
        NewComposition(
            name: name,
            hash: String(repeating: name == "dance" ? "ab" : "cd", count: 32),
            recipeJSON: #"{"alpha":1,"name":"\#(name)"}"#,
            parents: clips.map(\.id)
        )
    }

    private func fill(_ folder: TemporaryFolder) throws -> [NewClip] {
        let clips = (1...5).map { Fixture.clip($0) }
        let library = try Fixture.library(in: folder)
        try Fixture.addPackFiles(to: folder.library)
        _ = try library.commit(clips)
        try library.saveComposition(composition("dance", of: [clips[0], clips[1]]))
        try library.saveComposition(composition("gone", of: [clips[2]]))
        try library.removeComposition("gone")
        _ = try library.renameComposition("dance", to: "waltz")
        _ = try library.add([4, 0, 2, 1].map { clips[$0].id }, toCollection: "reel")
        _ = try library.add([clips[0].id], toCollection: "gone")
        try library.deleteCollections(["gone"])
        _ = try library.remove([clips[4].id], force: true)
        _ = try library.collectGarbage()
        return Array(clips[..<4])
    }

    private func repair(_ folder: TemporaryFolder) throws -> RepairReport {
        try Library.repair(at: folder.library, packFingerprint: { _ in Fixture.pack.fingerprint })
    }

    private func members(_ name: String, _ library: Library) throws -> [ClipID] {
        var filter = ClipFilter()
        filter.collection = name
        return try library.clips(filter).map(\.id)
    }

    private func expectDocuments(_ folder: TemporaryFolder, _ clips: [NewClip]) throws {
        let library = try Library.open(at: folder.library)
        let saved = try library.compositions()
        #expect(saved.map(\.name) == ["waltz"])
        #expect(saved.first?.recipeJSON == composition("dance", of: clips).recipeJSON)
        #expect(saved.first?.parents == clips[..<2].map(\.id))
        #expect(try library.collections().map(\.name) == ["reel"])
        #expect(try members("reel", library) == [0, 2, 1].map { clips[$0].id }, "in their order")
    }

    @Test func aLostCatalogueHasThemAgain() throws {
        let folder = try TemporaryFolder()
        let clips = try fill(folder)
        try expectDocuments(folder, clips)
        #expect(try repair(folder).isEmpty, "a sound library is left alone")
        try FileManager.default.removeItem(atPath: folder.library + "/catalog.sqlite")
        let report = try repair(folder)
        #expect(report.remaining.isEmpty)
        #expect(report.actions.contains { $0.contains("composition \"waltz\"") })
        try expectDocuments(folder, clips)
    }

    @Test(
        arguments: [
            "UPDATE compositions SET recipe = '{}'", "UPDATE compositions SET name = 'wbltz'",
        ]
    )
    func aChangedRecipeIsWrittenAgain(statement: String) throws {
        let folder = try TemporaryFolder()
        let clips = try fill(folder)
        try DatabaseQueue(path: folder.library + "/catalog.sqlite").write { db in
            try db.execute(sql: statement)
        }
        #expect(try !Library.check(at: folder.library).isSound)
        #expect(try repair(folder).quarantine != nil, "the changed row is kept")
        try expectDocuments(folder, clips)
    }

    /// Cards go with damaged tensors, or were never written by an older vsdb.
    @Test func theyAreWrittenWhereTheyLack() throws {
        let folder = try TemporaryFolder()
        let clips = try fill(folder)
        let path = folder.library + "/tensors.lmdb/data.mdb"
        // Both meta pages, so that the file is written anew of its records.
        for page in [0, 4096] { try overwrite(path, at: page + 16, with: [0, 0, 0, 0]) }
        #expect(try repair(folder).actions.contains { $0.contains("wrote the tensors anew") })
        try expectDocuments(folder, clips)
        try FileManager.default.removeItem(atPath: folder.library + "/catalog.sqlite")
        _ = try repair(folder)
        try expectDocuments(folder, clips)
    }

    @Test func aClipThatWasSetAsideComesBackToItsTagsAndCollections() throws {
        let folder = try TemporaryFolder()
        let clips = try fill(folder)
        _ = try {
            let library = try Library.open(at: folder.library)
            _ = try library.tag([clips[2].id], with: ["purple"])
        }()
        let path = folder.library + "/tensors.lmdb/data.mdb"
        let file = try Data(contentsOf: URL(fileURLWithPath: path))
        let place = try #require(file.range(of: clips[2].assets[0].tensor.bytes)).lowerBound
        try overwrite(path, at: place, with: [file[place] ^ 1])
        #expect(try repair(folder).lostClips.map(\.name) == ["clip-3"])
        let library = try Library.open(at: folder.library)
        #expect(try members("reel", library) == [0, 1].map { clips[$0].id })
        var again = clips[2]
        (again.caption, again.tags) = (nil, [])
        _ = try library.commit([again])
        let clip = try library.clip(clips[2].id)
        #expect(Set(clip.tags) == Set(clips[2].tags + ["purple"]))
        #expect(clip.caption == "clip number 3")
        try expectDocuments(folder, clips)
        #expect(try Library.check(at: folder.library).isSound)
    }
}

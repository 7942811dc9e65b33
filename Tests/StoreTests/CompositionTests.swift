import Foundation
import Store
import Tensors
import TestSupport
import Testing

/// Saved recipes, renders, removal and collection.
@Suite struct CompositionTests {
    private static let hash = String(repeating: "ab", count: 32)

    private func recipe(_ name: String, _ parents: [ClipID], hash: String = hash) -> NewComposition
    {
        NewComposition(
            name: name,
            hash: hash,
            recipeJSON: #"{"alpha":1.5,"parents":["cat"]}"#,
            parents: parents
        )
    }

    @Test func recipesComeBackByNameAndHash() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let ids = try library.commit([Fixture.clip(1), Fixture.clip(2)]).map(\.id)
        let new = recipe("dance", [ids[1], ids[0], ids[1]])
        try library.saveComposition(new)
        let found = try library.composition("dance")
        #expect(found.recipeJSON == new.recipeJSON)
        #expect(found.parents == new.parents)
        #expect(try library.composition("abab") == found)
        #expect(try library.compositions() == [found])
        expectFailure(.unknownReference) { try library.composition("danse macabre") }
        // The same again is nothing, other content needs leave.
        try library.saveComposition(new)
        let other = recipe("dance", [ids[0]], hash: String(repeating: "cd", count: 32))
        expectFailure(.conflict) { try library.saveComposition(other) }
        try library.saveComposition(other, replace: true)
        #expect(try library.compositions().map(\.hash) == [other.hash])
        try library.removeComposition("dance")
        #expect(try library.compositions().isEmpty)
    }

    @Test func badRecipesAreRefused() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        expectFailure(.invalidValue) { try library.saveComposition(recipe("a@b", [])) }
        expectFailure(.invalidValue) { try library.saveComposition(recipe("a", [], hash: "x")) }
        expectFailure(.unknownReference) {
            try library.saveComposition(recipe("a", [Fixture.clip(9).id]))
        }
    }

    @Test func rendersAreListedNewestFirst() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let renders = (0..<3).map { index in
            RenderRecord(
                recipeHash: Self.hash,
                outputPath: "/out/\(index).mp4",
                detailsJSON: #"{"seed":\#(index)}"#,
                rendered: Date(timeIntervalSince1970: Double(index))
            )
        }
        for render in renders { try library.recordRender(render) }
        #expect(try library.renders(ofRecipe: Self.hash) == renders.reversed())
        #expect(try library.renders().count == 3)
        #expect(try library.renders(ofRecipe: String(repeating: "0", count: 64)).isEmpty)
    }

    @Test func aClipInUseIsKeptUnlessForced() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let ids = try library.commit([Fixture.clip(1), Fixture.clip(2)]).map(\.id)
        try library.saveComposition(recipe("dance", [ids[0]]))
        let error = expectFailure(.inUse) { try library.remove([ids[1], ids[0]]) }
        #expect(error?.description.contains("dance") == true)
        #expect(try library.clips().count == 2)
        let report = try library.remove(ids, force: true)
        #expect((report.removedCount, report.brokenCompositions) == (2, ["dance"]))
        #expect(try library.clips().isEmpty)
        #expect(try library.status().sourceCount == 0)
        expectFailure(.unknownReference) { try library.remove([ids[0]]) }
        // The recipe still names its clip, which comes back under the same id.
        #expect(try library.composition("dance").parents == [ids[0]])
        #expect(try library.commit([Fixture.clip(1)])[0].id == ids[0])
        expectFailure(.inUse) { try library.remove([ids[0]]) }
    }

    @Test func onlyRowlessTensorsAreCollected() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let ids = try library.commit([Fixture.clip(1), Fixture.clip(2)]).map(\.id)
        let asset = try library.assets(of: ids[0])[0]
        _ = try library.remove([ids[0]])
        let size = Fixture.clip(1).assets.reduce(0) { $0 + 48 + $1.tensor.bytes.count }
        let dry = try library.collectGarbage(dryRun: true)
        #expect((dry.tensorCount, dry.byteCount, dry.isDryRun) == (3, size, true))
        #expect(try library.status().orphans == dry)
        let wet = try library.collectGarbage()
        #expect((wet.tensorCount, wet.byteCount, wet.isDryRun) == (3, size, false))
        #expect(try library.collectGarbage().tensorCount == 0)
        #expect(try Library.check(at: library.path).isSound)
        expectFailure(.unknownReference) { try library.tensor(asset.id) }
        expectFailure(.unknownReference) { try library.clip(ids[0]) }
        expectFailure(.unknownReference) { try library.assets(of: ids[0]) }
    }

    @Test func readersAndACollectorDoNotDisturbEachOther() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let kept = try library.commit([Fixture.clip(0)])[0].id
        DispatchQueue.concurrentPerform(iterations: 3) { worker in
            for seed in 1..<30 {
                #expect(throws: Never.self) {
                    if worker == 0 {
                        let id = try library.commit([Fixture.clip(seed)])[0].id
                        _ = try library.remove([id])
                        _ = try library.collectGarbage()
                    } else {
                        #expect(try library.tensor(of: kept, .content) != nil)
                        _ = try library.tensors(
                            .content,
                            packFingerprint: Fixture.pack.fingerprint
                        )
                    }
                }
            }
        }
        #expect(try Library.check(at: library.path).isSound)
    }

    @Test func statusCountsEverything() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        _ = try library.commit((0..<3).map { Fixture.clip($0) })
        try library.saveComposition(recipe("dance", []))
        let status = try library.status()
        #expect((status.sourceCount, status.clipCount, status.assetCount) == (3, 3, 9))
        #expect((status.packCount, status.compositionCount, status.renderCount) == (1, 1, 0))
        #expect((status.formatVersion, status.schemaVersion) == (1, 3))
        #expect(status.uuid == library.uuid)
        #expect(status.tensorByteCount > 3 * (18 * 512 + 64 * 64) * 4)
        #expect(status.catalogByteCount > 4096)
        #expect(status.freeByteCount > 0)
    }
}

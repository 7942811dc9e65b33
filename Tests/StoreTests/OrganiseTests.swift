import Foundation
import Store
import TestSupport
import Testing

/// Tags, captions and names that change after the clip was added.
@Suite struct OrganiseTests {
    private func piece(_ start: Double, _ end: Double, source: Int = 1) -> NewClip {
        var clip = Fixture.clip(source, name: "walk")
        (clip.start, clip.end, clip.isSegment) = (start, end, true)
        clip.assets = Array(clip.assets.prefix(1))
        return clip
    }

    @Test func tagsComeAndGoAndSayWhatChanged() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let ids = try library.commit([Fixture.clip(1), Fixture.clip(2)]).map(\.id)
        #expect(try library.tag(ids, with: ["dance", "odd"]) == ids)
        #expect(try library.tag(ids, with: ["odd"]).isEmpty)
        #expect(try library.clip(ids[1]).tags == ["all", "dance", "even", "odd"])
        #expect(try library.untag(ids, from: ["even", "none"]) == [ids[1]])
        #expect(try library.untag(ids, from: ["even"]).isEmpty)
        #expect(try library.clip(ids[1]).tags == ["all", "dance", "odd"])
        expectFailure(.unknownReference) {
            try library.tag(ids + [Fixture.clip(9).id], with: ["x"])
        }
        #expect(try library.clip(ids[0]).tags == ["all", "dance", "odd"])
        expectFailure(.invalidValue) { try library.tag(ids, with: ["ok", ""]) }
        expectFailure(.invalidValue) { try library.tag(ids, with: ["a\nb"]) }
    }

    @Test func captionsChangeAllAtOnceOrNotAtAll() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let ids = try library.commit([Fixture.clip(1), Fixture.clip(2)]).map(\.id)
        let before = try library.assets(of: ids[0])
        #expect(try library.setCaptions([ids[0]: "new", ids[1]: "clip number 2"]) == [ids[0]])
        #expect(try library.setCaptions([ids[0]: "new"]).isEmpty)
        expectFailure(.unknownReference) {
            try library.setCaptions([ids[0]: "newer", Fixture.clip(9).id: "x"])
        }
        #expect(try library.clip(ids[0]).caption == "new")
        #expect(try library.setCaptions([ids[0]: nil, ids[1]: " "]) == Set(ids))
        #expect(try library.clip(ids[1]).caption == nil)
        #expect(try library.assets(of: ids[0]) == before)
    }

    @Test func aBaseNameStandsForItsSegments() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let ids = try library.commit([piece(0, 2), piece(2, 4), Fixture.clip(3)]).map(\.id)
        #expect(try library.clips(named: ["walk"]).map(\.id) == Array(ids.prefix(2)))
        #expect(
            try library.clips(named: ["walk@2s-4s", "clip-3", "walk"]).map(\.id) == [
                ids[1], ids[2], ids[0],
            ]
        )
        #expect(try library.clips(named: [ids[0].short]).map(\.id) == [ids[0]])
        let error = expectFailure(.invalidValue) { try library.clips(named: ["walk@2s-3s"]) }
        #expect(error?.description.contains("leave the times away") == true)
        expectFailure(.unknownReference) { try library.clips(named: ["walk", "wolk"]) }
    }

    @Test func segmentsAreRenamedTogetherOrAlone() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let ids = try library.commit([piece(0, 2), piece(2, 4), Fixture.clip(3)]).map(\.id)
        let renamed = try library.renameClip("walk", to: "stroll")
        #expect(renamed.map(\.old) == ["walk@0s-2s", "walk@2s-4s"])
        #expect(renamed.map(\.new) == ["stroll@0s-2s", "stroll@2s-4s"])
        #expect(try library.renameClip("stroll", to: "stroll").isEmpty)
        #expect(try library.renameClip("stroll@2s-4s", to: "jump").map(\.new) == ["jump@2s-4s"])
        #expect(try library.resolve("jump").clip.id == ids[1])
        #expect(try library.resolve("stroll").clip.id == ids[0])
        // Back together, as they were.
        #expect(try library.renameClip(ids[1].short, to: "stroll").map(\.new) == ["stroll@2s-4s"])
        #expect(try library.clips(named: ["stroll"]).map(\.id) == Array(ids.prefix(2)))
        #expect(try Library.check(at: library.path).isSound)
    }

    @Test func aNameThatIsTakenIsRefused() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        _ = try library.commit([piece(0, 2), piece(0, 2, source: 2), Fixture.clip(3)])
        for (reference, name) in [("walk", "clip-3"), ("clip-3", "walk"), ("walk", "walk-2")] {
            let error = expectFailure(.conflict) { try library.renameClip(reference, to: name) }
            #expect(error?.description.contains("choose another name") == true)
        }
        let error = expectFailure(.invalidValue) { try library.renameClip("walk", to: "a@b") }
        #expect(error?.description.contains("use \"a-b\"") == true)
        #expect(try library.clips().map(\.name) == ["clip-3", "walk@0s-2s", "walk-2@0s-2s"])
    }

    @Test func aRecipeIsRenamedAndStaysSound() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let id = try library.commit([Fixture.clip(1)])[0].id
        for name in ["dance", "other"] {
            try library.saveComposition(
                NewComposition(
                    name: name,
                    hash: String(repeating: "ab", count: 32),
                    recipeJSON: "{}",
                    parents: [id]
                )
            )
        }
        #expect(try library.renameComposition("dance", to: "waltz")?.old == "dance")
        #expect(try library.renameComposition("waltz", to: "waltz") == nil)
        #expect(try library.composition("waltz").parents == [id])
        #expect(try library.compositions(using: id).map(\.name) == ["other", "waltz"])
        expectFailure(.conflict) { try library.renameComposition("waltz", to: "other") }
        expectFailure(.unknownReference) { try library.renameComposition("dance", to: "x") }
        #expect(try Library.check(at: library.path).isSound)
    }
}

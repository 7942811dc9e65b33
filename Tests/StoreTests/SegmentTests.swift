import Foundation
import Store
import TestSupport
import Testing

/// Long videos as several clips: names that carry times of the source.
@Suite struct SegmentTests {
    private func piece(
        _ start: Double,
        _ end: Double,
        of name: String = "walk",
        source: Int = 1
    ) -> NewClip {
        var clip = Fixture.clip(source, name: name)
        (clip.start, clip.end, clip.isSegment, clip.assets) = (start, end, true, [])
        return clip
    }

    @Test func namesCarryTheShortestTimes() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let done = try library.commit([
            piece(0, 2), piece(2, 4.04), piece(4.04, 10), piece(10, 3600.0004),
            piece(3600.0004, 3602.125),
        ])
        let names = [
            "walk@0s-2s", "walk@2s-4.04s", "walk@4.04s-10s", "walk@10s-3600s",
            "walk@3600s-3602.125s",
        ]
        #expect(done.map(\.name) == names)
        let clips = try library.clips()
        #expect(clips.map(\.name) == names, "by time, not by text")
        #expect(clips.allSatisfy { $0.baseName == "walk" && $0.isSegment })
        for clip in clips {
            let found = try library.resolve(clip.name)
            #expect(found == (try library.resolve(clip.id.hex)))
            #expect((found.start, found.end) == (0, clip.duration))
            #expect(!found.namesTimes)
        }
    }

    @Test func namesAreForetold() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let clips = [
            Fixture.clip(7, name: "walk"), piece(0, 2), piece(2, 4), piece(2, 4.0001),
            piece(0, 2, source: 2), Fixture.clip(8, name: "walk-2"), Fixture.clip(9, name: "a/b"),
            Fixture.clip(10, name: String(repeating: "w", count: 300)),
            Fixture.clip(11, name: String(repeating: "w", count: 300)),
        ]
        for clip in clips {
            let name = try library.name(for: clip)
            #expect(try library.commit([clip]).map(\.name) == [name])
        }
    }

    @Test func partsAreFoundInTheClipThatHasThem() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let done = try library.commit([piece(0, 2), piece(2, 4), piece(4, 6)])
        func found(_ text: String) throws -> [String] {
            let found = try library.resolve(text)
            #expect(found.namesTimes == (found.end - found.start < 2))
            return ["\(found.clip.name)", "\(found.start)", "\(found.end)"]
        }
        #expect(try found("walk@2.5s-3s") == ["walk@2s-4s", "0.5", "1.0"])
        #expect(try found("walk@2-4") == ["walk@2s-4s", "0.0", "2.0"])
        #expect(try found("walk@2.0004s-4s") == ["walk@2s-4s", "0.0", "2.0"])
        #expect(try found("walk@3s-") == ["walk@2s-4s", "1.0", "2.0"])
        #expect(try found("walk@2s-") == ["walk@2s-4s", "0.0", "2.0"])
        #expect(try found("walk@-3s") == ["walk@2s-4s", "0.0", "1.0"])
        #expect(try found("walk@-4s") == ["walk@2s-4s", "0.0", "2.0"])
        #expect(try found("walk@1s") == ["walk@0s-2s", "1.0", "1.0"])
        // A boundary is the later clip's, but for the last one.
        #expect(try found("walk@2s") == ["walk@2s-4s", "0.0", "0.0"])
        #expect(try found("walk@6s") == ["walk@4s-6s", "2.0", "2.0"])
        // Times behind a hash are seconds of the source too.
        #expect(try found("\(done[1].id)@2.5s-3s") == ["walk@2s-4s", "0.5", "1.0"])
        expectFailure(.unknownReference) { try library.resolve("\(done[1].id)@0s-1s") }
        for text in ["walk@1s-3s", "walk@6s-8s", "walk@7s", "walk@6s-"] {
            expectFailure(.unknownReference) { try library.resolve(text) }
        }
        expectFailure(.invalidValue) { try library.resolve("walk@3s-2s") }
        let error = expectFailure(.unknownReference) { try library.resolve("walk@1s-3s") }
        #expect(error?.description.contains("walk@0s-2s, walk@2s-4s, walk@4s-6s") == true)
    }

    @Test func aNameOfSeveralClipsIsAmbiguous() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let done = try library.commit((0..<12).map { piece(Double($0) * 2, Double($0) * 2 + 2) })
        let error = expectFailure(.ambiguousReference(candidates: done.map(\.name))) {
            try library.resolve("walk")
        }
        #expect(error?.description.contains("walk@0s-2s, walk@2s-4s, ") == true)
        #expect(error?.description.contains(" and 2 more") == true)
        _ = try library.remove(done.dropFirst().map(\.id))
        #expect(try library.resolve("walk").clip.name == "walk@0s-2s", "the only one left")
        let typo = expectFailure(.unknownReference) { try library.resolve("wlak@0s-2s") }
        #expect(typo?.description.contains("did you mean walk?") == true)
    }

    @Test func overlappingPiecesAreToldApartByRangeOrHash() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let done = try library.commit([piece(0, 2), piece(2, 4), piece(0, 3), piece(3, 6)])
        #expect(done[2].name == "walk@0s-3s")
        #expect(try library.resolve("walk@0s-2s").clip.id == done[0].id)
        #expect(try library.resolve("walk@3s-5s").clip.id == done[3].id)
        let both = [done[0], done[2]].map { "\($0.name) (\($0.id))" }
        let error = expectFailure(.ambiguousReference(candidates: both)) {
            try library.resolve("walk@0.5s-1s")
        }
        #expect(error?.description.contains("\(done[0].id)@0.5s-1s") == true)
        #expect(try library.resolve("\(done[2].id)@0.5s-1s").start == 0.5)
    }

    @Test func aBaseNameIsOfOneWholeClipOrOneSource() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        var otherSettings = piece(0, 2)
        otherSettings.settings = "{}"
        let done = try library.commit([
            piece(0, 2), piece(0, 2, source: 2), Fixture.clip(3, name: "walk"), piece(2, 4),
            piece(2, 4, source: 2), otherSettings, Fixture.clip(1, name: "walk"),
        ])
        #expect(
            done.map(\.name) == [
                "walk@0s-2s", "walk-2@0s-2s", "walk-3", "walk@2s-4s", "walk-2@2s-4s",
                "walk-4@0s-2s", "walk-5",
            ]
        )
        // A later ingest goes on where the first one ended.
        #expect(try library.commit([piece(4, 6, source: 2)])[0].name == "walk-2@4s-6s")
        #expect(try library.commit([piece(4, 6, of: "stroll", source: 2)])[0].isNew == false)
        #expect(
            try library.commit([piece(6, 8, of: "stroll", source: 2)])[0].name == "stroll@6s-8s"
        )
        #expect(
            try library.clips().map(\.name).filter { $0.hasPrefix("walk-2") }
                == ["walk-2@0s-2s", "walk-2@2s-4s", "walk-2@4s-6s"]
        )
    }

    @Test func rangesThatLookTheSameGetTheirOwnNames() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let done = try library.commit([piece(0, 2), piece(0, 2.0004), piece(2.0004, 4)])
        #expect(done.map(\.name) == ["walk@0s-2s", "walk-2@0s-2s", "walk@2s-4s"])
        for clip in done { #expect(try library.resolve(clip.name).clip.id == clip.id) }
    }

    @Test func aWholeClipOfAPartHasTimesOfTheSource() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        var part = Fixture.clip(1, name: "part")
        (part.start, part.end) = (3, 7)
        _ = try library.commit([part])
        #expect(try library.resolve("part").clip.name == "part")
        let found = try library.resolve("part@4s-5s")
        #expect((found.start, found.end, found.namesTimes) == (1, 2, true))
        #expect(try library.resolve("part@-4s").end == 1)
        let error = expectFailure(.unknownReference) { try library.resolve("part@0s-1s") }
        #expect(error?.description.contains("part with 3s-7s") == true)
    }
}

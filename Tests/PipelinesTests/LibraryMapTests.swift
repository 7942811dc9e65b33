import Foundation
import Media
import Packs
import Pipelines
import Store
import TestSupport
import Testing

/// Maps of a library.
@Suite struct LibraryMapTests {
    private func map(_ edit: (inout MapRequest) -> Void = { _ in }) throws -> LibraryMap {
        var request = MapRequest()
        edit(&request)
        return try CopiedClips.get().session.map(request)
    }

    @Test(arguments: SearchAspect.allCases)
    func copiesAreNeighbours(aspect: SearchAspect) throws {
        let map = try map { $0.aspect = aspect }
        let first = try #require(map.clips.first { $0.clip.name == "figure00_motion00" })
        let near = first.neighbours.map { map.clips[$0.place].clip.name }
        #expect(near.count { CopiedClips.copies.contains($0) } >= 3, "\(aspect): \(near)")
        for clip in map.clips {
            #expect((0...1).contains(clip.x) && (0...1).contains(clip.y))
            #expect(!clip.neighbours.contains { map.clips[$0.place].clip.id == clip.clip.id })
        }
    }

    @Test func theSameSeedGivesTheSameMap() throws {
        let (one, other) = (try map(), try map())
        #expect(one.clips.map(\.x) == other.clips.map(\.x))
        let seeded = try map { $0.seed = 9 }
        #expect(one.clips.map(\.x) != seeded.clips.map(\.x))
    }

    @Test func clipsAreColouredByTheCommonestWord() throws {
        let session = try CopiedClips.get().session
        let pictures = try map { $0.aspect = .content }
        #expect(pictures.clips.contains { $0.label == "picture" })
        let bases = try map { $0.label = .base }
        #expect(bases.clips.allSatisfy { $0.label == $0.clip.baseName })
        #expect(bases.legend.isEmpty, "a colour for one clip alone says nothing")
        #expect(try session.library.collections().isEmpty)
        #expect(try map { $0.label = .collection }.clips.allSatisfy { $0.label == nil })
    }

    @Test func fewClipsHaveAMapToo() throws {
        for (name, count) in [("nobody", 0), ("black-small", 1), ("black", 2), ("first-", 4)] {
            let few = try map { request in
                let expression = try? FilterExpression("name starts '\(name)'")
                request.filter.expression = expression
            }
            #expect(few.clips.count == count && few.trustworthiness == nil)
        }
    }

    @Test func everyClipHasItsPicture() throws {
        let session = try CopiedClips.get().session
        let map = try map()
        let pictures = try #require(
            try session.pictures(of: map, cancellation: Cancellation()) { _ in }
        )
        let sheet = try StillImage.decode(try #require(pictures.sheets.first))
        #expect(sheet.width == pictures.columns * pictures.width)
        #expect(pictures.width == 96 && pictures.height == 96 && pictures.sheets.count == 1)
        // The sheet shows the clip's own picture at its number.
        for name in ["black", "figure00_motion00"] {
            let place = try #require(map.clips.firstIndex { $0.clip.name == name })
            let own = sheet.cropped(
                x: place % pictures.columns * 96,
                y: place / pictures.columns * 96,
                width: 96,
                height: 96
            )
            let light = own.pixels.reduce(0) { $0 + Int($1) } / own.pixels.count
            #expect(name == "black" ? light < 12 : light > 60, "\(name): \(light)")
        }
    }

    @Test func aPictureOfTheMapIsDrawn() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/map.png"
        let session = try CopiedClips.get().session
        try session.draw(try map(), to: path)
        let image = try StillImage.read(path)
        #expect(image.width > 1_600 && image.height > 1_600)
    }
}

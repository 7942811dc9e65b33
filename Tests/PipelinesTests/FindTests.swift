import Foundation
import Media
import Pipelines
import Store
import Testing

/// What is found on clips of which it is known who they are and what they do.
@Suite struct FindTests {
    private func names(_ request: FindRequest, _ session: Session) throws -> [String] {
        try session.find(request).clips.map(\.clip.name)
    }

    @Test(
        "motion finds the same motion by another figure, content the same figure in another motion"
    )
    func aspects() throws {
        let session = try FindLibrary.get().session
        #expect(
            try names(.like("figure00_motion00", .motion), session)[0] == "figure01_motion00"
        )
        #expect(
            try names(.like("figure00_motion00", .content), session)[0] == "figure00_motion12"
        )
        #expect(
            try names(.like("figure00_motion00", .look), session)[0] == "figure00_motion12"
        )
    }

    @Test("a clip is not its own answer, and a k beyond the library gives all others")
    func all() throws {
        let session = try FindLibrary.get().session
        for aspect in SearchAspect.allCases {
            var request = FindRequest.like("figure01_motion13", aspect)
            request.count = .max
            let result = try session.find(request)
            #expect(Set(result.clips.map(\.clip.name)) == Set(FindLibrary.names.dropLast()))
            #expect(result.candidates == 4)
            let scores = result.clips.map(\.score)
            #expect(scores == scores.sorted(by: >))
            #expect(scores.allSatisfy { (-1.001...1.001).contains($0) })
        }
    }

    @Test("a film that is not in the library is found as if it were, and is not added")
    func file() throws {
        let session = try FindLibrary.get().copy()
        let clip = try session.library.resolve("figure00_motion00").clip
        let stored = try session.find(.like("figure00_motion00", .motion))
        _ = try session.library.remove([clip.id])
        let path = LibraryFixture.samples + "/clips/figure00_motion00.mp4"
        for aspect in SearchAspect.allCases {
            let result = try session.find(.like(path, aspect))
            #expect(result.clips.count == 4)
            #expect(try session.library.clips().count == 4)
            guard aspect == .motion else { continue }
            // The centre stands on one clip less; the order stays.
            #expect(result.clips.map(\.clip.name) == stored.clips.map(\.clip.name))
        }
    }

    @Test("a composition moves like its motion and looks like its content")
    func composition() throws {
        let session = try FindLibrary.get().copy()
        var request = CompositionRequest(content: "figure00_motion00")
        request.motion = "figure01_motion01"
        try session.save(try session.compose(request).recipe, as: "swap")
        #expect(try names(.like("swap", .motion), session)[0] == "figure01_motion01")
        #expect(try names(.like("swap", .content), session)[0] == "figure00_motion00")
        #expect(try names(.like("swap", .look), session).first?.hasPrefix("figure00") == true)
    }

    @Test("a part of a clip is compared by its own states; a moment is none")
    func part() throws {
        let session = try FindLibrary.get().session
        let whole = try session.find(.like("figure00_motion00", .motion))
        let part = try session.find(.like("figure00_motion00@0.5s-1.5s", .motion))
        #expect(part.clips.count == 4)
        #expect(part.clips.map(\.score) != whole.clips.map(\.score))
        let error = #expect(throws: RequestError.self) {
            try session.find(.like("figure00_motion00@1s", .motion))
        }
        #expect(error?.description.contains("one moment") == true)
        #expect(throws: RequestError.self) {
            try session.find(.like("figure00_motion00@0.5s-1.5s", .content))
        }
    }

    @Test("the motion of one part: other parts do not count")
    func mask() throws {
        let session = try FindLibrary.get().session
        var request = FindRequest.like("figure00_motion00", .motion)
        request.masks = ["legs"]
        let legs = try session.find(request)
        request.masks = ["right-arm", "left-arm"]
        let arms = try session.find(request)
        #expect(legs.clips.map(\.score) != arms.clips.map(\.score))
        request.masks = ["all"]
        let plain = try session.find(.like("figure00_motion00", .motion))
        #expect(try session.find(request).clips.map(\.score) == plain.clips.map(\.score))
        request.masks = ["legs:0"]
        #expect(throws: RequestError.self) { try session.find(request) }
    }

    @Test("words find what CLIP sees; with a clip both count")
    func words() throws {
        let session = try FindLibrary.get().session
        var request = FindRequest()
        request.text = "a photo of a person wearing a red top"
        let words = try session.find(request)
        #expect(words.clips.count == 5)
        var both = FindRequest.like("figure00_motion00", .motion)
        both.text = request.text
        both.textWeight = 0
        #expect(
            try session.find(both).clips.map(\.clip.name)
                == session.find(.like("figure00_motion00", .motion)).clips.map(\.clip.name)
        )
        both.textWeight = 1
        let byWords = words.clips.map(\.clip.name).filter { $0 != "figure00_motion00" }
        #expect(try session.find(both).clips.map(\.clip.name) == byWords)
        request.text = "  "
        #expect(throws: RequestError.self) { try session.find(request) }
    }

    @Test("only clips that meet the conditions are found; no condition is left over")
    func filter() throws {
        let session = try FindLibrary.get().session
        var request = FindRequest.like("figure00_motion00", .motion)
        request.filter.nameContains = "figure01"
        let found = try session.find(request)
        #expect(
            Set(found.clips.map(\.clip.name)) == Set(FindLibrary.names.suffix(3))
        )
        #expect(found.candidates == 3)
        request.filter.nameContains = "figure00_motion00"
        let own = try session.find(request)
        #expect(own.clips.isEmpty && own.candidates == 0)
        #expect(own.notes.contains { $0.contains("meets the conditions") })
    }

    @Test("windows say where in a clip the motion is")
    func anywhere() throws {
        let session = try FindLibrary.get().session
        var request = FindRequest.like("figure00_motion00", .motion)
        request.anywhere = true
        let found = try session.find(request)
        #expect(found.clips.count == 4)
        #expect(found.clips[0].clip.name == "figure01_motion00")
        #expect(found.clips.allSatisfy { $0.part?.lowerBound == 0 })
        request.count = .max
        #expect(try session.find(request).clips.count == 4)
        request.aspect = .look
        #expect(throws: RequestError.self) { try session.find(request) }
        // Words have no moments: whole clips are found, no more than were asked for.
        (request.reference, request.text) = (nil, "a photo of a person")
        (request.aspect, request.count) = (.motion, 1)
        #expect(try session.find(request).clips.count == 1)
    }

    @Test("a part that is looked for anywhere is found at its place, as long as it is")
    func anywhereOfAPart() throws {
        let session = try FindLibrary.get().copy()
        for (from, to) in [(0.0, 1.0), (0.5, 1.5), (1.0, 2.0), (1.25, 1.75)] {
            var request = FindRequest.like("figure00_motion00@\(from)s-\(to)s", .motion)
            request.anywhere = true
            let best = try session.find(request).clips[0]
            #expect(best.clip.name == "figure01_motion00")
            let part = try #require(best.part)
            #expect(abs(part.lowerBound - from) <= 0.15, "\(part) for \(from)")
            #expect(abs(part.upperBound - part.lowerBound - (to - from)) < 0.001, "\(part)")
        }
    }

    @Test("a part of a film that is not in the library, and of a composition")
    func partsOfOthers() throws {
        let session = try FindLibrary.get().copy()
        let path = LibraryFixture.samples + "/clips/figure00_motion00.mp4"
        let part = try session.find(.like(path + "@0.5s-1.5s", .motion))
        #expect(part.clips.count == 5)
        let whole = try session.find(.like(path, .motion))
        #expect(part.clips.map(\.score) != whole.clips.map(\.score))
        // A part of a film has frames of its own.
        #expect(try session.find(.like(path + "@0.5s-1.5s", .content)).clips.count == 5)
        let (_, rest) = try session.sheet(.like(path, .motion), whole)
        #expect(rest == 0)
        var request = CompositionRequest(content: "figure00_motion00")
        request.motion = "figure01_motion01"
        try session.save(try session.compose(request).recipe, as: "swap")
        let first = try session.find(.like("swap@0s-1s", .motion))
        let all = try session.find(.like("swap", .motion))
        #expect(first.clips.map(\.score) != all.clips.map(\.score))
        #expect(throws: RequestError.self) { try session.find(.like("swap@8s-9s", .motion)) }
        #expect(throws: RequestError.self) { try session.find(.like("swap@0s-1s", .look)) }
    }

    @Test("a composition that lost a clip says so, and is compared by what is left")
    func lostClip() throws {
        let session = try FindLibrary.get().copy()
        var request = CompositionRequest(content: "figure00_motion00")
        request.motion = "figure01_motion01"
        try session.save(try session.compose(request).recipe, as: "swap")
        let clip = try session.library.resolve("figure01_motion01").clip
        _ = try session.library.remove([clip.id], force: true)
        let error = #expect(throws: StoreError.self) { try session.find(.like("swap", .motion)) }
        #expect(error?.description.contains("\"swap\" has lost a clip") == true)
        #expect(try names(.like("swap", .content), session)[0] == "figure00_motion00")
    }

    @Test("clips that are kept whole are warned of when they come in and when parts are looked for")
    func longClips() throws {
        let session = try FindLibrary.get().copy()
        let path = session.library.path + "/../long.mkv"
        let reader = try VideoReader(path: LibraryFixture.samples + "/clips/figure00_motion00.mp4")
        var frames: [RGBImage] = []
        while let frame = try reader.next() { frames.append(frame.image) }
        let writer = try VideoWriter(
            path: path,
            width: frames[0].width,
            height: frames[0].height,
            frameRate: try #require(FrameRate(perSecond: 25))
        )
        for frame in frames + frames.reversed() { try writer.append(frame) }
        try writer.finish()
        var ingest = IngestRequest(inputs: [path])
        ingest.segment = .none
        var warnings: [String] = []
        _ = try session.ingest(ingest) {
            if case .clip(let clip) = $0 { warnings += clip.warnings }
        }
        #expect(warnings.contains { $0.contains("--segment 2s") }, "\(warnings)")
        var request = FindRequest.like("figure00_motion00", .motion)
        request.anywhere = true
        #expect(
            try session.find(request).notes.contains { $0.hasPrefix("1 clip of more than 2 s") }
        )
    }

    @Test("a sheet of more clips than a picture has room for shows the first, and counts the rest")
    func tallSheet() throws {
        let session = try FindLibrary.get().session
        let clip = try session.library.resolve("figure00_motion00").clip
        let sheet = try session.sheet(of: Array(repeating: clip, count: 400), title: "many")
        #expect(sheet.leftOut == 400 - Session.sheetRows && sheet.image.height <= 16_384)
    }
}

import Foundation
import Media
import Packs
import Pipelines
import Store
import Tensors
import Testing

/// A library with two figures in two motions each, and a film of one of them in the other's motion.
private final class FindLibrary: Sendable {
    static let shared = Result { try FindLibrary() }
    static let names = [
        "figure00_motion00", "figure00_motion12", "figure01_motion00", "figure01_motion01",
        "figure01_motion13",
    ]

    let path: String
    let session: Session

    init() throws {
        path = try LibraryFixture.get().path("library")
        session = Session(library: try Library.create(at: path))
        try session.addPack(from: LibraryFixture.samples + "/packs/paper-doll")
        let drawn = Self.names.filter { $0 != "figure01_motion00" }
        _ = try session.ingest(
            IngestRequest(inputs: drawn.map { LibraryFixture.samples + "/clips/\($0).mp4" })
        )
        var crossed = CompositionRequest(content: "figure01_motion01")
        crossed.motion = "figure00_motion00"
        var options = RenderOptions()
        options.output = film
        _ = try session.render(try session.compose(crossed).recipe, options)
        _ = try session.ingest(IngestRequest(inputs: [film]))
    }

    /// Figure 1 in the motion of figure 0, which no sample clip shows.
    var film: String { path + "/../figure01_motion00.mkv" }

    static func get() throws -> FindLibrary { try shared.get() }

    /// A copy that a test may change.
    func copy() throws -> Session {
        let other = try LibraryFixture.get().path("library")
        try FileManager.default.copyItem(atPath: path, toPath: other)
        return Session(library: try Library.open(at: other))
    }
}

extension FindRequest {
    fileprivate static func like(_ reference: String, _ aspect: SearchAspect) -> FindRequest {
        var request = FindRequest()
        (request.reference, request.aspect) = (reference, aspect)
        return request
    }
}

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

/// Indexes follow the library, whatever happens to their files.
@Suite struct LibraryIndexTests {
    private func found(_ session: Session) throws -> [FoundClip] {
        try session.find(.like("figure00_motion00", .motion)).clips
    }

    @Test("removed clips vanish at once, and come back with the next ingest")
    func following() throws {
        let session = try FindLibrary.get().copy()
        #expect(try found(session).count == 4)
        let clip = try session.library.resolve("figure01_motion00").clip
        _ = try session.library.remove([clip.id])
        #expect(
            Set(try found(session).map(\.clip.name))
                == ["figure00_motion12", "figure01_motion01", "figure01_motion13"]
        )
        #expect(try session.indexStatus().first { $0.aspect == .motion }?.removed == 1)
        _ = try session.ingest(IngestRequest(inputs: [try FindLibrary.get().film]))
        #expect(try found(session)[0].clip.name == "figure01_motion00")
        #expect(try session.indexStatus().allSatisfy { $0.state == .current || $0.window != nil })
    }

    @Test("an index that is missing, cut, changed or of nonsense is built anew, and it is said")
    func damage() throws {
        let session = try FindLibrary.get().copy()
        let before = try found(session)
        let index = session.library.indexDirectory
        for name in ["0.rows", "0.sketch", "0.entries", "manifest.json"] {
            for damage in 0..<4 {
                // A rebuilt index lies in a folder of its own.
                let files = try #require(FileManager.default.enumerator(atPath: index))
                let file = try #require(
                    files.compactMap { $0 as? String }
                        .first { $0.contains("motion/") && $0.hasSuffix(name) }
                )
                let url = URL(fileURLWithPath: index + "/" + file)
                let bytes = try Data(contentsOf: url)
                let damaged = [
                    bytes.dropLast(bytes.count / 2), Data("nonsense".utf8), Data(),
                    // Numbers that are none, of the length that there was.
                    Data(repeating: 0xFF, count: bytes.count),
                ]
                try damaged[damage].write(to: url)
                let result = try session.find(.like("figure00_motion00", .motion))
                #expect(result.clips.map(\.score) == before.map(\.score), "\(name)")
                #expect(result.notes.contains { $0.contains("built anew") }, "\(name)")
                #expect(try session.find(.like("figure00_motion00", .motion)).notes.isEmpty)
            }
        }
        try FileManager.default.removeItem(atPath: index)
        let result = try session.find(.like("figure00_motion00", .motion))
        #expect(result.clips.map(\.score) == before.map(\.score))
        #expect(result.notes.contains { $0.contains("is missing") })
    }

    @Test("maps and duplicates build a damaged index anew, too")
    func damageBelowOthers() throws {
        let session = try FindLibrary.get().copy()
        let index = session.library.indexDirectory
        let groups = try session.duplicates(DuplicateRequest()).groups.count
        for look in ["map", "duplicates"] {
            let files = try #require(FileManager.default.enumerator(atPath: index))
            let file = try #require(
                files.compactMap { $0 as? String }
                    .first { $0.contains("motion/") && $0.hasSuffix("0.rows") }
            )
            let url = URL(fileURLWithPath: index + "/" + file)
            try Data(repeating: 0xFF, count: try Data(contentsOf: url).count).write(to: url)
            if look == "map" {
                #expect(try session.map(MapRequest()).notes.contains { $0.contains("built anew") })
            } else {
                let report = try session.duplicates(DuplicateRequest())
                #expect(report.groups.count == groups)
                #expect(report.notes.contains { $0.contains("built anew") })
            }
        }
    }

    @Test("a changed number in what would be found: the index is built anew, and it is said")
    func bitRot() throws {
        let session = try FindLibrary.get().copy()
        let before = try found(session)
        let index = session.library.indexDirectory
        let files = try #require(FileManager.default.enumerator(atPath: index))
        let file = try #require(
            files.compactMap { $0 as? String }
                .first { $0.contains("motion/") && $0.hasSuffix("0.rows") }
        )
        let url = URL(fileURLWithPath: index + "/" + file)
        var bytes = try Data(contentsOf: url)
        for row in 0..<5 { bytes[row * bytes.count / 5] ^= 1 }
        try bytes.write(to: url)
        let result = try session.find(.like("figure00_motion00", .motion))
        #expect(result.clips.map(\.score) == before.map(\.score))
        #expect(result.notes.contains { $0.contains("built anew") })
        #expect(try session.indexStatus(reads: true).allSatisfy { $0.state != .damaged })
    }

    @Test("where nothing may be written the search is done in memory")
    func readOnly() throws {
        let session = try FindLibrary.get().copy()
        let before = try found(session)
        let index = session.library.indexDirectory
        try FileManager.default.removeItem(atPath: index)
        // A file in the way keeps even root from making the folder.
        try Data().write(to: URL(fileURLWithPath: index))
        #expect(try found(session).map(\.score) == before.map(\.score))
    }

    @Test("rebuilding gives the same answers")
    func rebuild() throws {
        let session = try FindLibrary.get().copy()
        let before = try found(session)
        var rows: [SearchAspect: Int] = [:]
        try session.rebuildIndexes { rows[$1] = $2 }
        #expect(rows == [.motion: 5, .content: 5, .look: 5])
        #expect(try found(session).map(\.score) == before.map(\.score))
        let status = try session.indexStatus(reads: true)
        #expect(status.allSatisfy { $0.damaged == 0 || $0.state == .none })
    }

    @Test("an empty library and a pack without CLIP say what is missing")
    func empty() throws {
        let path = try LibraryFixture.get().path("library")
        let session = Session(library: try Library.create(at: path))
        var request = FindRequest()
        request.text = "a red dress"
        #expect(throws: PackError.self) { try session.find(request) }
        try session.addPack(from: LibraryFixture.samples + "/packs/paper-doll")
        let result = try session.find(request)
        #expect(result.clips.isEmpty)
        #expect(result.notes.contains { $0.contains("vsdb ingest") })
    }
}

import Foundation
import Packs
import Pipelines
import Store
import Testing

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

    @Test("an index of parts takes removed clips out once, and is then current")
    func removedParts() throws {
        let session = try FindLibrary.get().copy()
        var request = FindRequest.like("figure00_motion00@0s-1s", .motion)
        request.anywhere = true
        #expect(try session.find(request).clips.count == 4)
        func states() throws -> [IndexStatus.State] {
            try session.indexStatus().filter { $0.window == 1 }.map(\.state)
        }
        #expect(try states() == [.current])
        let clip = try session.library.resolve("figure01_motion00").clip
        _ = try session.library.remove([clip.id])
        #expect(try states() == [.behind])
        #expect(try session.find(request).clips.count == 3)
        #expect(try states() == [.current])
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

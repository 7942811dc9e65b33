import Foundation
import Glibc
import Packs
import Pipelines
import Store
import Synchronization
import Testing

/// Indexes follow the library, whatever happens to their files.
@Suite struct LibraryIndexTests {
    private func found(_ session: Session) throws -> [FoundClip] {
        try session.find(.like("figure00_motion00", .motion)).clips
    }

    /// A file of an index; of one that was built anew it lies in a folder of its own.
    private func file(_ session: Session, _ index: String, _ name: String) throws -> String {
        let folder = session.library.indexDirectory
        let files = try #require(FileManager.default.enumerator(atPath: folder))
        let found = files.compactMap { $0 as? String }
            .first { $0.contains(index + "/") && $0.hasSuffix(name) }
        return folder + "/" + (try #require(found))
    }

    /// Changes all rows of the index of motions.
    private func damage(_ session: Session) throws {
        let url = URL(fileURLWithPath: try file(session, "motion", "0.rows"))
        try Data(repeating: 0xFF, count: try Data(contentsOf: url).count).write(to: url)
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
                let url = URL(fileURLWithPath: try file(session, "motion", name))
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
        let groups = try session.duplicates(DuplicateRequest()).groups.count
        for look in ["map", "duplicates"] {
            try damage(session)
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
        let url = URL(fileURLWithPath: try file(session, "motion", "0.rows"))
        var bytes = try Data(contentsOf: url)
        for row in 0..<5 { bytes[row * bytes.count / 5] ^= 1 }
        try bytes.write(to: url)
        let result = try session.find(.like("figure00_motion00", .motion))
        #expect(result.clips.map(\.score) == before.map(\.score))
        #expect(result.notes.contains { $0.contains("built anew") })
        #expect(try session.indexStatus(reads: true).allSatisfy { $0.state != .damaged })
    }

    @Test("an index that cannot be read now is left as it is, and the search does without it")
    func unreadable() throws {
        let session = try FindLibrary.get().copy()
        let before = try found(session)
        let rows = try file(session, "motion", "0.rows")
        for name in ["manifest.json", "0.rows"] {
            let path = try file(session, "motion", name)
            let aside = session.library.path + "/../aside"
            try FileManager.default.moveItem(atPath: path, toPath: aside)
            // A link to itself keeps even root from reading.
            try FileManager.default.createSymbolicLink(
                atPath: path,
                withDestinationPath: URL(fileURLWithPath: path).lastPathComponent
            )
            let result = try session.find(.like("figure00_motion00", .motion))
            #expect(result.clips.map(\.score) == before.map(\.score), "\(name)")
            #expect(result.notes.contains { $0.contains("cannot be read now") }, "\(result.notes)")
            #expect(throws: (any Error).self) { try session.indexStatus() }
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: aside, toPath: path)
            #expect(try session.find(.like("figure00_motion00", .motion)).notes.isEmpty)
            #expect(try file(session, "motion", "0.rows") == rows)
        }
    }

    @Test("a search does not wait for a process that writes", .timeLimit(.minutes(1)))
    func company() throws {
        let session = try FindLibrary.get().copy()
        let before = try found(session)
        try damage(session)
        let manifest = try file(session, "motion", "manifest.json")
        let lock = open(manifest.dropLast("manifest.json".count) + "lock", O_RDWR)
        #expect(lock >= 0 && flock(lock, LOCK_EX) == 0)
        let result = try session.find(.like("figure00_motion00", .motion))
        #expect(result.clips.map(\.score) == before.map(\.score))
        close(lock)
        #expect(
            try session.find(.like("figure00_motion00", .motion)).notes
                .contains { $0.contains("built anew") }
        )
        #expect(try session.find(.like("figure00_motion00", .motion)).notes.isEmpty)
    }

    @Test("searches that meet one damage build one index")
    func manySearchers() throws {
        let session = try FindLibrary.get().copy()
        let before = try found(session).map(\.score)
        func generation() throws -> Int? {
            try file(session, "motion", "0.rows").split(separator: "/").dropLast().last
                .flatMap { Int($0.dropFirst("generation-".count)) }
        }
        let first = try #require(try generation())
        try damage(session)
        let same = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            let scores = try? session.find(.like("figure00_motion00", .motion)).clips.map(\.score)
            if scores == before { same.withLock { $0 += 1 } }
        }
        #expect(same.withLock { $0 } == 8)
        #expect(try generation() == first + 1)
        #expect(try session.find(.like("figure00_motion00", .motion)).notes.isEmpty)
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

import Foundation
import Pipelines
import Store
import Tensors
import TestSupport
import Testing

/// Indexes of so many rows that searches do not look at each of them.
@Suite struct LargeIndexTests {
    /// Every so many rows one is read when an index is opened.
    private static let probeStep = 8
    private static let count = 4_200

    /// One sample clip, and drawn ones behind it: some move as it does, all look at random.
    private static func library(_ folder: TemporaryFolder) throws -> Session {
        let sample = try LibraryFixture.get().session.library
        let original = try sample.resolve("figure00_motion00").clip
        let motion = try #require(try sample.tensor(of: original.id, .motion))
        let look = try #require(try sample.tensor(of: original.id, .look))
        let session = Session(library: try Library.create(at: folder.path + "/library"))
        try session.addPack(from: LibraryFixture.samples + "/packs/paper-doll")
        _ = try session.ingest(IngestRequest(inputs: [LibraryFixture.first]))
        var random = Numbers(state: 11)
        func drawn(_ shape: [Int]) -> RawTensor {
            let count = shape.reduce(1, *)
            let numbers = (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
            return RawTensor(
                dtype: .float32,
                shape: shape,
                bytes: numbers.withUnsafeBytes { Data($0) }
            )
        }
        let start = RawTensor(dtype: .float64, shape: [1, 1, 1], bytes: Data(count: 8))
        let clips = (1...count).map { row in
            var source = original.source
            let digits = String(row, radix: 16)
            source.sha256 = String(repeating: "0", count: 64 - digits.count) + digits
            return NewClip(
                source: source,
                start: 0,
                end: 2,
                name: "clip-\(row)",
                packFingerprint: original.packFingerprint,
                settings: original.settings,
                assets: [
                    NewAsset(kind: .dynamics, tensor: start),
                    NewAsset(kind: .motion, tensor: isLike(row) ? motion : drawn(motion.shape)),
                    NewAsset(kind: .look, tensor: drawn(look.shape)),
                ]
            )
        }
        _ = try session.library.commit(clips)
        return session
    }

    /// Knuth's generator of MMIX: the same numbers in every run.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 32)
        }
    }

    /// Whether the clip of a row moves as the sample does; none of them is a probe.
    ///
    /// They come last: an exact search has better rows by then, and does not read those that look unlike the words.
    private static func isLike(_ row: Int) -> Bool { row > 3_800 && row % probeStep == 3 }

    @Test("a changed row that only one of two searches looks up is found")
    func lookedUpRow() throws {
        let folder = try TemporaryFolder()
        let session = try Self.library(folder)
        var words = FindRequest()
        (words.text, words.count, words.isExact) = ("a photo of a person", .max, true)
        let ranked = try session.find(words).clips.compactMap { found in
            found.clip.name.split(separator: "-").last.flatMap { Int($0) }
        }
        // What moves like the sample and looks least like the words: no search by words alone reads it.
        let row = try #require(ranked.last { Self.isLike($0) })
        #expect(ranked.firstIndex(of: row).map { $0 > 1_000 } == true)
        var both = FindRequest.like("figure00_motion00", .motion)
        (both.text, both.textWeight) = (words.text, 0.1)
        (both.count, both.isExact) = (60, true)
        let before = try session.find(both)
        #expect(before.clips.contains { $0.clip.name == "clip-\(row)" })
        let index = session.library.indexDirectory
        let files = try #require(FileManager.default.enumerator(atPath: index))
        let rows = try #require(
            files.compactMap { $0 as? String }
                .first { $0.contains("look/") && $0.hasSuffix("0.rows") }
        )
        let url = URL(fileURLWithPath: index + "/" + rows)
        var bytes = try Data(contentsOf: url)
        // The last bit of a number: a score that a sound row could have.
        bytes[row * bytes.count / (Self.count + 1)] ^= 1
        try bytes.write(to: url)
        func state(reads: Bool) throws -> IndexStatus.State? {
            try session.indexStatus(reads: reads, measures: false)
                .first { $0.aspect == .look }?.state
        }
        #expect(try state(reads: false) == .current && state(reads: true) == .damaged)
        let after = try session.find(both)
        #expect(after.notes.contains { $0.contains("built anew") })
        #expect(after.clips.map(\.score) == before.clips.map(\.score))
        #expect(try state(reads: true) == .current)
        // Recall is measured where somebody asks for it.
        func recalls(measures: Bool) throws -> [Double?] {
            try session.indexStatus(measures: measures).filter { $0.rows > 4_096 }.map(\.recall)
        }
        #expect(try recalls(measures: false).allSatisfy { $0 == nil })
        #expect(try recalls(measures: true).contains { $0 != nil })
    }
}

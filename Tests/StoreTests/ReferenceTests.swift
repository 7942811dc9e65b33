import Foundation
import Store
import TestSupport
import Testing

/// Names, hashes and times that people write.
@Suite struct ReferenceTests {
    @Test func namesAndTimes() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let id = try library.commit([Fixture.clip(1, name: "cat")])[0].id
        func times(_ text: String) throws -> [Double] {
            let found = try library.resolve(text)
            #expect(found.clip.id == id)
            #expect(found.namesTimes == (found.start > 0 || found.end < 4))
            return [found.start, found.end]
        }
        #expect(try times("cat") == [0, 4])
        #expect(try times("cat@2s-4s") == [2, 4])
        #expect(try times("cat@1.5-3") == [1.5, 3])
        #expect(try times("cat@1.5s-") == [1.5, 4])
        #expect(try times("cat@-3s") == [0, 3])
        #expect(try times("cat@2s") == [2, 2])
        #expect(try times("\(id.short)@0s") == [0, 0])
        #expect(try times(id.hex) == [0, 4])
        #expect(try times("cat@0s-4.0s") == [0, 4])
    }

    @Test(arguments: [
        "cat@", "cat@-", "cat@x", "cat@1e3", "cat@inf", "cat@2s-2s", "cat@3s-2s",
        "cat@1s-2s-3s", "cat@1..2", "@2s", "", "cat@s", "cat@1s@2s",
    ])
    func badTimesSayHowToWriteThem(text: String) throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        _ = try library.commit([Fixture.clip(1, name: "cat")])
        expectFailure(.invalidValue) { try library.resolve(text) }
        for outside in ["cat@4.1s", "cat@0s-9s"] {
            expectFailure(.unknownReference) { try library.resolve(outside) }
        }
    }

    @Test func unknownNamesSuggestNearOnes() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        _ = try library.commit([
            Fixture.clip(1, name: "walking-dog"), Fixture.clip(2, name: "walking-cat"),
            Fixture.clip(3, name: "sea"),
        ])
        let error = expectFailure(.unknownReference) { try library.resolve("wakling-dog") }
        #expect(error?.description.contains("did you mean walking-dog") == true)
        #expect(error?.description.contains("sea") == false)
        let far = expectFailure(.unknownReference) { try library.resolve("mountains") }
        #expect(far?.description.contains("vsdb list") == true)
        // Three digits are too few for a hash.
        expectFailure(.unknownReference) { try library.resolve("abc") }
    }

    @Test func namesWinOverHashesAndSharedHashesAreAmbiguous() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        // 600 clips share many four-digit prefixes among 65,536: 2.7 pairs are expected.
        var clips = (0..<600).map { seed in
            var clip = Fixture.clip(seed)
            clip.assets = []
            return clip
        }
        let prefixes = Dictionary(grouping: clips) { $0.id.hex.prefix(4) }
        let (prefix, pair) = try #require(
            prefixes.filter { $0.value.count == 2 }.min { $0.key < $1.key }
        )
        let other = try #require(clips.last { $0.id.hex.prefix(4) != prefix })
        _ = try library.commit(clips)
        let error = expectFailure(
            .ambiguousReference(
                candidates: pair.sorted { $0.id < $1.id }.map { "\($0.name) (\($0.id))" }.sorted()
            )
        ) { try library.resolve(String(prefix)) }
        #expect(error?.description.contains("more digits") == true)
        #expect(try library.resolve(other.id.short).clip.id == other.id)
        clips = [Fixture.clip(1000, name: String(prefix))]
        _ = try library.commit(clips)
        #expect(try library.resolve(String(prefix)).clip.id == clips[0].id)
    }

    @Test func filtersMeetEveryCondition() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        _ = try library.commit((1...9).map { Fixture.clip($0) })
        var filter = ClipFilter()
        filter.tags = ["all", "even"]
        #expect(try library.clips(filter).map(\.name) == ["clip-2", "clip-4", "clip-6", "clip-8"])
        filter.nameContains = "P-4"
        #expect(try library.clips(filter).map(\.name) == ["clip-4"])
        filter.packFingerprint = "00"
        #expect(try library.clips(filter).isEmpty)
        filter = ClipFilter()
        filter.limit = 2
        #expect(try library.clips(filter).map(\.name) == ["clip-1", "clip-2"])
        filter.sourceSHA256 = Fixture.source(7).sha256
        #expect(try library.clips(filter).map(\.name) == ["clip-7"])
    }

    /// The fastest of five runs: other tests run at the same time and may hold up any one of them.
    private static func fastest(_ work: () throws -> Void) rethrows -> Duration {
        let clock = ContinuousClock()
        var fastest = try clock.measure(work)
        for _ in 1..<5 { fastest = min(fastest, try clock.measure(work)) }
        return fastest
    }

    @Test func tenThousandClipsAreListedInASecond() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let clips = (0..<10_000).map { seed in
            var clip = Fixture.clip(0, name: "same")
            clip.start = Double(seed)
            clip.end = Double(seed) + 1
            clip.assets = [NewAsset(kind: .style, tensor: Fixture.tensor([8], seed: seed))]
            return clip
        }
        _ = try library.commit(clips)
        let time = try Self.fastest {
            let count = try library.clips().count
            #expect(count == 10_000)
        }
        // Measured: 0.1 s on two cores; the rest is for slow machines.
        #expect(time < .seconds(1), "\(time)")
        let lookUp = try Self.fastest { _ = try library.resolve("same-9999") }
        #expect(lookUp < .milliseconds(50), "\(lookUp)")
        let all = try Self.fastest {
            let found = try library.tensors(.style, packFingerprint: Fixture.pack.fingerprint)
            #expect(found.count == 10_000)
        }
        #expect(all < .seconds(2), "\(all)")
    }
}

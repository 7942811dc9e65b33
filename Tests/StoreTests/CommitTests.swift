import Foundation
import Hashing
import Store
import Tensors
import TestSupport
import Testing

/// Adding clips: round trips, repeats, races, and crashes at each step.
@Suite struct CommitTests {
    private struct Crash: Error {}

    @Test func everythingComesBackAsItWasGiven() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let run = try library.beginIngestRun(requestJSON: #"{"files":["1.mp4"]}"#)
        var new = Fixture.clip(1)
        new.ingestRun = run
        let done = try library.commit([new])
        #expect(done.map(\.id) == [new.id])
        #expect(done.map(\.name) == ["clip-1"])
        try library.finishIngestRun(run, counts: IngestCounts(added: 1))

        let clip = try library.clip(new.id)
        #expect(clip.source == new.source)
        #expect((clip.start, clip.end, clip.duration) == (0, 4, 4))
        #expect((clip.name, clip.caption) == ("clip-1", "clip number 1"))
        #expect(clip.tags == ["all", "odd"])
        #expect(clip.packFingerprint == Fixture.pack.fingerprint)
        #expect(clip.settings == new.settings)
        let assets = try library.assets(of: clip.id)
        #expect(assets.map(\.kind) == [.content, .dynamics, .thumbnails])
        #expect(assets[1].provenanceJSON == #"{"network":"f_D"}"#)
        #expect(assets.map(\.packFingerprint) == [clip.packFingerprint, clip.packFingerprint, nil])
        for (asset, given) in zip(assets, new.assets) {
            let tensor = try library.tensor(asset.id)
            #expect(tensor.shape == given.tensor.shape)
            #expect(tensor.dtype == given.tensor.dtype)
            #expect(tensor.bytes == given.tensor.bytes)
        }
        #expect(try library.thumbnails(of: clip.id) == Data("picture 1".utf8))
        #expect(try library.tensor(of: clip.id, .look) == nil)
        let runs = try library.ingestRuns()
        #expect(runs[0].counts == IngestCounts(added: 1))
        #expect(runs[0].finished != nil)
    }

    /// As when its motion could not be followed again, or thumbnails were lost elsewhere before it was merged.
    @Test func aClipThatComesBackWithFewerAssetsLeavesNoRecord() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        var clip = Fixture.clip(1)
        _ = try library.commit([clip, Fixture.clip(2)])
        _ = try library.remove([clip.id])
        clip.assets.removeLast()
        _ = try library.commit([clip])
        #expect(try library.assets(of: clip.id).map(\.kind) == [.content, .dynamics])
        #expect(try library.assets(of: Fixture.clip(2).id).count == 3)
        let check = try Library.check(at: folder.library, readData: true)
        #expect(check.isSound, "\(check.problems)")
        #expect(try library.collectGarbage().tensorCount == 0)
    }

    @Test func aJobHasOneRunHoweverOftenItIsAskedFor() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let request = { (job: String) in #"{"files":1,"job":"\#(job)"}"# }
        _ = try library.beginIngestRun(requestJSON: #"{"files":["1.mp4"]}"#)
        let run = try library.ingestRun(ofJob: "3f2a", requestJSON: request("3f2a"))
        let other = try library.ingestRun(ofJob: "77aa", requestJSON: request("77aa"))
        var new = Fixture.clip(1)
        new.ingestRun = run
        _ = try library.commit([new])
        #expect(try library.ingestRun(ofJob: "3f2a", requestJSON: request("3f2a")) == run)
        #expect(try library.ingestRuns().count == 3)
        #expect(try library.clipCount(of: run) == 1)
        #expect(try library.clipCount(of: other) == 0)
    }

    @Test(arguments: DType.allCases, [[], [0], [3], [2, 3, 4, 5]])
    func everyElementTypeAndRank(dtype: DType, shape: [Int]) throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let count = shape.reduce(dtype.byteCount, *)
        let bytes = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) })
        var clip = Fixture.clip(1)
        clip.assets = [
            NewAsset(kind: .motion, tensor: RawTensor(dtype: dtype, shape: shape, bytes: bytes))
        ]
        let id = try library.commit([clip])[0].id
        let tensor = try #require(try library.tensor(of: id, .motion))
        #expect(tensor.dtype == dtype)
        #expect(tensor.shape == shape)
        #expect(tensor.bytes == bytes)
    }

    @Test func theSameBytesAgainChangeNothing() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let first = try library.commit([Fixture.clip(1)])[0]
        let before = try library.clips()
        // Another path, name and even other numbers: the clip is known by its identity.
        var again = Fixture.clip(1, name: "other")
        again.source.path = "/elsewhere.mp4"
        again.assets[0].tensor = Fixture.tensor([18, 512], seed: 99)
        let second = try library.commit([again, again])
        #expect(second.map(\.isNew) == [false, false])
        #expect(second[0].id == first.id)
        #expect(try library.clips() == before)
        #expect(try library.hasClip(first.id))
        #expect(try Library.check(at: library.path).isSound)
        #expect(try library.status().orphans.tensorCount == 0)
    }

    @Test func rangePackAndSettingsMakeDifferentClips() throws {
        let base = Fixture.clip(1)
        var ids: Set = [base.id]
        var other = base
        other.end = 5
        ids.insert(other.id)
        other = base
        other.settings = "{}"
        ids.insert(other.id)
        other = base
        other.packFingerprint = String(repeating: "ab", count: 32)
        ids.insert(other.id)
        other = base
        other.source.sha256 = SHA256.digest(Data()).hex
        ids.insert(other.id)
        #expect(ids.count == 5)
        other = base
        other.start = -0.0
        #expect(other.id == base.id)
        // Stable for ever: keys on disk begin with it. Computed with Python's hashlib.
        #expect(
            base.id.hex == "c2e9d0739a60a8e0151f1765087e842d390bdbdd27621a697851a1a435dab829"
        )
    }

    @Test func takenNamesAreNumberedAndBadOnesRepaired() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let names = ["cat", "cat", "cat", "a/b@c", " -x\n", "", "cat-2"]
        let done = try library.commit(
            names.enumerated().map { Fixture.clip($0.offset, name: $0.element) }
        )
        #expect(done.map(\.name) == ["cat", "cat-2", "cat-3", "a-b-c", "x", "clip", "cat-2-2"])
        for name in done.map(\.name) { #expect(ClipName.isValid(name)) }
        let long = ClipName.sanitised(String(repeating: "ä", count: 500))
        #expect(long.utf8.count <= ClipName.byteLimit)
    }

    @Test func groupsOfAnySize() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let done = try library.commit((0..<70).map { Fixture.clip($0) })
        #expect(done.count == 70)
        #expect(try library.clips().count == 70)
        #expect(try library.commit([]).isEmpty)
    }

    @Test func badClipsAreRefusedBeforeAnythingIsWritten() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        func refuse(_ kind: StoreError.Kind, _ change: (inout NewClip) -> Void) {
            var clip = Fixture.clip(2)
            change(&clip)
            expectFailure(kind) { try library.commit([Fixture.clip(1), clip]) }
        }
        refuse(.invalidValue) { $0.end = .nan }
        refuse(.invalidValue) { $0.start = 5 }
        refuse(.invalidValue) { $0.start = -1 }
        refuse(.invalidValue) { $0.source.sha256 = "abc" }
        refuse(.invalidValue) { $0.source.containerJSON = "[1" }
        refuse(.invalidValue) { $0.tags = ["a\u{1F}b"] }
        refuse(.invalidValue) { $0.assets.append($0.assets[0]) }
        refuse(.invalidValue) { $0.assets[0].provenanceJSON = "" }
        refuse(.invalidValue) { $0.assets[0].tensor = Fixture.tensor([1, 1, 1, 1, 2], seed: 0) }
        #expect(try library.status().orphans.tensorCount == 0)
        refuse(.unknownReference) { $0.packFingerprint = String(repeating: "0", count: 64) }
        #expect(try library.clips().isEmpty)
    }

    @Test(arguments: [CommitStep.tensorsStored, .catalogLocked, .rowsWritten])
    func aCrashLeavesTensorsWithoutRowsAndTheNextAttemptWorks(step: CommitStep) throws {
        let folder = try TemporaryFolder()
        let clips = [Fixture.clip(1), Fixture.clip(2)]
        do {
            let library = try Fixture.library(in: folder)
            expectFailure(.failed) {
                try library.commit(clips) { if $0 == step { throw Crash() } }
            }
        }
        let library = try Library.open(at: folder.library)
        #expect(try library.clips().isEmpty)
        #expect(try library.status().orphans.tensorCount == 6)
        #expect(try Library.check(at: library.path).isSound)
        #expect(try library.commit(clips).map(\.isNew) == [true, true])
        #expect(try library.status().orphans.tensorCount == 0)
        #expect(try Library.check(at: library.path).isSound)
    }

    @Test func aClipIsWholeAgainAfterACollectorTookItsTensors() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let collector = try Library.open(at: folder.library)
        let done = try library.commit([Fixture.clip(1)]) { step in
            guard step == .tensorsStored else { return }
            let taken = try collector.collectGarbage().tensorCount
            #expect(taken == 3)
        }
        #expect(done[0].isNew)
        #expect(try Library.check(at: library.path).isSound)
        #expect(try library.status().orphans.tensorCount == 0)
    }

    @Test func otherNumbersLeftByACrashAreReplaced() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        var other = Fixture.clip(1)
        other.assets[0].tensor = Fixture.tensor([18, 512], seed: 99)
        expectFailure(.failed) {
            try library.commit([other]) { if $0 == .tensorsStored { throw Crash() } }
        }
        let id = try library.commit([Fixture.clip(1)])[0].id
        let tensor = try library.tensor(of: id, .content)
        #expect(tensor?.bytes == Fixture.clip(1).assets[0].tensor.bytes)
        #expect(try Library.check(at: library.path).isSound)
    }

    @Test func aRaceBetweenWritersEndsWithOneClip() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let others = try (0..<4).map { _ in try Library.open(at: folder.library) }
        // The loser stored its tensors too, and finds the winner's row under the lock.
        let late = try library.commit([Fixture.clip(1)]) { step in
            guard step == .tensorsStored else { return }
            let early = try others[0].commit([Fixture.clip(1)])
            #expect(early[0].isNew)
        }
        #expect(!late[0].isNew)
        DispatchQueue.concurrentPerform(iterations: others.count) { index in
            for seed in 1..<20 {
                #expect(throws: Never.self) { try others[index].commit([Fixture.clip(seed)]) }
            }
        }
        #expect(try library.clips().count == 19)
        #expect(try Library.check(at: library.path).isSound)
    }
}

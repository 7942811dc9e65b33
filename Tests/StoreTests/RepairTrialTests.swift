import Foundation
import Hashing
import Store
import Tensors
import TestSupport
import Testing

/// A repair that is only tried.
@Suite struct RepairTrialTests {
    private func hashes(_ folder: String) throws -> [String: String] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
        return names.reduce(into: [:]) { hashes, name in
            let path = folder + "/" + name
            // Readers are entered into the lock file.
            guard !name.hasSuffix("lock.mdb"), FileManager.default.isReadableFile(atPath: path),
                let data = FileManager.default.contents(atPath: path)
            else { return }
            hashes[name] = SHA256.digest(data).hex
        }
    }

    @Test(arguments: ["record", "catalogue", "manifest"])
    func saysWhatARepairDoesAndChangesNothing(damage: String) throws {
        let folder = try TemporaryFolder()
        let clips = (1...4).map { Fixture.clip($0) }
        try { _ = try Fixture.library(in: folder).commit(clips) }()
        switch damage {
        case "record":
            let path = folder.library + "/tensors.lmdb/data.mdb"
            let file = try Data(contentsOf: URL(fileURLWithPath: path))
            let place = try #require(file.range(of: clips[0].assets[0].tensor.bytes)).lowerBound
            try overwrite(path, at: place, with: [file[place] ^ 1])
        case "catalogue": #expect(truncate(folder.library + "/catalog.sqlite", 0) == 0)
        default: try FileManager.default.removeItem(atPath: folder.library + "/library.json")
        }
        let before = try hashes(folder.library)
        let trial = try Library.tryRepair(
            at: folder.library,
            packFingerprint: { _ in Fixture.pack.fingerprint }
        )
        #expect(try hashes(folder.library) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["lib"])
        #expect(!trial.actions.isEmpty || !trial.lostClips.isEmpty)
        let report = try Library.repair(
            at: folder.library,
            packFingerprint: { _ in Fixture.pack.fingerprint }
        )
        #expect(trial.actions == report.actions)
        #expect(trial.lostClips == report.lostClips)
        #expect(trial.remaining == report.remaining)
        #expect(trial.quarantine == nil)
    }
}

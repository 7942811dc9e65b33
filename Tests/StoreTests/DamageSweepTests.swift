import Foundation
import Store
import Tensors
import TestSupport
import Testing

/// Damage in every region of both files, one place at a time.
///
/// Two things must hold: a library that is found sound reads as it was written; and one that is not,
/// is sound after repair, with every clip that stays exactly as it was written.
@Suite struct DamageSweepTests {
    /// What is done to a page, or a part of it.
    enum Damage: CaseIterable {
        case flippedHeader, flippedMiddle, flippedEnd, zeroed, ones
    }

    /// Whether every place is damaged (`make test-kills`), or a few.
    private static let isLong =
        ProcessInfo.processInfo.environment["VSDB_DAMAGE_EVERYWHERE"] != nil

    /// Every page, or every thirteenth, which is prime to how LMDB lays out values.
    private static let pageStride = isLong ? 1 : 13

    /// A library with enough clips for trees of two levels, made once.
    private static let original = Result { try makeOriginal() }

    private struct Original {
        let folder: TemporaryFolder
        let clips: [NewClip]
        let listed: [Clip]
    }

    private static func makeOriginal() throws -> Original {
        let folder = try TemporaryFolder()
        let clips = (1...60).map { seed in
            var clip = Fixture.clip(seed)
            clip.assets = [
                NewAsset(kind: .content, tensor: Fixture.tensor([2, 512], seed: seed)),
                NewAsset(kind: .style, tensor: Fixture.tensor([64], seed: seed)),
            ]
            return clip
        }
        let listed = try {
            let library = try Fixture.library(in: folder)
            _ = try library.commit(clips)
            _ = try library.remove(clips[50...].map(\.id))
            _ = try library.collectGarbage()
            try library.saveComposition(Fixture.dance(of: clips[0]))
            return try library.clips()
        }()
        _ = try Library.compact(at: folder.library)
        // Free pages again, and a tree that was changed in place.
        _ = try Library.open(at: folder.library).remove(clips[40..<50].map(\.id))
        _ = try Library.open(at: folder.library).collectGarbage()
        return Original(
            folder: folder,
            clips: Array(clips[..<40]),
            listed: listed.filter { clip in clips[..<40].contains { $0.id == clip.id } }
        )
    }

    private func damage(_ path: String, page: Int, _ damage: Damage) throws {
        let offset = page * 4096
        let bytes = [UInt8](
            try Data(contentsOf: URL(fileURLWithPath: path))[offset..<offset + 4096]
        )
        switch damage {
        case .flippedHeader: try overwrite(path, at: offset + 11, with: [bytes[11] ^ 0x41])
        case .flippedMiddle: try overwrite(path, at: offset + 2000, with: [bytes[2000] ^ 0x41])
        case .flippedEnd: try overwrite(path, at: offset + 4090, with: [bytes[4090] ^ 0x41])
        case .zeroed: try overwrite(path, at: offset, with: [UInt8](repeating: 0, count: 4096))
        case .ones: try overwrite(path, at: offset, with: [UInt8](repeating: 255, count: 4096))
        }
    }

    private func expectAsWritten(_ original: Original, _ path: String, _ place: String) throws {
        let library = try Library.open(at: path)
        for clip in try library.clips() {
            let given = try #require(original.clips.first { $0.id == clip.id }, "\(place)")
            for asset in given.assets {
                #expect(
                    try library.tensor(of: clip.id, asset.kind)?.bytes == asset.tensor.bytes,
                    "\(place)"
                )
            }
        }
    }

    /// Damages copies of one file, and counts what was found and repaired.
    private func sweep(_ file: String) throws -> (tried: Int, found: Int, clipsKept: Int) {
        let original = try Self.original.get()
        let scratch = try TemporaryFolder()
        let source = original.folder.library
        let size = try Data(contentsOf: URL(fileURLWithPath: source + file)).count
        var (tried, found, kept) = (0, 0, 0)
        for page in stride(from: 0, to: size / 4096, by: Self.pageStride) {
            for kind in Damage.allCases {
                let path = scratch.path + "/\(page)-\(kind)"
                try FileManager.default.copyItem(atPath: source, toPath: path)
                defer { try? FileManager.default.removeItem(atPath: path) }
                try damage(path + file, page: page, kind)
                tried += 1
                let place = "\(file) page \(page) \(kind)"
                let check = try Library.check(at: path)
                if check.isSound {
                    let library = try Library.open(at: path)
                    #expect(try library.clips() == original.listed, "\(place)")
                    #expect(try library.composition("dance").recipeJSON == #"{"alpha":1}"#)
                    try expectAsWritten(original, path, place)
                    kept += original.listed.count
                    continue
                }
                found += 1
                do {
                    let report = try Library.repair(
                        at: path,
                        packFingerprint: { _ in Fixture.pack.fingerprint }
                    )
                    #expect(report.remaining.isEmpty, "\(place): \(report.remaining)")
                    try expectAsWritten(original, path, place)
                    kept += try Library.open(at: path).clips().count
                } catch {
                    // Refused: nothing else says what was there.
                    #expect((error as? StoreError)?.kind == .damaged, "\(place): \(error)")
                }
            }
        }
        return (tried, found, kept)
    }

    @Test func everyPageOfTheTensors() throws {
        let result = try sweep("/tensors.lmdb/data.mdb")
        let share = Double(result.clipsKept) / Double(result.tried * 40)
        print("data.mdb: \(result.tried) damages, \(result.found) found, \(share) of clips kept")
        #expect(result.tried >= 80)
        // Two pages in three hold what is used; slack and free pages do not matter.
        #expect(result.found > result.tried / 3)
        #expect(share > 0.9, "damage to a page costs the clips on it")
    }

    @Test func everyPageOfTheCatalogue() throws {
        try Fixture.addPackFiles(to: Self.original.get().folder.library)
        let result = try sweep("/catalog.sqlite")
        let share = Double(result.clipsKept) / Double(result.tried * 40)
        print(
            "catalog.sqlite: \(result.tried) damages, \(result.found) found, \(share) of clips kept"
        )
        #expect(result.found > result.tried / 4)
        #expect(share > 0.95, "what the catalogue loses is written again from the cards")
    }

    /// A log that was not written back, as a killed process leaves it.
    @Test func everyPageOfTheLog() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        try Fixture.addPackFiles(to: folder.library)
        let clips = (1...12).map { Fixture.clip($0) }
        for clip in clips { _ = try library.commit([clip]) }
        let whole = folder.path + "/whole"
        try FileManager.default.copyItem(atPath: folder.library, toPath: whole)
        let log = "/catalog.sqlite-wal"
        let size = try Data(contentsOf: URL(fileURLWithPath: whole + log)).count
        #expect(size > 40 * 4096)
        #expect(try Library.open(at: whole).clips().count == 12)
        var (refused, sound) = (0, 0)
        // Header, frame headers and pages.
        for offset in stride(from: 5, to: size, by: Self.isLong ? 1031 : 20_011) {
            let path = folder.path + "/copy"
            try FileManager.default.copyItem(atPath: folder.library, toPath: path)
            defer { try? FileManager.default.removeItem(atPath: path) }
            try? FileManager.default.removeItem(atPath: path + "/catalog.sqlite-shm")
            let byte = try Data(contentsOf: URL(fileURLWithPath: path + log))[offset]
            try overwrite(path + log, at: offset, with: [byte ^ 0x20])
            do {
                let clips = try Library.open(at: path).clips()
                #expect(clips.count == 12, "byte \(offset): commits vanished without a word")
                sound += 1
            } catch {
                #expect(error.kind == .damaged, "\(error)")
                refused += 1
                let report = try Library.repair(
                    at: path,
                    packFingerprint: { _ in Fixture.pack.fingerprint }
                )
                #expect(report.remaining.isEmpty)
                let names = try Library.open(at: path).clips().map(\.name)
                #expect(names.count == 12, "byte \(offset): the cards have what the log lost")
            }
        }
        print("catalog.sqlite-wal: \(refused) damages refused, \(sound) of no effect")
        #expect(refused > sound)
    }

    @Test(arguments: ["/tensors.lmdb/data.mdb", "/catalog.sqlite"])
    func everyLengthThatAFileIsCutTo(file: String) throws {
        let original = try Self.original.get()
        let scratch = try TemporaryFolder()
        let size = try Data(contentsOf: URL(fileURLWithPath: original.folder.library + file)).count
        for length in stride(from: 0, to: size, by: max(4096, size / (Self.isLong ? 24 : 6))) {
            let path = scratch.path + "/\(length)"
            try FileManager.default.copyItem(atPath: original.folder.library, toPath: path)
            defer { try? FileManager.default.removeItem(atPath: path) }
            #expect(truncate(path + file, length) == 0)
            // Behind the last page LMDB keeps a hole for its next pages: losing that is no damage.
            guard try !Library.check(at: path).isSound else {
                #expect(try Library.open(at: path).clips() == original.listed, "cut to \(length)")
                try expectAsWritten(original, path, "cut to \(length)")
                continue
            }
            do {
                _ = try Library.repair(at: path, packFingerprint: { _ in Fixture.pack.fingerprint })
                try expectAsWritten(original, path, "cut to \(length)")
            } catch {
                #expect((error as? StoreError)?.kind == .damaged, "\(error)")
            }
        }
    }
}

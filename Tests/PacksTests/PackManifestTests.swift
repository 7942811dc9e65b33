import Foundation
import Models
import Packs
import Testing

/// Reading and refusing `pack.json`.
struct PackManifestTests {
    private static let sample = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Samples/packs/paper-doll")

    /// A copy of the sample pack's manifest with one change, in a folder of its own.
    private func changed(_ edit: (inout [String: Any]) -> Void) throws -> String {
        let data = try Data(contentsOf: Self.sample.appendingPathComponent(Pack.manifestName))
        var json = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any]
        )
        edit(&json)
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("pack-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.sample.path)
        where name != Pack.manifestName {
            try FileManager.default.createSymbolicLink(
                at: folder.appendingPathComponent(name),
                withDestinationURL: Self.sample.appendingPathComponent(name)
            )
        }
        try JSONSerialization.data(withJSONObject: json)
            .write(to: folder.appendingPathComponent(Pack.manifestName))
        return folder.path
    }

    private func refusal(_ edit: (inout [String: Any]) -> Void) throws -> PackError? {
        let folder = try changed(edit)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            _ = try Pack(folder: folder).verify()
            return nil
        } catch let error as PackError {
            return error
        }
    }

    private func set(_ path: [String], _ value: Any?) -> (inout [String: Any]) -> Void {
        { json in
            func edit(_ object: [String: Any], _ rest: ArraySlice<String>) -> [String: Any] {
                var object = object
                guard let key = rest.first else { return object }
                if rest.count == 1 {
                    object[key] = value
                } else {
                    object[key] = edit(object[key] as? [String: Any] ?? [:], rest.dropFirst())
                }
                return object
            }
            json = edit(json, path[...])
        }
    }

    @Test func theSampleItselfIsAccepted() throws { #expect(try refusal { _ in } == nil) }

    @Test func aRenamedPackKeepsItsFingerprint() throws {
        let folder = try changed(set(["name"], "other"))
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let original = try Pack(folder: Self.sample.path)
        #expect(try Pack(folder: folder).fingerprint == original.fingerprint)
    }

    @Test func anotherNumberChangesTheFingerprint() throws {
        let folder = try changed(set(["dynamics", "modulation", "deltaScale"], 0.1))
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let original = try Pack(folder: Self.sample.path)
        #expect(try Pack(folder: folder).fingerprint != original.fingerprint)
    }

    @Test func theOwnReconstructionIsNotPartOfTheFingerprintButTheCropBoxIs() throws {
        let original = try Pack(folder: Self.sample.path)
        let measured = try changed(set(["reconstruction"], ["median": 0.5, "limit": 0.75]))
        let bare = try changed(set(["reconstruction"], nil))
        let cropped = try changed(set(["cropBox"], [0.25, 0, 0.5, 1]))
        defer {
            for folder in [measured, bare, cropped] {
                try? FileManager.default.removeItem(atPath: folder)
            }
        }
        #expect(try Pack(folder: measured).fingerprint == original.fingerprint)
        #expect(try Pack(folder: bare).fingerprint == original.fingerprint)
        #expect(try Pack(folder: cropped).fingerprint != original.fingerprint)
    }

    @Test func calibratingKeepsEverythingElse() throws {
        let folder = try changed(set(["reconstruction"], nil))
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let own = PackManifest.Reconstruction(median: 0.25, limit: 0.5)
        let pack = try Pack(folder: folder).calibrated(own, bfloat16PSNR: 51.5)
        var expected = try Pack(folder: Self.sample.path).manifest
        expected.reconstruction = own
        expected.bfloat16PSNR = 51.5
        #expect(pack.manifest == expected)
        // A processor without bfloat16 leaves what another one measured.
        #expect(try pack.calibrated(own, bfloat16PSNR: nil).manifest == expected)
        let impossible = PackManifest.Reconstruction(median: 0.5, limit: 0.25)
        #expect(throws: PackError.self) { try pack.calibrated(impossible, bfloat16PSNR: nil) }
        #expect(throws: PackError.self) { try pack.calibrated(own, bfloat16PSNR: -1) }
        #expect(try Pack(folder: folder).manifest == expected, "the old file is whole")
    }

    @Test(arguments: [
        [0, 0, 1], [0, 0, 0, 1], [0.5, 0, 0.6, 1], [-0.1, 0, 1, 1], [0, 0, 1, 2],
    ])
    func anImpossibleCropBoxIsRefused(box: [Double]) throws {
        let error = try #require(try refusal(set(["cropBox"], box)))
        #expect(error.kind == .badManifest && error.description.contains("cropBox"))
    }

    @Test func aMissingKeyIsNamed() throws {
        let error = try #require(try refusal(set(["time", "unitSeconds"], nil)))
        #expect(error.kind == .badManifest)
        #expect(error.description.contains("time.unitSeconds"))
    }

    @Test func anUnknownKeyIsNamed() throws {
        let error = try #require(try refusal(set(["time", "unitSecond"], 2)))
        #expect(error.kind == .badManifest)
        #expect(error.description.contains("time.unitSecond"))
    }

    @Test(arguments: [
        (["format"], 2), (["generator", "config", "height"], 100),
        (["encoder", "config", "styleDim"], 64), (["dynamics", "modulation", "heads"], 3),
        (["dynamics", "modulation", "positions"], 10), (["time", "clipSeconds"], -1),
    ])
    func impossibleSizesAreRefused(path: [String], value: Int) throws {
        let error = try #require(try refusal(set(path, value)))
        #expect(error.kind == .badManifest, "\(error)")
    }

    @Test func weightsOfAnotherShapeNameTensorFoundAndExpected() throws {
        let error = try #require(try refusal(set(["dynamics", "config", "codeChannels"], 32)))
        #expect(error.kind == .weightsMismatch)
        #expect(error.description.contains("expected ["))
        #expect(error.description.contains("ToSpatialCode"))
    }

    @Test func aFileOfAnotherHashIsRefused() throws {
        let zeros = String(repeating: "0", count: 64)
        let error = try #require(try refusal(set(["generator", "weights", "sha256"], zeros)))
        #expect(error.kind == .weightsMismatch)
        #expect(error.description.contains("generator.safetensors"))
    }

    @Test func aPathOutsideTheFolderIsRefused() throws {
        let error = try #require(
            try refusal(set(["generator", "weights", "path"], "../generator.safetensors"))
        )
        #expect(error.kind == .badManifest)
    }

    @Test func aRegionOutsideTheGridIsRefused() throws {
        let error = try #require(try refusal(set(["regions", "tail"], [[8, 0]])))
        #expect(error.description.contains("regions.tail"))
    }

    @Test func aPackOfOtherTokensWithoutMergesReadsNoText() throws {
        let folder = try changed { json in
            var clip = json["clip"] as? [String: Any] ?? [:]
            (clip["merges"], clip["vocabulary"]) = (nil, nil)
            json["clip"] = clip
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let pack = try Pack(folder: folder)
        #expect(!pack.abilities.edits && pack.abilities.moves)
        #expect(throws: PackError.self) { try pack.tokenizer() }
        let half = try #require(try refusal(set(["clip", "merges"], nil)))
        #expect(half.description.contains("clip.merges"))
    }

    @Test func aPackWithoutMergesTakesTheVocabularyOfTheProgram() throws {
        let folder = try changed { json in
            var clip = json["clip"] as? [String: Any] ?? [:]
            (clip["merges"], clip["vocabulary"]) = (nil, nil)
            var config = clip["config"] as? [String: Any] ?? [:]
            config["vocabulary"] = 49_408
            clip["config"] = config
            json["clip"] = clip
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let tokenizer = try Pack(folder: folder).tokenizer()
        // CLIP's README: "a diagram" is tokens 320 and 22697.
        #expect(tokenizer.tokens(of: "a diagram") == [49_406, 320, 22_697, 49_407])
    }

    @Test func aPackWithoutCLIPSaysThatItCannotEdit() throws {
        let folder = try changed(set(["clip"], nil))
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let pack = try Pack(folder: folder)
        #expect(try pack.verify().edits == false)
        let error = #expect(throws: PackError.self) { try pack.clip() }
        #expect(error?.kind == .missingNetwork)
    }

    @Test func aFlippedBitInTheWeightsIsFoundWhenTheyAreRead() throws {
        let folder = try changed { _ in }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = URL(fileURLWithPath: folder + "/generator.safetensors")
        var data = try Data(contentsOf: file)
        data[data.count / 2] ^= 1
        try FileManager.default.removeItem(at: file)
        try data.write(to: file)
        let error = #expect(throws: PackError.self) { try Pack(folder: folder).generator() }
        #expect(error?.kind == .weightsMismatch)
    }
}

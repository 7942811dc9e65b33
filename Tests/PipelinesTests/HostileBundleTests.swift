import Foundation
import Hashing
import Packs
import Pipelines
import Store
import Tensors
import TestSupport
import Testing

/// Bundles that were cut, changed, or made to do harm: refused with the place, and nothing is written.
struct HostileBundleTests {
    /// A bundle of three clips that a test damages, and a library that it is offered to.
    private struct Trial {
        let fixture: BundleFixture
        let bundle: String
        let target: Session

        init(withPacks: Bool = false) throws {
            fixture = try BundleFixture()
            bundle = try fixture.export(
                try fixture.filled("a", 0..<3),
                "all.vsdbundle",
                withPacks: withPacks
            )
            target = try fixture.session("b", hasPack: !withPacks)
        }

        func url(_ name: String) -> URL { URL(fileURLWithPath: bundle + "/" + name) }

        /// Changes a JSON document or the first line of a file of lines, hashes and sizes made right again.
        func edit(_ name: String, _ change: (inout [String: Any]) throws -> Void) throws {
            var lines = try Data(contentsOf: url(name)).split(separator: UInt8(ascii: "\n"))
            let isDocument = name == "bundle.json"
            let text = isDocument ? try Data(contentsOf: url(name)) : Data(lines[0])
            var object = try #require(
                try JSONSerialization.jsonObject(with: text) as? [String: Any]
            )
            try change(&object)
            let changed = try JSONSerialization.data(withJSONObject: object)
            if isDocument {
                try changed.write(to: url(name))
            } else {
                lines[0] = changed
                try Data(lines.joined(separator: Data("\n".utf8)) + Data("\n".utf8))
                    .write(to: url(name))
                try sealFiles()
            }
            try seal()
        }

        /// Makes sizes and hashes of `bundle.json` those of the files.
        func sealFiles() throws {
            try edit("bundle.json") { manifest in
                func sealed(_ value: Any) throws -> Any {
                    guard var file = value as? [String: Any], let path = file["path"] as? String
                    else { return value }
                    let data = try Data(contentsOf: url(path))
                    (file["byteCount"], file["sha256"]) = (data.count, SHA256.digest(data).hex)
                    return file
                }
                let parts = try #require(manifest["parts"] as? [[String: Any]])
                manifest["parts"] = try parts.map { try $0.mapValues(sealed) }
                for key in ["compositions", "collections"] {
                    manifest[key] = try sealed(try #require(manifest[key]))
                }
            }
        }

        /// Makes the checksum of `bundle.json` right, as someone would who means harm.
        func seal() throws {
            let data = try Data(contentsOf: url("bundle.json"))
            var object = try #require(
                try JSONSerialization.jsonObject(with: data) as? [String: Any]
            )
            object["checksum"] = ""
            let plain = try JSONSerialization.data(
                withJSONObject: object,
                options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            )
            object["checksum"] = SHA256.digest(plain).hex
            try JSONSerialization.data(withJSONObject: object).write(to: url("bundle.json"))
        }

        /// Expects that the bundle is refused with these words, and that the library is as before.
        func expectRefusal(
            _ words: String...,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let error = #expect(throws: (any Error).self, sourceLocation: sourceLocation) {
                try target.importing(bundle)
            }
            for word in words {
                #expect(
                    "\(error.map { "\($0)" } ?? "")".contains(word),
                    sourceLocation: sourceLocation
                )
            }
            let status = try target.library.status()
            #expect(
                (status.clipCount, status.compositionCount, status.orphans.tensorCount) == (
                    0, 0, 0
                ),
                sourceLocation: sourceLocation
            )
        }
    }

    @Test func theHelpersOfThisTestChangeNothingElse() throws {
        let trial = try Trial()
        try trial.edit("clips-0000.jsonl") { $0["tags"] = ["other"] }
        #expect(try trial.target.importing(trial.bundle)[0].added == 3)
    }

    @Test(arguments: [
        "bundle.json", "clips-0000.jsonl", "tensors-0000.safetensors", "compositions.jsonl",
    ])
    func aCutFileIsNamed(name: String) throws {
        let trial = try Trial()
        let whole = try Data(contentsOf: trial.url(name))
        for count in [0, 1, whole.count / 2, whole.count - 2] {
            try whole.prefix(count).write(to: trial.url(name))
            try trial.expectRefusal(name)
        }
        try FileManager.default.removeItem(at: trial.url(name))
        try trial.expectRefusal(name)
        try whole.write(to: trial.url(name))
        #expect(try trial.target.importing(trial.bundle)[0].added == 3)
    }

    @Test(arguments: ["clips-0000.jsonl", "tensors-0000.safetensors", "collections.jsonl"])
    func aChangedByteIsFound(name: String) throws {
        let trial = try Trial()
        let whole = try Data(contentsOf: trial.url(name))
        for place in [0, whole.count / 3, whole.count - 1] {
            var changed = whole
            changed[place] ^= 0x10
            try changed.write(to: trial.url(name))
            try trial.expectRefusal(name, "SHA-256")
        }
    }

    @Test func aChangedDocumentIsFound() throws {
        let trial = try Trial()
        let text = try String(contentsOf: trial.url("bundle.json"), encoding: .utf8)
        for (old, new) in [
            ("\"clipCount\" : 3", "\"clipCount\" : 2"), ("paper-doll", "paper-dolt"),
        ] {
            #expect(text.contains(old))
            try Data(text.replacing(old, with: new).utf8).write(to: trial.url("bundle.json"))
            try trial.expectRefusal("bundle.json does not match its checksum")
        }
    }

    @Test func strangersAndNewerBundlesAreRefused() throws {
        let trial = try Trial()
        try trial.edit("bundle.json") { ($0["formatVersion"], $0["tomorrow"]) = (2, true) }
        try trial.expectRefusal("newer vsdb (format 2", "upgrade vsdb")
        try trial.edit("bundle.json") { ($0["formatVersion"], $0["application"]) = (1, "other") }
        try trial.expectRefusal("written by \"other\"")
        try trial.edit("bundle.json") { $0["application"] = "vsdb" }
        try trial.expectRefusal("the key tomorrow is not known")
        for text in [
            "", "[]", "{", "{\"formatVersion\":1e999}", String(repeating: "[", count: 1 << 20),
        ] {
            try Data(text.utf8).write(to: trial.url("bundle.json"))
            try trial.expectRefusal("bundle.json")
        }
    }

    @Test(arguments: [
        "/etc/passwd", "../a/library.json", "tensors-0001.safetensors", "./clips-0000.jsonl", "",
    ])
    func namesThatLeadElsewhereAreRefused(path: String) throws {
        let trial = try Trial()
        try trial.edit("bundle.json") { manifest in
            var parts = try #require(manifest["parts"] as? [[String: Any]])
            var file = try #require(parts[0]["clips"] as? [String: Any])
            file["path"] = path
            parts[0]["clips"] = file
            manifest["parts"] = parts
        }
        try trial.expectRefusal("instead of clips-0000.jsonl")
    }

    @Test(arguments: ["../../evil", "..", ".hidden", "-flag", "a/b", ""])
    func packNamesThatLeadElsewhereAreRefused(name: String) throws {
        let trial = try Trial(withPacks: true)
        try trial.edit("bundle.json") { manifest in
            var packs = try #require(manifest["packs"] as? [[String: Any]])
            packs[0]["name"] = name
            manifest["packs"] = packs
        }
        try trial.expectRefusal("is no name of a pack")
    }

    @Test(arguments: ["clips-0000.jsonl", "bundle.json", "packs", "packs/paper-doll/pack.json"])
    func linksAreRefused(name: String) throws {
        let trial = try Trial(withPacks: true)
        let aside = trial.fixture.path("aside")
        try FileManager.default.moveItem(atPath: trial.bundle + "/" + name, toPath: aside)
        try FileManager.default.createSymbolicLink(
            atPath: trial.bundle + "/" + name,
            withDestinationPath: aside
        )
        try trial.expectRefusal(name == "bundle.json" ? "is not a file" : "symbolic link")
    }

    @Test func aPipeIsNoFile() throws {
        let trial = try Trial()
        let path = trial.bundle + "/clips-0000.jsonl"
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o600) == 0)
        try trial.expectRefusal("not a regular file")
    }

    @Test(arguments: [true, false])
    func aPipeIsNoManifestOfAPack(isListed: Bool) throws {
        let trial = try Trial(withPacks: true)
        let path = trial.bundle + "/packs/paper-doll/pack.json"
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o600) == 0)
        if !isListed {
            try trial.edit("bundle.json") { manifest in
                var packs = try #require(manifest["packs"] as? [[String: Any]])
                let files = try #require(packs[0]["files"] as? [[String: Any]])
                packs[0]["files"] = files.filter {
                    ($0["path"] as? String)?.hasSuffix("/pack.json") == false
                }
                manifest["packs"] = packs
            }
        }
        try trial.expectRefusal(isListed ? "not a regular file" : "has no pack.json")
    }

    @Test func aPlaceThatCannotBeReachedIsNotSaidToBeEmpty() throws {
        let session = try BundleFixture().session("a", hasPack: false)
        let name = String(repeating: "a", count: 300)
        let error = #expect(throws: RequestError.self) { try session.importing("/" + name) }
        #expect(error?.description.contains("cannot be read: File name too long") == true)
    }

    @Test func aChangedPackIsRefused() throws {
        let trial = try Trial(withPacks: true)
        let names = try FileManager.default.contentsOfDirectory(
            atPath: trial.bundle + "/packs/paper-doll"
        )
        let name = try #require(names.first { $0.hasSuffix(".safetensors") })
        let file = try FileHandle(forUpdating: trial.url("packs/paper-doll/" + name))
        try file.seek(toOffset: 5000)
        try file.write(contentsOf: Data([1, 2, 3]))
        try file.close()
        try trial.expectRefusal("packs/paper-doll/\(name) was changed")
        #expect(try trial.target.library.packs().isEmpty)
    }

    @Test func whatIsSaidOfAClipHasToBeTrue() throws {
        let line = "clips-0000.jsonl, line 1"
        func refuse(_ word: String, _ change: (inout [String: Any]) throws -> Void) throws {
            let trial = try Trial()
            try trial.edit("clips-0000.jsonl", change)
            try trial.expectRefusal(word, line)
        }
        try refuse("what it is gives") { $0["end"] = 3.5 }
        try refuse("what it is gives") { $0["settings"] = "{}" }
        try refuse("what it is gives") { $0["id"] = "xyz" }
        try refuse("a clip of that range is called") { $0["name"] = "other" }
        try refuse("is no name of a clip") { $0["baseName"] = "../a" }
        try refuse("the key evil is not known") { $0["evil"] = 1 }
        try refuse("the key source is missing") { $0["source"] = nil }
        try refuse("the key start") { $0["start"] = "nan" }
        try refuse("its pack") { $0["pack"] = String(repeating: "0", count: 64) }
        try refuse("tags") { $0["tags"] = ["a\u{1F}b"] }
        try refuse("not a JSON object") { clip in
            var source = try #require(clip["source"] as? [String: Any])
            source["container"] = "[1"
            clip["source"] = source
        }
        func refuseAsset(_ word: String, _ change: @escaping (inout [String: Any]) -> Void) throws {
            try refuse(word) { clip in
                var assets = try #require(clip["assets"] as? [[String: Any]])
                change(&assets[0])
                clip["assets"] = assets
            }
        }
        try refuseAsset("is no kind of tensor") { $0["kind"] = "weights" }
        try refuseAsset("is called") { $0["tensor"] = "other" }
        try refuseAsset("and [-1] ") { $0["shape"] = [-1] }
        try refuseAsset("F64 here") { $0["dtype"] = "F64" }
        try refuseAsset("the key assets.") { $0["shape"] = ["NaN"] }
        try refuseAsset("does not match its checksum") { $0["xxh3"] = "0123456789abcdef" }
    }

    @Test func aClipWithoutItsTensorsIsRefused() throws {
        let trial = try Trial()
        try trial.edit("clips-0000.jsonl") { $0["assets"] = [[String: Any]]() }
        try trial.expectRefusal("clips-0000.jsonl has 3 clips with 12 tensors", "says 3 with 18")
    }

    @Test func aClipTwiceIsRefused() throws {
        let trial = try Trial()
        let url = trial.url("clips-0000.jsonl")
        let text = try String(contentsOf: url, encoding: .utf8)
        let lines = text.split(separator: "\n")
        try Data("\(lines[0])\n\(lines[0])\n\(lines[1])\n".utf8).write(to: url)
        try trial.sealFiles()
        try trial.expectRefusal("line 2", "is in the bundle twice")
    }

    @Test func tensorsOfAnotherFormAreRefused() throws {
        func refuse(
            _ words: String...,
            kind: String = "content",
            change: (inout [String: RawTensor], String) -> Void
        ) throws {
            let trial = try Trial()
            let url = trial.url("tensors-0000.safetensors")
            let file = try SafetensorsFile(path: url.path, data: Data(contentsOf: url))
            var tensors = Dictionary(
                uniqueKeysWithValues: file.names.compactMap { name in
                    file.raw(name).map { (name, $0) }
                }
            )
            let name = try #require(file.names.first { $0.hasSuffix("." + kind) })
            change(&tensors, name)
            try SafetensorsFile.encode(tensors).write(to: url)
            let tensor = tensors[name]
            try trial.sealFiles()
            // The lines say what the file has, so that only its form is wrong.
            var lines = try String(contentsOf: trial.url("clips-0000.jsonl"), encoding: .utf8)
            if let tensor {
                let clip = try #require(lines.split(separator: "\n").first { $0.contains(name) })
                var object = try #require(
                    try JSONSerialization.jsonObject(with: Data(clip.utf8)) as? [String: Any]
                )
                var assets = try #require(object["assets"] as? [[String: Any]])
                let digits = String(tensor.bytes.withUnsafeBytes { xxh3($0) }, radix: 16)
                for index in assets.indices where assets[index]["tensor"] as? String == name {
                    assets[index]["dtype"] = tensor.dtype.rawValue
                    assets[index]["shape"] = tensor.shape
                    assets[index]["xxh3"] =
                        String(repeating: "0", count: 16 - digits.count) + digits
                }
                object["assets"] = assets
                let changed = try JSONSerialization.data(withJSONObject: object)
                lines = lines.replacing(clip, with: String(decoding: changed, as: UTF8.self))
                try Data(lines.utf8).write(to: trial.url("clips-0000.jsonl"))
                try trial.sealFiles()
            }
            for word in words { try trial.expectRefusal(word) }
        }
        try refuse("content is I32") { tensors, name in
            tensors[name] = tensors[name].map {
                RawTensor(dtype: .int32, shape: [$0.bytes.count / 4], bytes: $0.bytes)
            }
        }
        try refuse("content is [", "expected [") { tensors, name in
            tensors[name] = tensors[name].map {
                RawTensor(dtype: $0.dtype, shape: [1] + $0.shape, bytes: $0.bytes)
            }
        }
        // Whoever reads a motion goes from cell to cell.
        try refuse("motion is [64, 1]", "expected [64, 32]", kind: "motion") { tensors, name in
            tensors[name] = tensors[name].map {
                RawTensor(
                    dtype: $0.dtype,
                    shape: [$0.shape[0], 1],
                    bytes: Data($0.bytes.prefix($0.bytes.count / $0.shape[1]))
                )
            }
        }
        try refuse("NaN or infinite") { tensors, name in
            tensors[name] = tensors[name].map {
                RawTensor(
                    dtype: $0.dtype,
                    shape: $0.shape,
                    bytes: Data(repeating: 0xFF, count: $0.bytes.count)
                )
            }
        }
        try refuse("has no tensor") { tensors, name in
            tensors["other"] = tensors[name]
            tensors[name] = nil
        }
        try refuse("tensors-0000.safetensors has") { tensors, name in
            tensors["one more"] = tensors[name]
        }
    }

    @Test func headersOfSafetensorsAreNotTrusted() throws {
        let trial = try Trial()
        let url = trial.url("tensors-0000.safetensors")
        let whole = try Data(contentsOf: url)
        for claimed: UInt64 in [.max, 1 << 40, UInt64(whole.count), 17 << 20] {
            var changed = whole
            withUnsafeBytes(of: claimed.littleEndian) { changed.replaceSubrange(0..<8, with: $0) }
            try changed.write(to: url)
            try trial.sealFiles()
            try trial.expectRefusal("tensors-0000.safetensors")
        }
    }

    @Test func compositionsAndCollectionsHaveToFit() throws {
        func refuse(
            _ name: String,
            _ word: String,
            _ change: (inout [String: Any]) throws -> Void
        ) throws {
            let trial = try Trial()
            try trial.edit(name, change)
            try trial.expectRefusal(word, name + ", line 1")
        }
        let stranger = String(repeating: "a", count: 64)
        try refuse("compositions.jsonl", "does not match its hash") { $0["hash"] = stranger }
        try refuse("compositions.jsonl", "is no name") { $0["name"] = "a@b" }
        try refuse("compositions.jsonl", "is not in the bundle") { $0["parents"] = [stranger] }
        try refuse("compositions.jsonl", "has other clips") { $0["parents"] = [String]() }
        try refuse("compositions.jsonl", "recipe") { $0["recipe"] = "{" }
        try refuse("collections.jsonl", "is not in the bundle") { $0["clips"] = ["../x"] }
        try refuse("collections.jsonl", "twice") { collection in
            let clips = try #require(collection["clips"] as? [String])
            collection["clips"] = clips + clips
        }
    }
}

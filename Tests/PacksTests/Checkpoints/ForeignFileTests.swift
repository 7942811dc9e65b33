import CheckpointFixtures
import Foundation
import Packs
import Tensors
import Testing

/// Files in the place of weights, and damaged ones: each is called what it is.
struct ForeignFileTests {
    /// What opening a file of these bytes says.
    private func message(_ data: Data) throws -> String {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("foreign-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try data.write(to: URL(filePath: path))
        do {
            _ = try Checkpoint.open(path: path)
            return "was read"
        } catch let error as CheckpointError {
            #expect(error.kind == .damaged)
            return error.description
        } catch let error as SafetensorsError {
            return error.description
        }
    }

    @Test(arguments: [
        ("", "is empty"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git lfs pull"),
        ("\n<!DOCTYPE html><html>", "is an HTML page; the download went wrong"),
        ("<HTML lang=en>", "is an HTML page"), ("<?xml version=\"1.0\"?>", "is an XML document"),
        (#"{"error": "no such model"}"#, "is a JSON text"),
        ("These are the weights of my network.\n", "is a text file"),
        ("(dp0\nS'a'\np1\nI1\ns.", "protocols 2 to 5 are read"),
    ])
    func textsAreNamed(text: String, words: String) throws {
        let message = try message(Data(text.utf8))
        #expect(message.contains(words), "\(message)")
    }

    @Test func archivesAreNamedWithTheWayToUnpackThem() throws {
        let tar = Data("sys_info".utf8) + Data(count: 249) + Data("ustar".utf8) + Data(count: 250)
        let files: [(Data, String)] = [
            (Data([0x1F, 0x8B, 8, 0]), "gunzip"),
            (Data([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]), "unxz"),
            (Data("BZh9".utf8), "bunzip2"), (tar, "is a tar archive; unpack it"),
            (ZipBuilder().archive([(name: "a.txt", content: Data([1]))]), "unpack it"),
            (Data(count: 4096), "nothing but zeros"), (Data([1, 2, 3]), "is none of"),
        ]
        for (data, words) in files {
            let message = try message(data)
            #expect(message.contains(words), "\(message)")
        }
    }

    @Test(arguments: [
        (200_000_002, "{", "more than the 100000000 that"),
        (500, "{", "claims 500 bytes, but only 1 follow; the file is cut off"),
        (3, "{1}", "is not JSON: "),
        (7, #"{"a":7}"#, #"has the entry "a" missing or of another form"#),
        (
            56, #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}  "#,
            "within the 1 bytes that follow the header; if the file is cut off"
        ),
        (
            56, #"{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,1]}}  "#,
            "expected extents from 0 up"
        ),
    ])
    func safetensorsSayWhichRuleIsBroken(length: Int, header: String, words: String) throws {
        let message = try message(Data(littleEndian(UInt64(length))) + Data(header.utf8))
        #expect(message.contains(words), "\(message)")
        #expect(!message.contains("DecodingError") && !message.contains("Debug"), "\(message)")
    }

    @Test func refusalsOfArchivesAndPicklesHaveTheirPlace() throws {
        let pickle = PickleBuilder.dictionary("a") { $0.code("N") }
        var members = torchMembers(pickle)
        members[2].checksum = 1
        let damaged = try message(ZipBuilder().archive(members))
        let place = #/byte [0-9]+: the member model/data/0 does not match its CRC-32/#
        #expect(damaged.contains(place), "\(damaged)")
        members[2].checksum = nil
        members[0].method = 8
        let compressed = try message(ZipBuilder().archive(members))
        #expect(compressed.contains("byte 0: the member model/data.pkl is compressed"))
        var old = PickleBuilder(protocol: 1)
        old.code("N")
        let version = try message(torchFile(old.ended))
        #expect(version.contains("byte 0: the pickle has protocol 1; protocols 2 to 5 are read"))
    }

    @Test func valuesThatMultiplyAreRefusedWithTheirPlace() throws {
        let bomb = PickleBuilder.dictionary("deep") { pickle in
            pickle.code("]")
            for _ in 0..<40 {
                pickle.code("2")
                pickle.raw([0x86])
            }
        }
        let message = try message(torchFile(bomb))
        #expect(message.contains("value at \"deep."), "\(message)")
    }
}

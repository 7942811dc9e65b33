import CheckpointFixtures
import Foundation
import Packs
import Tensors
import TestSupport
import Testing

/// Folders of a configuration and weights.
struct HuggingFaceFolderTests {
    private static let config = Data(#"{"model_type": "clip"}"#.utf8)

    /// A folder with the given files, for the length of `body`.
    private func withFolder(_ files: [String: Data], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("folder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, data) in files { try data.write(to: folder.appendingPathComponent(name)) }
        try body(folder.path)
    }

    private func safetensors(_ tensors: [String: Float]) throws -> Data {
        try SafetensorsFile.encode(
            tensors.mapValues { RawTensor(Tensor<Float>(shape: [1], scalars: [$0])) }
        )
    }

    private func index(_ map: [String: String]) throws -> Data {
        try JSONEncoder().encode(["weight_map": map])
    }

    @Test func goldenFolderIsKnown() throws {
        for golden in try Goldens.cases(having: "hf") {
            let path = try golden.path("hf")
            for path in [path, path + "/model.safetensors"] {
                let file = try Checkpoint.read(path: path)
                #expect(file.format == .huggingFaceFolder)
                #expect(file.huggingFaceConfig != nil)
                #expect(file.tensors.layout("visual_projection.weight") != nil)
            }
        }
    }

    @Test func severalFilesAreReadAsOne() throws {
        try withFolder([
            "config.json": Self.config, "one.safetensors": safetensors(["a": 1, "b": 2]),
            "two.safetensors": safetensors(["c": 3]),
            "model.safetensors.index.json": index([
                "a": "one.safetensors", "b": "one.safetensors", "c": "two.safetensors",
            ]),
        ]) { folder in
            for path in [folder, folder + "/model.safetensors.index.json"] {
                let file = try Checkpoint.read(path: path)
                #expect(file.format == .huggingFaceFolder)
                #expect(file.tensors.names == ["a", "b", "c"])
                #expect(file.tensors.raw("c")?.float.scalars == [3])
                #expect(file.tensors.layout("b")?.shape == [1])
            }
            let lone = try Checkpoint.read(path: folder + "/one.safetensors")
            #expect(lone.format == .safetensors && lone.huggingFaceConfig == nil)
        }
    }

    @Test func picklesAreTheFallback() throws {
        let pickle = PickleBuilder.dictionary("a") {
            $0.tensor(count: 12, sizes: [12], strides: [1])
        }
        let archive = torchFile(pickle)
        try withFolder(["config.json": Self.config, "pytorch_model.bin": archive]) { folder in
            let file = try Checkpoint.read(path: folder)
            #expect(file.format == .huggingFaceFolder)
            #expect(file.tensors.names == ["a"] && file.value != nil)
        }
        try withFolder([
            "config.json": Self.config, "pytorch_model.bin": archive,
            "model.safetensors": safetensors(["b": 1]),
        ]) { folder in
            let file = try Checkpoint.read(path: folder)
            #expect(file.tensors.names == ["b"])
        }
    }

    @Test func foldersThatLieAreRefused() throws {
        let sound = try safetensors(["a": 1])
        let liars: [[String: Data]] = [
            [:], ["config.json": Self.config], ["model.safetensors": sound],
            ["config.json": Data("[]".utf8), "model.safetensors": sound],
            ["config.json": Self.config, "model.safetensors": sound.dropLast(1)],
        ]
        let maps: [[String: String]] = [
            ["a": "../one.safetensors"], ["a": "/etc/passwd"], ["a": ""], ["a": "missing"],
            ["b": "one.safetensors"], ["a": "one.safetensors", "b": "one.safetensors"],
        ]
        let indexed = try maps.map { map in
            [
                "config.json": Self.config, "one.safetensors": sound,
                "model.safetensors.index.json": try index(map),
            ]
        }
        let broken = [
            "config.json": Self.config, "model.safetensors.index.json": Data("{".utf8),
        ]
        for files in liars + indexed + [broken] {
            try withFolder(files) { folder in
                let error = #expect(throws: (any Error).self) { try Checkpoint.read(path: folder) }
                #expect(error.map { "\($0)".contains(folder) } == true)
            }
        }
    }
}

import Foundation
import Packs
import Tensors
import Testing

/// What the files of a new pack are made of.
struct SafetensorsWriterTests {
    private func archive() throws -> SafetensorsFile {
        let tensors = [
            "b": RawTensor(dtype: .float32, shape: [1], bytes: Data([0, 0, 128, 63])),
            "a": RawTensor(dtype: .float32, shape: [1], bytes: Data([0, 0, 0, 64])),
            "c": RawTensor(dtype: .int64, shape: [], bytes: Data(repeating: 1, count: 8)),
        ]
        return try SafetensorsFile(path: "there", data: SafetensorsFile.encode(tensors))
    }

    private func write(_ names: [(new: String, old: String)], to path: String) throws -> [String] {
        let archive = try archive()
        var order: [String] = []
        _ = try SafetensorsWriter.write(
            names.map { .init(name: $0.new, source: $0.old, archive: archive) },
            to: path,
            step: { order.append($0) }
        )
        return order
    }

    @Test func wideElementsComeFirstThenNamesInOrder() throws {
        let path = MadePack.freshPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try write([("z", "a"), ("y", "b"), ("x", "c")], to: path) == ["x", "y", "z"])
        let file = try SafetensorsFile(path: path)
        #expect(file.raw("y")?.bytes == (try archive().raw("b")?.bytes))
        #expect(file.raw("z")?.bytes == (try archive().raw("a")?.bytes))
    }

    @Test func aNameIsGivenOnce() throws {
        let path = MadePack.freshPath()
        let error = #expect(throws: PackError.self) {
            try write([("x", "a"), ("x", "b")], to: path)
        }
        #expect(error?.description.contains("tensors a and b would both be called x") == true)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func whatIsThereIsNotWrittenOver() throws {
        let path = MadePack.freshPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: (any Error).self) { try write([("x", "a")], to: path) }
        #expect(FileManager.default.contents(atPath: path) == Data("mine".utf8))
    }
}

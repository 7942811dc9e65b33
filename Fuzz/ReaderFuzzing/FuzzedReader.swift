import CheckpointFixtures
package import Foundation
import Packs
import Tensors

/// A reader of weight files, given any bytes at all.
package enum FuzzedReader: String, CaseIterable, Sendable {
    /// A safetensors file.
    case safetensors
    /// A zip archive of `torch.save` or `torch.jit.save`.
    case torchArchive
    /// The pickle of a torch archive, in a sound archive: checksums hold back most changes of a
    /// whole one.
    case torchPickle
    /// Stacked pickles of before PyTorch 1.6.
    case legacyTorch
    /// A pickle that holds its tensors.
    case pickle
    /// The index of a Hugging Face folder of several files.
    case huggingFaceIndex

    /// Reads a file and looks at everything in it.
    ///
    /// - Parameter data: The bytes, sound or not.
    /// - Returns: Whether the reader took them.
    package func read(_ data: Data) -> Bool {
        do {
            let archive: any TensorArchive =
                switch self {
                case .safetensors: try SafetensorsFile(path: "fuzz", data: data)
                case .torchArchive: try TorchArchive(path: "fuzz", data: data)
                case .torchPickle: try TorchArchive(path: "fuzz", data: torchFile(data))
                case .legacyTorch: try LegacyTorchFile(path: "fuzz", data: data)
                case .pickle: try PickleFile(path: "fuzz", data: data)
                case .huggingFaceIndex: try Self.folder(index: data)
                }
            Self.lookAt(archive)
            return true
        } catch let error as CheckpointError {
            precondition(!error.description.contains("\n"), "a message of several lines")
        } catch let error as SafetensorsError {
            precondition(!error.description.contains("\n"), "a message of several lines")
        } catch {
            preconditionFailure("an error of another kind: \(error)")
        }
        return false
    }

    /// What a reader promises of every tensor that it names.
    private static func lookAt(_ archive: any TensorArchive) {
        precondition(archive.names == archive.names.sorted(), "names are sorted")
        for name in archive.names {
            guard let layout = archive.layout(name) else {
                preconditionFailure("\(name) has no layout")
            }
            // An expanded tensor may be 256 MiB, which is allowed and slow.
            guard layout.byteCount <= 1 << 20, let tensor = archive.raw(name) else { continue }
            precondition(tensor.shape == layout.shape && tensor.dtype == layout.dtype)
            precondition(tensor.bytes.count == layout.byteCount)
            _ = tensor.bytes.reduce(0 as UInt8, ^)
        }
        if let pickled = archive as? any PickledArchive {
            precondition(pickled.placeholders == pickled.placeholders.sorted())
            _ = "\(pickled.value)".utf8.count
        }
    }

    /// A folder of one sound shard and the index to be tried.
    private static func folder(index: Data) throws -> HuggingFaceFolder {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("fuzz-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FuzzSeeds.shard.write(to: folder.appendingPathComponent("one.safetensors"))
        try Data("{}".utf8).write(to: folder.appendingPathComponent("config.json"))
        try index.write(to: folder.appendingPathComponent("model.safetensors.index.json"))
        return try HuggingFaceFolder(path: folder.path)
    }
}

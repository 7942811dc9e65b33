public import Foundation
public import Tensors

/// A weight file of any readable format: its tensors, and what else it says of itself.
public struct CheckpointFile: Sendable {
    /// How the bytes are laid out.
    public enum Format: String, Sendable, Codable, CaseIterable {
        /// JSON header and plain tensors.
        case safetensors
        /// A zip archive of a pickle and plain storages, as `torch.save` writes it.
        case torchArchive
        /// A zip archive of a scripted module, as `torch.jit.save` writes it.
        case torchScript
        /// Stacked pickles followed by storages, as `torch.save` wrote before version 1.6.
        case legacyTorch
        /// A pickle whose tensors lie inside of it, as NVIDIA's StyleGAN2 and StyleGAN3 write it.
        case pickle
        /// A folder with `config.json` and safetensors, as Hugging Face transformers writes it.
        case huggingFaceFolder
    }

    /// The file or folder.
    public let path: String
    /// How its bytes are laid out.
    public let format: Format
    /// Its tensors by name.
    public let tensors: any TensorArchive
    /// Everything that a pickle holds beside tensors: options, hyper-parameters, counters; nil for
    /// other formats.
    public let value: PickleValue?
    /// Classes and functions that the reader does not know, `module.name`, sorted; their objects
    /// are inert.
    public let placeholders: [String]
    /// Tensors whose numbers are of a type that is not read, by name.
    public let unread: [UnreadTensor]
    /// The bytes of `config.json` of a Hugging Face folder, nil for other formats.
    public let huggingFaceConfig: Data?
}

extension CheckpointFile {
    /// Tensors that lie in no file, as if they were safetensors.
    package init(shapesOf archive: any TensorArchive) {
        self.init(
            path: archive.path,
            format: .safetensors,
            tensors: archive,
            value: nil,
            placeholders: [],
            unread: [],
            huggingFaceConfig: nil
        )
    }
}

extension Checkpoint {
    /// Opens a file, or a Hugging Face folder, and keeps what it says beside its tensors.
    ///
    /// Nothing in the file is executed.
    ///
    /// - Parameter path: The file or folder.
    /// - Returns: What is in it.
    /// - Throws: `CheckpointError` or `SafetensorsError` if it cannot be read, is damaged or has
    ///   another format.
    public static func read(path: String) throws -> CheckpointFile {
        let archive = try open(path: path)
        let pickled = archive as? any PickledArchive
        let folder = archive as? HuggingFaceFolder
        return CheckpointFile(
            path: path,
            format: pickled?.format ?? (folder == nil ? .safetensors : .huggingFaceFolder),
            tensors: archive,
            value: pickled?.value ?? folder?.value,
            placeholders: pickled?.placeholders ?? folder?.placeholders ?? [],
            unread: pickled?.unread ?? folder?.unread ?? [],
            huggingFaceConfig: folder?.config
        )
    }
}

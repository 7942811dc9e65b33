public import Foundation
public import Tensors

/// A file that `torch.save` wrote before version 1.6: stacked pickles followed by plain storages.
///
/// Tensors are named as in `TorchArchive`. Nothing in the file is executed.
public struct LegacyTorchFile: PickledArchive {
    /// The file.
    public let path: String
    private let contents: PickledTensors

    /// Reads the pickles of a file.
    ///
    /// - Parameter path: The file.
    /// - Throws: `CheckpointError` naming place and rule if it is damaged or of another form.
    public init(path: String) throws {
        try self.init(path: path, bytes: Checkpoint.bytes(of: path))
    }

    /// Reads a file that is already in memory.
    ///
    /// - Parameters:
    ///   - path: The name used in messages.
    ///   - data: The whole file.
    /// - Throws: `CheckpointError` naming place and rule if it is damaged or of another form.
    public init(path: String, data: Data) throws {
        try self.init(path: path, bytes: FileBytes(data))
    }

    init(path: String, bytes: FileBytes) throws {
        let session = PickleSession(fileSize: bytes.count)
        let stream = try LegacyTorchStream(
            try Checkpoint.all(bytes, path: path),
            file: bytes,
            path: path,
            part: "legacy torch file",
            session: session,
            isNested: false
        )
        self.path = path
        contents = try PickledTensors(
            stream.machine,
            root: stream.root,
            session: session,
            path: path
        )
    }

    /// How the bytes of the file are laid out.
    public var format: CheckpointFile.Format { .legacyTorch }
    /// All tensor names, sorted.
    public var names: [String] { contents.names }
    /// Everything that the file holds, tensors included.
    public var value: PickleValue { contents.value }
    /// Classes and functions that the reader does not know, sorted.
    public var placeholders: [String] { contents.placeholders }
    /// Tensors whose numbers are of a type that is not read, by name.
    public var unread: [UnreadTensor] { contents.unread }

    /// The tensor of that name, or nil if the file has none.
    public func raw(_ name: String) -> RawTensor? { contents.raw(name) }

    /// Element type and shape of the tensor of that name, or nil; no element is read.
    public func layout(_ name: String) -> TensorLayout? { contents.layout(name) }
}

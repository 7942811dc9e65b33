public import Foundation
public import Tensors

/// A file that `torch.save` or `torch.jit.save` wrote: a zip archive of one pickle and plain
/// storages.
///
/// Tensors are named by their path: keys of dictionaries, positions in lists and attributes of
/// objects, joined with dots, so that `{'g_ema': {...}}` gives `g_ema.conv1.conv.weight`. Tensors
/// stay in the file until asked for; only those that are not contiguous, or big-endian, are copied.
/// Nothing in the file is executed.
/// Source: PyTorch `torch/serialization.py` and `caffe2/serialize/inline_container.h`.
public struct TorchArchive: PickledArchive {
    /// The file.
    public let path: String
    /// Whether the archive holds values or a scripted module.
    public let format: CheckpointFile.Format
    private let contents: PickledTensors

    /// Reads directory and pickle of a file and checks the checksums of its members.
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
        let data = try Checkpoint.all(bytes, path: path)
        let members = try TorchMembers(data, bytes, path: path)
        let session = PickleSession(fileSize: bytes.count)
        let globals = PickleGlobals(file: bytes, path: path, session: session) { key in
            try members.storage(key)
        }
        var machine = PickleMachine(data[members.pickle], part: "data.pkl", globals: globals)
        let root = try machine.run()
        contents = try PickledTensors(machine, root: root, session: session, path: path)
        format = members.isScript ? .torchScript : .torchArchive
        self.path = path
    }

    /// All tensor names, sorted.
    public var names: [String] { contents.names }
    /// Everything that the archive holds, tensors included: options, hyper-parameters, counters.
    public var value: PickleValue { contents.value }
    /// Classes and functions that the reader does not know, sorted; classes of a scripted module
    /// are not listed.
    public var placeholders: [String] { contents.placeholders }
    /// Tensors whose numbers are of a type that is not read, by name.
    public var unread: [UnreadTensor] { contents.unread }

    /// The tensor of that name, or nil if the file has none.
    public func raw(_ name: String) -> RawTensor? { contents.raw(name) }

    /// Element type and shape of the tensor of that name, or nil; no element is read.
    public func layout(_ name: String) -> TensorLayout? { contents.layout(name) }
}

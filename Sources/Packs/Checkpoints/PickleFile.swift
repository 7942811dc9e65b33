public import Foundation
public import Tensors

/// A pickle whose tensors lie inside of it, as NVIDIA's StyleGAN2-ADA, StyleGAN3 and StyleGAN-Human
/// write it.
///
/// Networks are objects of NVIDIA's persistence: of each, only the attributes are read, never the
/// source text that the file carries. Tensors are named as in a state dictionary:
/// `G_ema.synthesis.b4.const`.
/// Source: NVlabs stylegan2-ada-pytorch `torch_utils/persistence.py`, PyTorch `torch/storage.py`.
public struct PickleFile: PickledArchive {
    /// The file.
    public let path: String
    private let contents: PickledTensors

    /// Reads the pickle of a file.
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
        let data = try Checkpoint.all(bytes, path: path)
        let globals = PickleGlobals(file: bytes, path: path, session: session) { _ in
            throw PickleFault("a reference to a storage outside of the pickle")
        }
        var machine = PickleMachine(data, part: "pickle", globals: globals)
        let root = try machine.run()
        guard machine.position == data.count else {
            throw CheckpointError(
                path,
                "pickle, byte \(machine.position): \(data.count - machine.position) bytes follow "
                    + "its end"
            )
        }
        self.path = path
        contents = try PickledTensors(machine, root: root, session: session, path: path)
    }

    /// How the bytes of the file are laid out.
    public var format: CheckpointFile.Format { .pickle }
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

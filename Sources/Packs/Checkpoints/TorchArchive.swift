public import Foundation
public import Tensors

/// A file that `torch.save` or `torch.jit.save` wrote: a zip archive of one pickle and plain storages.
///
/// Tensors are named by their path: keys of dictionaries, positions in lists and attributes of objects, joined
/// with dots, so that `{'g_ema': {...}}` gives `g_ema.conv1.conv.weight`. The file is mapped; only tensors that
/// are not contiguous are copied, when asked for. Nothing in the file is executed.
/// Source: PyTorch `torch/serialization.py` and `caffe2/serialize/inline_container.h`.
public struct TorchArchive: TensorArchive {
    /// The file.
    public let path: String
    /// All tensor names, sorted.
    public let names: [String]
    /// Everything that the archive holds, tensors included: options, hyper-parameters, counters.
    public let value: PickleValue

    private let tensors: [String: StridedTensor]

    /// Maps a file and reads its pickle.
    ///
    /// - Parameter path: The file.
    /// - Throws: `CheckpointError` naming place and rule if it is damaged or of another form.
    public init(path: String) throws {
        try self.init(path: path, data: Checkpoint.mapped(path: path))
    }

    /// Reads a file that is already in memory.
    ///
    /// - Parameters:
    ///   - path: The name used in messages.
    ///   - data: The whole file.
    /// - Throws: `CheckpointError` naming place and rule if it is damaged or of another form.
    public init(path: String, data: Data) throws {
        let members = try ZipDirectory(data, path: path).members
        let pickle = "data.pkl"
        let candidates = members.keys
            .filter { $0 == pickle || $0.hasSuffix("/\(pickle)") }
            .sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
        guard let name = candidates.first, let content = members[name] else {
            throw CheckpointError(path, "is a zip archive without \(pickle), not one of torch.save")
        }
        // Members lie in a folder that is named after the file as it once was.
        let folder = name.dropLast(pickle.count)
        if let order = members["\(folder)byteorder"], order != Data("little".utf8) {
            throw CheckpointError(
                path,
                "holds big-endian numbers; save it again on another machine"
            )
        }
        var machine = try PickleMachine(content, path: path, part: pickle) { key in
            let member = "\(folder)data/\(key.name)"
            guard let bytes = members[member] else {
                throw TorchGlobals.CallError(problem: "the storage \(member) is missing")
            }
            let width = key.dtype?.byteCount ?? 1
            guard key.count <= bytes.count / width else {
                throw TorchGlobals.CallError(
                    problem:
                        "the storage \(member) claims \(key.count) elements of \(width) bytes, "
                        + "it has \(bytes.count) bytes"
                )
            }
            return TensorStorage(dtype: key.dtype, bytes: bytes.prefix(key.count * width))
        }
        value = try machine.run()
        var collector = TensorCollector(path: path)
        try collector.collect(value, name: "")
        tensors = collector.tensors
        names = tensors.keys.sorted()
        self.path = path
    }

    /// The tensor of that name, or nil if the file has none.
    public func raw(_ name: String) -> RawTensor? { tensors[name]?.raw }

    /// Whether bytes start as a zip archive does.
    static func isZip(_ data: Data) -> Bool {
        data.starts(with: [0x50, 0x4B, 0x03, 0x04]) || data.starts(with: [0x50, 0x4B, 0x05, 0x06])
    }
}

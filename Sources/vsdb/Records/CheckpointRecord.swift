import Foundation
import Packs
import Tensors

/// A checkpoint as `vsdb weights inspect --json` shows it; `docs/checkpoints.md` describes the keys.
struct CheckpointRecord: Encodable, Sendable {
    /// A tensor.
    struct TensorEntry: Encodable, Sendable {
        let name: String
        let dtype: String
        let shape: [Int]
        let bytes: Int
        /// The network that reads it; null if none does.
        @OrNull var network: NetworkKind?
    }

    /// A network that was found.
    struct Network: Encodable, Sendable {
        let kind: NetworkKind
        let prefix: String
        let summary: String
        let isUsable: Bool
        let isPreferred: Bool
        let tensorCount: Int
        /// What tensors and the file's options tell, as below the network in `pack.json`.
        let known: ConfigTree
        /// Defaults that a pack would take.
        let assumed: ConfigTree
        /// Keys that must be stated.
        let open: [OpenKey]
    }

    let path: String
    let format: CheckpointFile.Format
    let bytes: Int
    let networks: [Network]
    let remarks: [String]
    let placeholders: [String]
    /// Tensors that no network reads, but for buffers that every such network's file has.
    let unrecognised: [String]
    /// Tensors whose numbers are of a type that is not read.
    let unread: [UnreadTensor]
    let tensors: [TensorEntry]

    init(_ recognition: Recognition) {
        let archive = recognition.file.tensors
        path = recognition.file.path
        format = recognition.file.format
        bytes = Self.byteCount(recognition.file.path)
        remarks = recognition.remarks
        placeholders = recognition.file.placeholders
        var owners: [String: NetworkKind] = [:]
        networks = recognition.networks.map { network in
            let names = network.tensorNames(in: archive)
            for name in names { owners[name] = network.kind }
            let rest = recognition.completion(of: network)
            return Network(
                kind: network.kind,
                prefix: network.prefix,
                summary: network.summary,
                isUsable: network.problem == nil,
                isPreferred: network.isPreferred,
                tensorCount: names.count,
                known: network.known,
                assumed: rest.assumed,
                open: rest.open
            )
        }
        tensors = archive.names.compactMap { name in
            guard let layout = archive.layout(name) else { return nil }
            return TensorEntry(
                name: name,
                dtype: layout.dtype.rawValue,
                shape: layout.shape,
                bytes: layout.byteCount,
                network: owners[name]
            )
        }
        let prefixes = recognition.networks.map(\.prefix)
        unrecognised = tensors.filter { tensor in
            tensor.network == nil
                && !(KnownBuffers.contains(tensor.name)
                    && prefixes.contains { tensor.name.hasPrefix($0) })
        }.map(\.name)
        unread = recognition.file.unread
    }

    /// The size of a file, or of all files of a folder.
    private static func byteCount(_ path: String) -> Int {
        let files = FileManager.default
        func size(_ path: String) -> Int {
            // Caches of downloads are full of links.
            let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            let attributes = try? files.attributesOfItem(atPath: file)
            return (attributes?[.size] as? NSNumber)?.intValue ?? 0
        }
        guard let members = try? files.contentsOfDirectory(atPath: path) else { return size(path) }
        return members.reduce(0) { $0 + size("\(path)/\($1)") }
    }
}

/// Opens a checkpoint for a command.
///
/// - Throws: `PackError`, `.notFound`; `CheckpointError` or `SafetensorsError` if it cannot be read.
func recognise(_ path: String) throws -> Recognition {
    guard FileManager.default.fileExists(atPath: path) else {
        throw PackError(.notFound, "checkpoint \"\(path)\": there is no such file")
    }
    return try Recognition(of: Checkpoint.read(path: path))
}

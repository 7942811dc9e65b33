public import Foundation
public import Tensors

/// A folder as Hugging Face transformers writes it: `config.json` with weights in one file or in
/// several.
///
/// Weights are looked for as `model.safetensors`, `model.safetensors.index.json`,
/// `pytorch_model.bin` and `pytorch_model.bin.index.json`, in this order. Configuration is data; no
/// code of the folder is looked at.
/// Source: Hugging Face transformers `utils/hub.py` and `modeling_utils.py`, the form of the index.
public struct HuggingFaceFolder: TensorArchive {
    /// The folder.
    public let path: String
    /// All tensor names, sorted.
    public let names: [String]
    /// The bytes of `config.json`.
    public let config: Data

    private let files: [any TensorArchive]
    private let places: [String: Int]

    static let configName = "config.json"
    private static let single = ["model.safetensors", "pytorch_model.bin"]
    private static let indexSuffix = ".index.json"
    /// Far more than the configuration of a model or the index of the largest one has.
    private static let jsonLimit = 1 << 24

    private struct Index: Decodable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        // The key of the format.
        let weight_map: [String: String]
    }

    /// Opens a folder, given itself or the weights in it.
    ///
    /// - Parameter path: The folder, or `model.safetensors` or its index inside.
    /// - Throws: `CheckpointError` naming the file and what is missing in it.
    public init(path: String) throws {
        let folder = Self.folder(of: path)
        func file(_ name: String) -> String { (folder as NSString).appendingPathComponent(name) }
        guard Self.exists(file(Self.configName)) else {
            throw CheckpointError(
                folder,
                "is a folder without \(Self.configName), not one of Hugging Face; name a weight "
                    + "file in it"
            )
        }
        config = try Self.json(file(Self.configName))
        guard (try? JSONSerialization.jsonObject(with: config)) is [String: Any] else {
            throw CheckpointError(file(Self.configName), "is not a JSON object")
        }
        self.path = folder
        for name in Self.single {
            if Self.exists(file(name)) {
                let archive = try Checkpoint.openFile(path: file(name))
                files = [archive]
                names = archive.names
                places = Dictionary(uniqueKeysWithValues: archive.names.map { ($0, 0) })
                return
            }
            let index = file(name + Self.indexSuffix)
            guard Self.exists(index) else { continue }
            (files, places) = try Self.shards(of: index, in: folder)
            names = places.keys.sorted()
            return
        }
        throw CheckpointError(
            folder,
            "holds no weights; expected one of \(Self.single.joined(separator: ", ")) or the same "
                + "with \(Self.indexSuffix)"
        )
    }

    /// The tensor of that name, or nil if no file has it.
    public func raw(_ name: String) -> RawTensor? { places[name].flatMap { files[$0].raw(name) } }

    /// Element type and shape of the tensor of that name, or nil; no element is read.
    public func layout(_ name: String) -> TensorLayout? {
        places[name].flatMap { files[$0].layout(name) }
    }

    /// What the pickle of the weights holds beside tensors, nil for safetensors and several files.
    var value: PickleValue? {
        files.count == 1 ? (files[0] as? any PickledArchive)?.value : nil
    }

    /// Classes and functions in pickles of the weights that the reader does not know, sorted.
    var placeholders: [String] {
        Set(files.flatMap { ($0 as? any PickledArchive)?.placeholders ?? [] }).sorted()
    }

    /// Tensors in pickles of the weights whose numbers are of a type that is not read, by name.
    var unread: [UnreadTensor] {
        files.flatMap { ($0 as? any PickledArchive)?.unread ?? [] }.sorted { $0.name < $1.name }
    }

    /// Whether a path is a folder, or the weights of a folder that has a configuration of a model.
    static func isFolder(_ path: String) -> Bool {
        let folder = folder(of: path)
        if folder == path { return !path.isEmpty }
        let name = (path as NSString).lastPathComponent
        let isWeights = single.contains { name == $0 || name == $0 + indexSuffix }
        guard isWeights,
            let config = try? json((folder as NSString).appendingPathComponent(configName)),
            let object = try? JSONSerialization.jsonObject(with: config) as? [String: Any]
        else { return false }
        return object["model_type"] is String || object["architectures"] is [Any]
    }

    private static func folder(of path: String) -> String {
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        return exists && isDirectory.boolValue
            ? path : (path as NSString).deletingLastPathComponent
    }

    private static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    private static func json(_ path: String) throws -> Data {
        let bytes = try Checkpoint.bytes(of: path)
        guard bytes.count <= jsonLimit, let data = bytes.part(0..<bytes.count) else {
            throw CheckpointError(path, "has more than \(jsonLimit) bytes, or cannot be read")
        }
        return data
    }

    /// Opens the files of an index; each must hold exactly the tensors that the index states.
    private static func shards(
        of index: String,
        in folder: String
    ) throws -> (files: [any TensorArchive], places: [String: Int]) {
        let data = try json(index)
        let map: [String: String]
        do {
            map = try JSONDecoder().decode(Index.self, from: data).weight_map
        } catch {
            throw CheckpointError(
                index,
                "\(JSONFault.text(data, error)); expected weight_map with a file for each tensor"
            )
        }
        var files: [any TensorArchive] = []
        var places: [String: Int] = [:]
        for name in Set(map.values).sorted() {
            guard ZipMember.problem(of: name) == nil, !name.contains("/") else {
                throw CheckpointError(index, "the file \"\(name)\" does not lie beside the index")
            }
            let shard = (folder as NSString).appendingPathComponent(name)
            let archive = try Checkpoint.openFile(path: shard)
            for tensor in archive.names {
                guard map[tensor] == name else {
                    throw CheckpointError(shard, "holds \(tensor), which the index has elsewhere")
                }
                places[tensor] = files.count
            }
            files.append(archive)
        }
        if let missing = map.keys.sorted().first(where: { places[$0] == nil }) {
            throw CheckpointError(index, "the tensor \(missing) is in none of its files")
        }
        return (files, places)
    }
}

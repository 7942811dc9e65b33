import Foundation
import Tensors

/// The functions and classes that a reader must know by name; all others leave inert objects, or
/// are refused as `ForbiddenNames`.
struct PickleGlobals {
    /// What a call makes.
    enum Outcome {
        case node(PickleNode)
        /// A value that is there already; a copy of it could be made again and again.
        case same(PickleReference)
    }

    /// The file, for tensors that lie inside of its pickle.
    let file: FileBytes
    /// Names the file in messages.
    let path: String
    /// What all pickles of the file share.
    let session: PickleSession
    /// Finds the bytes of a storage that lies outside of the pickle.
    var loadStorage: (StorageKey) throws -> TensorStorage
    /// Whether the pickle lies in a bytes value of another one.
    var isNested = false

    private static let persistence = "torch_utils.persistence._reconstruct_persistent_obj"

    private static let containers: Set = [
        "collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict",
        "dnnlib.util.EasyDict", "dnnlib.EasyDict", "builtins.set", "builtins.frozenset",
        "builtins.list", "__builtin__.set", "__builtin__.frozenset", "__builtin__.list",
        "torch.Size", "copyreg._reconstructor", "copy_reg._reconstructor", "_codecs.encode",
        "builtins.object", "__builtin__.object", "builtins.int", "builtins.float",
    ]
    private static let tensors: Set = [
        "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_tensor_v3", "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_parameter_with_state", "torch._tensor._rebuild_from_type_v2",
        "torch.storage._load_from_bytes", "torch.Tensor", "torch.nn.parameter.Parameter",
        "torch.jit._pickle.build_intlist", "torch.jit._pickle.build_doublelist",
        "torch.jit._pickle.build_boollist", "torch.jit._pickle.build_tensorlist",
        "torch.jit._pickle.restore_type_tag",
    ]
    private static let numbers: Set = [
        "numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
    ]

    /// Whether a name stands for something that the reader carries out or need not carry out.
    static func knows(_ name: String) -> Bool {
        containers.contains(name) || tensors.contains(name) || numbers.contains(name)
            || name.hasSuffix(persistence) || storageTypes[name] != nil || dtypes[name] != nil
            || untypedStorages.contains(name)
            // The classes of a scripted module are only its structure.
            || name.hasPrefix("__torch__.")
    }

    /// What a call of a name makes, or nil if the name is unknown and the result an inert object.
    func call(
        _ name: String,
        _ arguments: PickleReference,
        _ heap: inout PickleHeap
    ) throws -> Outcome? {
        guard let parts = heap.parts(arguments) else {
            throw PickleFault("\(name) is called with something that is no tuple")
        }
        if Self.containers.contains(name) { return try container(name, parts, heap) }
        if Self.tensors.contains(name) { return try tensor(name, parts, heap) }
        if Self.numbers.contains(name) { return number(name, parts, heap) }
        if name.hasSuffix(Self.persistence) { return try persistentObject(parts, heap) }
        return nil
    }

    /// Lists, sets and dictionaries of Python's library; the entries follow as instructions of
    /// their own.
    private func container(
        _ name: String,
        _ parts: [PickleReference],
        _ heap: PickleHeap
    ) throws -> Outcome? {
        switch name {
        case "collections.defaultdict": return .node(.dictionary([]))
        case "collections.OrderedDict", "builtins.dict", "__builtin__.dict",
            "dnnlib.util.EasyDict", "dnnlib.EasyDict":
            guard let first = parts.first else { return .node(.dictionary([])) }
            return try dictionary(ofPairs: first, heap).map { .node($0) }
        case "copyreg._reconstructor", "copy_reg._reconstructor":
            guard let type = parts.first.flatMap({ heap.global($0) }) else { return nil }
            return .node(.object(.init(type: type, arguments: nil)))
        case "_codecs.encode":
            return try latin1(parts, heap).map { .node($0) }
        case "torch.Size":
            let extents = parts.first.flatMap { heap.parts($0) } ?? []
            try session.charge(references: extents.count)
            return .node(.tuple(extents))
        case "builtins.object", "__builtin__.object", "builtins.int", "builtins.float":
            return nil
        default:
            let elements = parts.first.flatMap { heap.parts($0) } ?? []
            try session.charge(references: elements.count)
            return .node(.list(elements))
        }
    }

    /// The dictionary of a list of keys with values, as Python 2 stores an ordered one.
    private func dictionary(
        ofPairs reference: PickleReference,
        _ heap: PickleHeap
    ) throws -> PickleNode? {
        guard let pairs = heap.parts(reference) else { return nil }
        try session.charge(references: pairs.count)
        var entries: [(key: PickleReference, value: PickleReference)] = []
        for pair in pairs {
            guard let parts = heap.parts(pair), parts.count == 2 else { return nil }
            entries.append((key: parts[0], value: parts[1]))
        }
        return .dictionary(entries)
    }

    /// The bytes of a text of which each character is one byte, as protocol 2 stores bytes.
    private func latin1(_ parts: [PickleReference], _ heap: PickleHeap) throws -> PickleNode? {
        guard parts.count == 2, let text = heap.string(parts[0]),
            ["latin1", "latin-1"].contains(heap.string(parts[1]))
        else { return nil }
        try session.charge(text: text.utf8.count)
        var bytes = Data(capacity: text.utf8.count)
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { return nil }
            bytes.append(byte)
        }
        return .converted(bytes)
    }

    /// An object of NVIDIA's persistence: class name and attributes; its source text is never
    /// looked at.
    ///
    /// Source: NVlabs stylegan2-ada-pytorch `torch_utils/persistence.py`.
    private func persistentObject(
        _ parts: [PickleReference],
        _ heap: PickleHeap
    ) throws -> Outcome? {
        guard let meta = parts.first, case .dictionary(let entries) = heap[meta] else {
            throw PickleFault("a persistent object without its dictionary")
        }
        try session.charge(references: entries.count)
        func entry(_ key: String) -> PickleReference? {
            entries.last { heap.string($0.key) == key }?.value
        }
        guard let name = entry("class_name").flatMap({ heap.string($0) }),
            name.utf8.count <= PickleSession.nameLimit
        else { throw PickleFault("a persistent object without the name of its class") }
        return .node(.object(.init(type: name, arguments: nil, state: entry("state"))))
    }
}

import Foundation
import Tensors

/// How a pickle refers to the bytes of tensors.
struct StorageKey {
    /// The element type, or nil if the storage is untyped.
    let dtype: DType?
    /// The name of the storage in the file.
    let name: String
    /// The number of elements, of bytes if untyped.
    let count: Int
}

/// Source: PyTorch `torch/_utils.py`, `torch/_tensor.py` and `torch/serialization.py`.
extension PickleGlobals {
    /// Element types by the class of the storage.
    static let storageTypes: [String: DType] = {
        let names: [(String, DType)] = [
            ("Double", .float64), ("Float", .float32), ("Half", .float16), ("BFloat16", .bfloat16),
            ("Long", .int64), ("Int", .int32), ("Short", .int16), ("Char", .int8),
            ("Byte", .uint8), ("Bool", .bool),
        ]
        // Files saved from a graphics card name the storages of that module.
        let modules = ["torch", "torch.cuda"]
        return Dictionary(
            uniqueKeysWithValues: modules.flatMap { module in
                names.map { ("\(module).\($0.0)Storage", $0.1) }
            }
        )
    }()

    static let untypedStorages: Set = ["torch.storage.UntypedStorage", "torch.UntypedStorage"]

    static let dtypes: [String: DType] = [
        "torch.float64": .float64, "torch.float32": .float32, "torch.float16": .float16,
        "torch.bfloat16": .bfloat16, "torch.int64": .int64, "torch.int32": .int32,
        "torch.int16": .int16, "torch.int8": .int8, "torch.uint8": .uint8, "torch.bool": .bool,
    ]

    /// What a function that rebuilds tensors makes.
    func tensor(
        _ name: String,
        _ parts: [PickleReference],
        _ heap: PickleHeap
    ) throws -> Outcome? {
        switch name {
        case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor":
            return try rebuilt(parts, dtype: nil, heap)
        case "torch._utils._rebuild_tensor_v3":
            return try rebuilt(parts, dtype: parts.dropFirst(6).first, heap)
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
            "torch.jit._pickle.restore_type_tag", "torch.jit._pickle.build_intlist",
            "torch.jit._pickle.build_doublelist", "torch.jit._pickle.build_boollist",
            "torch.jit._pickle.build_tensorlist":
            return parts.first.map { .same($0) }
        case "torch._tensor._rebuild_from_type_v2":
            guard parts.count >= 3, let function = heap.global(parts[0]),
                function.hasPrefix("torch._utils._rebuild_"), let inner = heap.parts(parts[2])
            else { return nil }
            return try tensor(function, inner, heap)
        case "torch.storage._load_from_bytes":
            switch parts.first.map({ heap[$0] }) {
            case .bytes(let bytes): return .node(try nestedStorage(bytes, of: file))
            case .converted(let bytes):
                return .node(try nestedStorage(bytes, of: FileBytes(bytes)))
            default: return nil
            }
        default: return nil
        }
    }

    /// The storage of a persistent reference `('storage', type, name, device, count, view)`.
    func storage(_ reference: PickleReference, _ heap: PickleHeap) throws -> Outcome {
        guard let parts = heap.parts(reference), parts.count >= 2 else {
            throw PickleFault("a reference to something that is no storage")
        }
        // ('module', class, source file, source text): the class stays a name.
        if heap.string(parts[0]) == "module" { return .same(parts[1]) }
        guard parts.count >= 5, heap.string(parts[0]) == "storage",
            let type = heap.global(parts[1]), let name = heap.string(parts[2]),
            let count = heap.integer(parts[4]), count >= 0
        else { throw PickleFault("a reference to something that is no storage") }
        let dtype = Self.storageTypes[type]
        guard dtype != nil || Self.untypedStorages.contains(type) else {
            // Complex and quantised numbers: no network here has them.
            return .node(.object(.init(type: type, arguments: nil)))
        }
        let whole = try loadStorage(StorageKey(dtype: dtype, name: name, count: count))
        guard parts.count >= 6, let view = heap.parts(parts[5]) else {
            return .node(.storage(whole))
        }
        return .node(.storage(try part(of: whole, view, heap)))
    }

    /// A part `(name, offset, count)` of a storage, as files before version 0.4 have it.
    private func part(
        of whole: TensorStorage,
        _ view: [PickleReference],
        _ heap: PickleHeap
    ) throws -> TensorStorage {
        let width = whole.dtype?.byteCount ?? 1
        let available = whole.range.count / width
        guard view.count == 3, let offset = heap.integer(view[1]),
            let count = heap.integer(view[2]),
            offset >= 0, count >= 0, offset <= available, count <= available - offset
        else { throw PickleFault("a part of a storage that lies outside of it") }
        let start = whole.range.lowerBound + offset * width
        return TensorStorage(
            dtype: whole.dtype,
            file: whole.file,
            range: start..<start + count * width,
            isBigEndian: whole.isBigEndian
        )
    }

    /// A tensor from `(storage, offset, sizes, strides, ...)`.
    private func rebuilt(
        _ parts: [PickleReference],
        dtype: PickleReference?,
        _ heap: PickleHeap
    ) throws -> Outcome? {
        guard parts.count >= 4 else {
            throw PickleFault("a tensor needs storage, offset, sizes and strides")
        }
        // Unknown element types leave an object in the place of the storage.
        guard case .storage(let storage) = heap[parts[0]] else { return nil }
        let named = dtype.flatMap { heap.global($0) }.flatMap { Self.dtypes[$0] }
        guard let dtype = dtype == nil ? storage.dtype : named else { return nil }
        guard let offset = heap.integer(parts[1]), let sizes = heap.integers(parts[2]),
            let strides = heap.integers(parts[3])
        else {
            throw PickleFault(
                "offset, sizes or strides of a tensor are no whole numbers, or too many"
            )
        }
        let window = StridedTensor.checked(
            storage: storage,
            dtype: dtype,
            offset: offset,
            shape: sizes,
            strides: strides
        )
        switch window {
        case .success(let tensor): return .node(.tensor(tensor))
        case .failure(let error):
            throw PickleFault("a tensor outside its storage: \(error.problem)")
        }
    }

    /// The storage of a complete legacy file that is a bytes value of the pickle.
    private func nestedStorage(_ bytes: Data, of file: FileBytes) throws -> PickleNode {
        guard !isNested else { throw PickleFault("a torch file in a torch file in a pickle") }
        let stream = try LegacyTorchStream(
            bytes,
            file: file,
            path: path,
            part: "torch file at byte \(bytes.startIndex)",
            session: session,
            isNested: true
        )
        switch stream.rootNode {
        case .storage, .object: return stream.rootNode
        default: throw PickleFault("a torch file in the pickle is no storage")
        }
    }
}

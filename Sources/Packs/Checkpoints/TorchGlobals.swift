import Foundation
import Tensors

/// The functions and classes of torch archives that a reader must know by name.
struct TorchGlobals {
    /// How a pickle refers to the bytes of tensors.
    struct StorageKey {
        /// The element type, or nil if the storage is untyped.
        let dtype: DType?
        /// The name of the storage in the archive.
        let name: String
        /// The number of elements, of bytes if untyped.
        let count: Int
    }

    /// A call whose arguments break a rule.
    struct CallError: Error {
        let problem: String
    }

    /// Finds the bytes of a storage.
    let loadStorage: (StorageKey) throws -> TensorStorage

    private static let storageTypes: [String: DType] = [
        "torch.DoubleStorage": .float64, "torch.FloatStorage": .float32,
        "torch.HalfStorage": .float16, "torch.BFloat16Storage": .bfloat16,
        "torch.LongStorage": .int64, "torch.IntStorage": .int32, "torch.ShortStorage": .int16,
        "torch.CharStorage": .int8, "torch.ByteStorage": .uint8, "torch.BoolStorage": .bool,
    ]

    private static let untypedStorage = "torch.storage.UntypedStorage"

    private static let dtypes: [String: DType] = [
        "torch.float64": .float64, "torch.float32": .float32, "torch.float16": .float16,
        "torch.bfloat16": .bfloat16, "torch.int64": .int64, "torch.int32": .int32,
        "torch.int16": .int16, "torch.int8": .int8, "torch.uint8": .uint8, "torch.bool": .bool,
    ]

    /// What a call of a name makes, or nil if the name is unknown and the result an inert object.
    func call(
        _ name: String,
        _ arguments: PickleReference,
        _ heap: inout PickleHeap
    ) throws -> PickleNode? {
        guard let parts = heap.parts(arguments) else {
            throw CallError(problem: "\(name) is called with something that is no tuple")
        }
        switch name {
        case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor":
            return try tensor(parts, dtype: nil, heap)
        case "torch._utils._rebuild_tensor_v3":
            return try tensor(parts, dtype: parts.dropFirst(6).first, heap)
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
            return parts.first.map { heap[$0] }
        case "torch._tensor._rebuild_from_type_v2":
            guard parts.count >= 3, let function = heap.global(parts[0]),
                function.hasPrefix("torch._utils._rebuild_")
            else { return nil }
            return try call(function, parts[2], &heap)
        case "torch.Size":
            return .tuple(parts.first.flatMap { heap.parts($0) } ?? [])
        case "collections.OrderedDict", "builtins.dict", "__builtin__.dict":
            // Entries follow as instructions of their own.
            return parts.isEmpty ? .dictionary([]) : nil
        case "collections.defaultdict": return .dictionary([])
        case "builtins.set", "builtins.frozenset", "builtins.list", "__builtin__.set",
            "__builtin__.frozenset", "__builtin__.list":
            return .list(parts.first.flatMap { heap.parts($0) } ?? [])
        default: return nil
        }
    }

    /// The storage of a persistent reference `('storage', type, name, device, count)`.
    func storage(_ reference: PickleReference, _ heap: PickleHeap) throws -> PickleNode {
        guard let parts = heap.parts(reference), parts.count >= 5,
            heap.string(parts[0]) == "storage",
            let type = heap.global(parts[1]), let name = heap.string(parts[2]),
            let count = heap.integer(parts[4]), count >= 0
        else { throw CallError(problem: "a reference to something that is no storage") }
        let dtype = Self.storageTypes[type]
        guard dtype != nil || type == Self.untypedStorage else {
            // Complex and quantised numbers: no network here has them.
            return .object(.init(type: type, arguments: nil))
        }
        return .storage(try loadStorage(StorageKey(dtype: dtype, name: name, count: count)))
    }

    /// A tensor from `(storage, offset, sizes, strides, ...)`.
    private func tensor(
        _ parts: [PickleReference],
        dtype: PickleReference?,
        _ heap: PickleHeap
    ) throws -> PickleNode? {
        guard parts.count >= 4 else {
            throw CallError(problem: "a tensor needs storage, offset, sizes and strides")
        }
        // Unknown element types leave an object in the place of the storage.
        guard case .storage(let storage) = heap[parts[0]] else { return nil }
        let named = dtype.flatMap { heap.global($0) }.flatMap { Self.dtypes[$0] }
        guard let dtype = named ?? storage.dtype else { return nil }
        guard let offset = heap.integer(parts[1]), let sizes = heap.integers(parts[2]),
            let strides = heap.integers(parts[3])
        else {
            throw CallError(
                problem: "offset, sizes or strides of a tensor are no whole numbers, or too many"
            )
        }
        let window = StridedTensor.checked(
            storage: storage.bytes,
            dtype: dtype,
            offset: offset,
            shape: sizes,
            strides: strides
        )
        switch window {
        case .success(let tensor): return .tensor(tensor)
        case .failure(let error):
            throw CallError(problem: "a tensor outside its storage: \(error.problem)")
        }
    }
}

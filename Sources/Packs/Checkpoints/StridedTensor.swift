import Foundation
public import Tensors

/// The bytes that several tensors of a checkpoint may share.
struct TensorStorage: Sendable {
    /// The element type, or nil if the storage is untyped.
    let dtype: DType?
    /// The elements, little-endian.
    let bytes: Data
}

/// A tensor of a checkpoint: a window of a storage with a step for each axis.
public struct StridedTensor: Sendable {
    /// The element type.
    public let dtype: DType
    /// The extent of each axis, outermost first.
    public let shape: [Int]
    /// How many elements lie between neighbours on each axis.
    public let strides: [Int]

    private let bytes: Data
    private let offset: Int

    /// What an expanded tensor may grow to when its elements are copied, in bytes.
    private static let expansionLimit = 1 << 28
    /// More axes than any network has.
    static let rankLimit = 32

    /// Checks that the window lies in the storage; returns the broken rule otherwise.
    static func checked(
        storage: Data,
        dtype: DType,
        offset: Int,
        shape: [Int],
        strides: [Int]
    ) -> Result<StridedTensor, WindowError> {
        guard shape.count == strides.count, shape.count <= rankLimit else {
            return .failure(WindowError("\(shape.count) sizes and \(strides.count) strides"))
        }
        guard offset >= 0, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else {
            return .failure(
                WindowError(
                    "a negative number in offset \(offset), sizes \(shape), strides \(strides)"
                )
            )
        }
        let available = storage.count / dtype.byteCount
        var size = dtype.byteCount
        var last = offset
        for (extent, stride) in zip(shape, strides) {
            let (product, productOverflow) = size.multipliedReportingOverflow(by: extent)
            let (reach, reachOverflow) = max(extent - 1, 0).multipliedReportingOverflow(by: stride)
            let (sum, sumOverflow) = last.addingReportingOverflow(reach)
            guard !productOverflow, !reachOverflow, !sumOverflow else {
                return .failure(WindowError("the sizes \(shape) are beyond counting"))
            }
            size = product
            last = sum
        }
        // An empty tensor needs no element, all others need their last one.
        guard size == 0 ? offset <= available : last < available else {
            return .failure(
                WindowError(
                    "sizes \(shape) with strides \(strides) from element \(offset) on need element "
                        + "\(last), the storage has \(available)"
                )
            )
        }
        guard size <= max(storage.count, expansionLimit) else {
            return .failure(WindowError("sizes \(shape) repeat elements to \(size) bytes"))
        }
        return .success(
            StridedTensor(
                dtype: dtype,
                shape: shape,
                strides: strides,
                bytes: storage,
                offset: offset
            )
        )
    }

    /// The rule that a window breaks.
    struct WindowError: Error {
        let problem: String

        init(_ problem: String) { self.problem = problem }
    }

    /// Whether the elements lie in row-major order without gaps.
    private var isContiguous: Bool {
        var expected = 1
        for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
            if stride != expected { return false }
            expected *= extent
        }
        return true
    }

    /// The elements in row-major order; bytes of the file where they lie so, a copy otherwise.
    public var raw: RawTensor {
        let count = shape.reduce(1, *)
        let width = dtype.byteCount
        if count == 0 || isContiguous {
            let start = bytes.startIndex + offset * width
            let end = start + count * width
            return RawTensor(dtype: dtype, shape: shape, bytes: bytes[start..<end])
        }
        var packed = Data(capacity: count * width)
        var index = [Int](repeating: 0, count: shape.count)
        var element = offset
        for _ in 0..<count {
            let start = bytes.startIndex + element * width
            packed.append(bytes[start..<start + width])
            for axis in shape.indices.reversed() {
                index[axis] += 1
                element += strides[axis]
                if index[axis] < shape[axis] { break }
                element -= strides[axis] * shape[axis]
                index[axis] = 0
            }
        }
        return RawTensor(dtype: dtype, shape: shape, bytes: packed)
    }
}

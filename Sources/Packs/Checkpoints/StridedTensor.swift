import Foundation
public import Tensors

/// The bytes that several tensors of a checkpoint may share.
struct TensorStorage: Sendable {
    /// The element type, or nil if the storage is untyped.
    let dtype: DType?
    /// The file that holds the elements.
    let file: FileBytes
    /// Where in the file they lie.
    let range: Range<Int>
    /// Whether the most significant byte of an element comes first.
    var isBigEndian = false
}

/// A tensor of a checkpoint: a window of a storage with a step for each axis.
public struct StridedTensor: Sendable {
    /// The element type.
    public let dtype: DType
    /// The extent of each axis, outermost first.
    public let shape: [Int]
    /// How many elements lie between neighbours on each axis.
    public let strides: [Int]

    private let storage: TensorStorage
    private let offset: Int

    /// What an expanded tensor may grow to when its elements are copied, in bytes.
    private static let expansionLimit = 1 << 28
    /// More axes than any network has.
    static let rankLimit = 32

    /// Checks that the window lies in the storage; returns the broken rule otherwise.
    static func checked(
        storage: TensorStorage,
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
        let available = storage.range.count / dtype.byteCount
        guard let (size, last) = reach(of: shape, strides, from: offset, width: dtype.byteCount)
        else { return .failure(WindowError("the sizes \(shape) are beyond counting")) }
        // An empty tensor needs no element, all others need their last one.
        guard size == 0 ? offset <= available : last < available else {
            return .failure(
                WindowError(
                    "sizes \(shape) with strides \(strides) from element \(offset) on need element "
                        + "\(last), the storage has \(available)"
                )
            )
        }
        guard size <= max(storage.range.count, expansionLimit) else {
            return .failure(WindowError("sizes \(shape) repeat elements to \(size) bytes"))
        }
        return .success(
            StridedTensor(
                dtype: dtype,
                shape: shape,
                strides: strides,
                storage: storage,
                offset: offset
            )
        )
    }

    /// The bytes of all elements and the place of the last one, or nil if a number overflows.
    private static func reach(
        of shape: [Int],
        _ strides: [Int],
        from offset: Int,
        width: Int
    ) -> (size: Int, last: Int)? {
        var size = width
        var last = offset
        for (extent, stride) in zip(shape, strides) {
            let (product, productOverflow) = size.multipliedReportingOverflow(by: extent)
            let (way, wayOverflow) = max(extent - 1, 0).multipliedReportingOverflow(by: stride)
            let (sum, sumOverflow) = last.addingReportingOverflow(way)
            guard !productOverflow, !wayOverflow, !sumOverflow else { return nil }
            size = product
            last = sum
        }
        return (size, last)
    }

    /// The rule that a window breaks.
    struct WindowError: Error {
        let problem: String

        init(_ problem: String) { self.problem = problem }
    }

    /// Element type and shape, without the elements.
    public var layout: TensorLayout { TensorLayout(dtype: dtype, shape: shape) }

    /// Whether the elements lie in row-major order without gaps.
    private var isContiguous: Bool {
        var expected = 1
        for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
            if stride != expected { return false }
            expected *= extent
        }
        return true
    }

    /// The elements in row-major order, or nil if the file can no longer be read.
    ///
    /// They are bytes of the file where they lie so and are little-endian, a copy otherwise.
    public var raw: RawTensor? {
        let count = shape.reduce(1, *)
        guard count > 0 else { return RawTensor(dtype: dtype, shape: shape, bytes: Data()) }
        // Checked not to overflow and to lie in the storage when the tensor was made.
        let last = zip(shape, strides).reduce(offset) { $0 + ($1.0 - 1) * $1.1 }
        let start = storage.range.lowerBound + offset * dtype.byteCount
        let end = storage.range.lowerBound + (last + 1) * dtype.byteCount
        guard let window = storage.file.part(start..<end) else { return nil }
        let isSwapped = storage.isBigEndian && dtype.byteCount > 1
        if isContiguous && !isSwapped {
            return RawTensor(dtype: dtype, shape: shape, bytes: window)
        }
        let packed =
            switch dtype.byteCount {
            case 1: gathered(window, UInt8.self, isSwapped)
            case 2: gathered(window, UInt16.self, isSwapped)
            case 4: gathered(window, UInt32.self, isSwapped)
            default: gathered(window, UInt64.self, isSwapped)
            }
        return RawTensor(dtype: dtype, shape: shape, bytes: packed)
    }

    /// Copies the elements of a window that starts at the first one, row by row.
    private func gathered<Word: FixedWidthInteger>(
        _ window: Data,
        _ type: Word.Type,
        _ isSwapped: Bool
    ) -> Data {
        let rowLength = shape.last ?? 1
        let step = strides.last ?? 1
        let rowCount = shape.dropLast().reduce(1, *)
        let width = MemoryLayout<Word>.size
        var packed = Data(count: rowCount * rowLength * width)
        packed.withUnsafeMutableBytes { target in
            window.withUnsafeBytes { source in
                var index = [Int](repeating: 0, count: max(shape.count - 1, 0))
                var rowStart = 0
                var written = 0
                for _ in 0..<rowCount {
                    for column in 0..<rowLength {
                        let word = source.loadUnaligned(
                            fromByteOffset: (rowStart + column * step) * width,
                            as: Word.self
                        )
                        target.storeBytes(
                            of: isSwapped ? word.byteSwapped : word,
                            toByteOffset: written,
                            as: Word.self
                        )
                        written += width
                    }
                    advance(&index, &rowStart)
                }
            }
        }
        return packed
    }

    /// Moves to the next row: the last axis but one first.
    private func advance(_ index: inout [Int], _ element: inout Int) {
        for axis in index.indices.reversed() {
            index[axis] += 1
            element += strides[axis]
            if index[axis] < shape[axis] { return }
            element -= strides[axis] * shape[axis]
            index[axis] = 0
        }
    }
}

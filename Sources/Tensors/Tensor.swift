/// A dense row-major array that is a value.
///
/// Shapes follow PyTorch: the last axis is contiguous, images are `[N, C, H, W]`.
/// Copies share storage until one of them is changed.
public struct Tensor<Scalar: BitwiseCopyable & Sendable>: Sendable {
    /// The extent of each axis, outermost first; empty for a single number.
    public let shape: [Int]
    /// All elements in row-major order; its count is the product of `shape`.
    public var scalars: [Scalar]

    /// Wraps elements that are already in row-major order.
    ///
    /// - Parameters:
    ///   - shape: The extents; their product must equal the number of elements.
    ///   - scalars: The elements.
    @inlinable
    public init(shape: [Int], scalars: [Scalar]) {
        precondition(
            shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == scalars.count,
            "shape \(shape) needs \(shape.reduce(1, *)) elements, got \(scalars.count)"
        )
        self.shape = shape
        self.scalars = scalars
    }

    /// Fills a shape with one value.
    @inlinable
    public init(repeating value: Scalar, shape: [Int]) {
        self.shape = shape
        self.scalars = [Scalar](repeating: value, count: shape.reduce(1, *))
    }

    /// Lets `body` write every element once, without clearing the memory first.
    ///
    /// - Parameters:
    ///   - shape: The extents.
    ///   - body: Writes all elements of the buffer.
    @inlinable
    public init(
        uninitialized shape: [Int],
        _ body: (UnsafeMutableBufferPointer<Scalar>) throws -> Void
    ) rethrows {
        let count = shape.reduce(1, *)
        self.shape = shape
        self.scalars = try [Scalar](unsafeUninitializedCapacity: count) { buffer, initialized in
            try body(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialized = count
        }
    }

    /// The number of elements.
    @inlinable public var count: Int { scalars.count }

    /// The number of axes.
    public var rank: Int { shape.count }

    /// Copies one entry of the first axis: `[N, ...]` to `[...]`.
    public subscript(index: Int) -> Tensor {
        let size = count / shape[0]
        return Tensor(
            shape: Array(shape.dropFirst()),
            scalars: Array(scalars[index * size..<(index + 1) * size])
        )
    }

    /// Copies a run of entries of the first axis: `[N, ...]` to `[n, ...]`.
    public subscript(range: Range<Int>) -> Tensor {
        let size = shape[0] == 0 ? 0 : count / shape[0]
        return Tensor(
            shape: [range.count] + shape.dropFirst(),
            scalars: Array(scalars[range.lowerBound * size..<range.upperBound * size])
        )
    }

    /// The same elements under another shape.
    public func reshaped(_ newShape: [Int]) -> Tensor {
        Tensor(shape: newShape, scalars: scalars)
    }

    /// Applies a function to every element.
    @inlinable
    public func map<Result>(_ transform: (Scalar) -> Result) -> Tensor<Result> {
        Tensor<Result>(shape: shape, scalars: scalars.map(transform))
    }

    /// Joins tensors of one shape along a new first axis: n times `[...]` to `[n, ...]`.
    public static func stack(_ parts: [Tensor]) -> Tensor {
        precondition(!parts.isEmpty, "stack needs at least one tensor")
        var scalars: [Scalar] = []
        scalars.reserveCapacity(parts.count * parts[0].count)
        for part in parts {
            precondition(part.shape == parts[0].shape, "stack: \(part.shape) and \(parts[0].shape)")
            scalars += part.scalars
        }
        return Tensor(shape: [parts.count] + parts[0].shape, scalars: scalars)
    }

    /// Joins tensors along their existing first axis.
    public static func concatenate(_ parts: [Tensor]) -> Tensor {
        precondition(!parts.isEmpty, "concatenate needs at least one tensor")
        var scalars: [Scalar] = []
        for part in parts {
            precondition(
                part.shape.dropFirst() == parts[0].shape.dropFirst(),
                "concatenate: \(part.shape) and \(parts[0].shape)"
            )
            scalars += part.scalars
        }
        let first = parts.reduce(0) { $0 + $1.shape[0] }
        return Tensor(shape: [first] + parts[0].shape.dropFirst(), scalars: scalars)
    }
}

extension Tensor: Equatable where Scalar: Equatable {}

extension Tensor where Scalar: BinaryFloatingPoint {
    /// Whether no element is NaN or infinite.
    @inlinable public var isFinite: Bool { scalars.allSatisfy(\.isFinite) }

    /// The mean over the first axis: `[N, ...]` to `[...]`; NaN if N is 0.
    @inlinable public var meanOverFirstAxis: Tensor {
        let rest = Array(shape.dropFirst())
        let size = rest.reduce(1, *)
        let divisor = Scalar(shape[0])
        return Tensor(uninitialized: rest) { mean in
            mean.initialize(repeating: 0)
            scalars.withUnsafeBufferPointer { scalars in
                for row in 0..<shape[0] {
                    for column in 0..<size { mean[column] += scalars[row * size + column] }
                }
            }
            for column in 0..<size { mean[column] /= divisor }
        }
    }
}

extension Tensor where Scalar == Float {
    /// The elements widened to float64.
    @inlinable public var widened: Tensor<Double> { map(Double.init) }

    /// Adds two tensors of one shape.
    @inlinable
    public static func + (left: Tensor, right: Tensor) -> Tensor {
        precondition(left.shape == right.shape, "\(left.shape) + \(right.shape)")
        return Tensor(uninitialized: left.shape) { out in
            for index in out.indices {
                out.initializeElement(at: index, to: left.scalars[index] + right.scalars[index])
            }
        }
    }
}

extension Tensor where Scalar == Double {
    /// The elements rounded to float32.
    @inlinable public var narrowed: Tensor<Float> { map(Float.init) }
}

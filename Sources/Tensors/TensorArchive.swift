/// What a file says of a tensor, without its elements.
public struct TensorLayout: Sendable, Hashable {
    /// The element type.
    public let dtype: DType
    /// The extent of each axis, outermost first.
    public let shape: [Int]

    /// Describes a tensor whose size has been checked to be countable.
    public init(dtype: DType, shape: [Int]) {
        self.dtype = dtype
        self.shape = shape
    }

    /// The bytes of all elements.
    public var byteCount: Int { shape.reduce(dtype.byteCount, *) }
}

/// A file of named tensors, whatever its format.
public protocol TensorArchive: Sendable {
    /// Where the file lies, for messages.
    var path: String { get }
    /// All tensor names, sorted.
    var names: [String] { get }
    /// The tensor of that name, or nil if the file has none or can no longer be read.
    func raw(_ name: String) -> RawTensor?
    /// Element type and shape of the tensor of that name, or nil; no element is read.
    func layout(_ name: String) -> TensorLayout?
}

extension TensorArchive {
    /// Element type and shape of a tensor that is at hand anyway.
    public func layout(_ name: String) -> TensorLayout? {
        raw(name).map { TensorLayout(dtype: $0.dtype, shape: $0.shape) }
    }
}

/// A tensor that a network needs and a file does not have, or has in another form.
public struct WeightError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, with the name found and the one expected.
    public let description: String

    /// Describes one problem with a weight file.
    public init(_ description: String) { self.description = description.withoutControls }
}

/// The named tensors of one network: an archive seen through a name prefix.
public struct Weights: Sendable {
    private let archive: any TensorArchive
    private let prefix: String

    /// Looks at all of an archive, or at the names under a prefix.
    public init(_ archive: any TensorArchive, prefix: String = "") {
        self.archive = archive
        self.prefix = prefix
    }

    /// The same file seen from a longer prefix, dots included.
    public func scoped(_ more: String) -> Weights { Weights(archive, prefix: prefix + more) }

    /// The same file without a prefix.
    public var whole: Weights { Weights(archive) }

    /// All names under the prefix, without it.
    public var names: [String] {
        archive.names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }

    /// Whether the file has the tensor.
    public func has(_ name: String) -> Bool { archive.layout(prefix + name) != nil }

    /// The shape of a tensor, or nil if there is none.
    public func shape(_ name: String) -> [Int]? { archive.layout(prefix + name)?.shape }

    /// A tensor in its stored form.
    ///
    /// - Parameters:
    ///   - name: The name under the prefix.
    ///   - shape: What the network expects; -1 stands for any extent, nil for any shape.
    /// - Returns: The stored tensor.
    /// - Throws: `WeightError` naming file, tensor, found and expected shape.
    public func raw(_ name: String, _ shape: [Int]? = nil) throws -> RawTensor {
        let full = prefix + name
        guard let layout = archive.layout(full) else {
            throw WeightError(
                "weights \"\(archive.path)\": tensor \(full) is missing"
                    + (shape.map { ", expected with shape \($0)" } ?? "")
            )
        }
        if let shape {
            let fits =
                shape.count == layout.shape.count
                && zip(shape, layout.shape).allSatisfy { $0 == -1 || $0 == $1 }
            guard fits else {
                throw WeightError(
                    "weights \"\(archive.path)\": tensor \(full) is \(layout.shape), "
                        + "expected \(shape)"
                )
            }
        }
        guard let tensor = archive.raw(full) else {
            throw WeightError(
                "weights \"\(archive.path)\": tensor \(full) can no longer be read; "
                    + "leave the file in place while it is in use"
            )
        }
        return tensor
    }

    /// A tensor as float32, checked to be finite.
    ///
    /// - Returns: The widened or rounded tensor.
    /// - Throws: `WeightError` if it is missing, has another shape or holds NaN or infinity.
    public func float(_ name: String, _ shape: [Int]? = nil) throws -> Tensor<Float> {
        let tensor = try raw(name, shape).float
        guard tensor.isFinite else { throw notFinite(name) }
        return tensor
    }

    /// A tensor as float64, checked to be finite.
    ///
    /// - Returns: The widened tensor.
    /// - Throws: `WeightError` if it is missing, has another shape or holds NaN or infinity.
    public func double(_ name: String, _ shape: [Int]? = nil) throws -> Tensor<Double> {
        let tensor = try raw(name, shape).double
        guard tensor.isFinite else { throw notFinite(name) }
        return tensor
    }

    private func notFinite(_ name: String) -> WeightError {
        WeightError("weights \"\(archive.path)\": tensor \(prefix + name) holds NaN or infinity")
    }
}

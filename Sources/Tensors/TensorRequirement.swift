/// A tensor that a network reads: its name, and the shape that it must have.
public struct TensorRequirement: Sendable, Hashable {
    /// The name, without what precedes all of the network's names.
    public let name: String
    /// The extents; -1 for one that follows from the file.
    public let shape: [Int]
    /// Whether the network does without it.
    public let isOptional: Bool
    /// Another name under which some files have the tensor.
    public let otherName: String?
    /// The numbers that it must hold, row-major; nil if any will do.
    public let values: [Float]?

    /// States a need.
    ///
    /// - Parameters:
    ///   - name: Without what precedes all of the network's names.
    ///   - shape: The extents; -1 for one that follows from the file.
    ///   - isOptional: Whether the network does without it.
    ///   - otherName: Another name under which some files have the tensor.
    ///   - values: The numbers that it must hold; nil if any will do.
    public init(
        _ name: String,
        _ shape: [Int],
        isOptional: Bool = false,
        otherName: String? = nil,
        values: [Float]? = nil
    ) {
        self.name = name
        self.shape = shape
        self.isOptional = isOptional
        self.otherName = otherName
        self.values = values
    }

    /// `NAME.weight` and `NAME.bias` of a layer.
    ///
    /// - Parameters:
    ///   - name: The layer's name.
    ///   - weight: The shape of its weight; the bias has its first extent.
    /// - Returns: Both needs.
    public static func layer(_ name: String, _ weight: [Int]) -> [TensorRequirement] {
        [
            TensorRequirement(name + ".weight", weight),
            TensorRequirement(name + ".bias", Array(weight.prefix(1))),
        ]
    }

    /// The same need under a longer name.
    public func prefixed(_ prefix: String) -> TensorRequirement {
        TensorRequirement(
            prefix + name,
            shape,
            isOptional: isOptional,
            otherName: otherName.map { prefix + $0 },
            values: values
        )
    }

    /// Whether numbers are those that are needed, to 1e-4 as the networks compare them.
    public func fits(_ found: Tensor<Float>) -> Bool {
        guard let values else { return true }
        return found.count == values.count
            && zip(found.scalars, values).allSatisfy { abs($0 - $1) < 1e-4 }
    }

    /// Whether a shape is the one that is needed.
    public func fits(_ found: [Int]) -> Bool {
        found.count == shape.count && zip(shape, found).allSatisfy { $0 == -1 || $0 == $1 }
    }
}

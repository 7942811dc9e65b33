public import Gradients
public import Kernels
public import Tensors

/// Where a parameter starts that no file gives.
public enum Initial: Sendable {
    /// One number everywhere.
    case constant(Double)
    /// Normal numbers of a deviation, for equalised weights (deviation 1) and embeddings.
    case normal(Double)
    /// Uniform in `-1/sqrt(n)...1/sqrt(n)` for n inputs, PyTorch's rule for convolutions, linear layers and their biases.
    case uniform(inputs: Int)
}

/// The parameters and buffers of networks by their names in a checkpoint.
///
/// Networks ask for what they need; it comes from a file of weights or, if the file lacks it and that is allowed, from
/// the seed. Optimisers and checkpoints then go through the same list. Reference semantics: scopes share the list.
public final class Parameters {
    /// A trained tensor.
    public enum Value {
        /// Trained in float32.
        case float(Variable<Float>)
        /// Trained in float64: the latent dynamics.
        case double(Variable<Double>)
    }

    /// A tensor that is kept beside the parameters but has no gradient: noise, running statistics.
    public final class Buffer {
        /// What it holds.
        public var value: Tensor<Float>
        init(_ value: Tensor<Float>) { self.value = value }
    }

    private final class Storage {
        var values: [String: Value] = [:] { didSet { sorted = nil } }
        /// By name; made when asked for, for every step asks several times.
        var sorted: [(name: String, value: Value)]?
        var buffers: [String: Buffer] = [:]
    }

    private let storage: Storage
    private let prefix: String
    private let weights: Weights?
    private let isTrained: Bool
    private let seed: UInt64?

    /// Parameters from a file.
    ///
    /// - Parameters:
    ///   - weights: The file; nil if everything starts from the seed.
    ///   - isTrained: Whether gradients are wanted.
    ///   - seed: What missing parameters start from; nil if none may be missing.
    public convenience init(_ weights: Weights?, isTrained: Bool, seed: UInt64? = nil) {
        self.init(Storage(), "", weights, isTrained: isTrained, seed: seed)
    }

    private init(
        _ storage: Storage,
        _ prefix: String,
        _ weights: Weights?,
        isTrained: Bool,
        seed: UInt64?
    ) {
        self.storage = storage
        self.prefix = prefix
        self.weights = weights
        self.isTrained = isTrained
        self.seed = seed
    }

    /// The parameters of one of several networks in the same list, under names of their own.
    ///
    /// - Parameters:
    ///   - prefix: What is put before their names in the list.
    ///   - weights: The file that they come from, in which they do not have the prefix; nil for the seed.
    /// - Returns: A view of the same list.
    public func scoped(_ prefix: String, weights: Weights?) -> Parameters {
        Parameters(storage, self.prefix + prefix, weights, isTrained: isTrained, seed: seed)
    }

    /// The trained tensors, by name.
    public var trained: [(name: String, value: Value)] {
        if let sorted = storage.sorted { return sorted }
        let sorted = storage.values.sorted { $0.key < $1.key }.map {
            (name: $0.key, value: $0.value)
        }
        storage.sorted = sorted
        return sorted
    }

    /// The number of trained elements.
    public var count: Int { trained.reduce(0) { $0 + $1.value.count } }

    /// A parameter in float32.
    ///
    /// - Parameters:
    ///   - name: In the checkpoint, below its prefix.
    ///   - shape: The extents.
    ///   - initial: Where it starts without a file.
    /// - Returns: The parameter; the same one for the same name.
    /// - Throws: `WeightError` if the file has it in another shape, or lacks it and there is no seed.
    public func float(_ name: String, _ shape: [Int], _ initial: Initial) throws -> Variable<Float>
    {
        if case .float(let known)? = storage.values[prefix + name] { return known }
        let value =
            try stored(name, shape) { try $0.float(name, shape) } ?? start(name, shape, initial)
        let variable = Variable(value, needsGradient: isTrained)
        storage.values[prefix + name] = .float(variable)
        return variable
    }

    /// A parameter in float64; see `float`.
    public func double(_ name: String, _ shape: [Int], _ initial: Initial) throws
        -> Variable<Double>
    {
        if case .double(let known)? = storage.values[prefix + name] { return known }
        let value =
            try stored(name, shape) { try $0.double(name, shape) } ?? start(name, shape, initial)
        let variable = Variable(value, needsGradient: isTrained)
        storage.values[prefix + name] = .double(variable)
        return variable
    }

    /// A tensor without a gradient; see `float`.
    public func buffer(_ name: String, _ shape: [Int], _ initial: Initial) throws -> Buffer {
        if let known = storage.buffers[prefix + name] { return known }
        let buffer = Buffer(
            try stored(name, shape) { try $0.float(name, shape) } ?? start(name, shape, initial)
        )
        storage.buffers[prefix + name] = buffer
        return buffer
    }

    /// Whether the file has a tensor of this name.
    public func has(_ name: String) -> Bool { weights?.has(name) ?? false }

    private func stored<Result>(
        _ name: String,
        _ shape: [Int],
        _ read: (Weights) throws -> Result
    ) throws -> Result? {
        guard let weights, seed == nil || weights.has(name) else { return nil }
        return try read(weights)
    }

    private func start<Scalar: GradientScalar>(
        _ name: String,
        _ shape: [Int],
        _ initial: Initial
    ) -> Tensor<Scalar> {
        let count = shape.reduce(1, *)
        // FNV-1a of the name: where a parameter starts does not depend on its neighbours.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in (prefix + name).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var random = SeededRandom(seed: (seed ?? 0) ^ hash)
        return Tensor(
            shape: shape,
            scalars: (0..<count).map { _ in
                switch initial {
                case .constant(let value): Scalar(value)
                case .normal(let deviation): Scalar(deviation * random.normal())
                case .uniform(let inputs):
                    Scalar((2 * random.uniform() - 1) / Double(inputs).squareRoot())
                }
            }
        )
    }

    /// Forgets all gradients.
    public func clearGradients() {
        for (_, value) in storage.values {
            switch value {
            case .float(let variable): variable.clearGradient()
            case .double(let variable): variable.clearGradient()
            }
        }
    }

    /// Everything, as a checkpoint stores it.
    public var tensors: [String: RawTensor] {
        storage.values.mapValues(\.raw)
            .merging(storage.buffers.mapValues { RawTensor($0.value) }) { first, _ in first }
    }

    /// The buffers alone, as a checkpoint stores them.
    public var bufferTensors: [String: RawTensor] {
        storage.buffers.mapValues { RawTensor($0.value) }
    }

    /// Puts stored tensors in place of those of the same name.
    ///
    /// - Parameter weights: Must have all of them, in their shapes.
    /// - Throws: `WeightError`.
    public func restore(_ weights: Weights) throws {
        for (name, value) in storage.values {
            switch value {
            case .float(let variable): variable.value = try weights.float(name, variable.shape)
            case .double(let variable): variable.value = try weights.double(name, variable.shape)
            }
        }
        for (name, buffer) in storage.buffers {
            buffer.value = try weights.float(name, buffer.value.shape)
        }
    }
}

extension Parameters.Value {
    /// The number of elements.
    public var count: Int {
        switch self {
        case .float(let variable): variable.value.count
        case .double(let variable): variable.value.count
        }
    }

    /// As a checkpoint stores it.
    var raw: RawTensor {
        switch self {
        case .float(let variable): RawTensor(variable.value)
        case .double(let variable): RawTensor(variable.value)
        }
    }

    /// The sum of squares of the gradient; 0 without one.
    package var squaredGradient: Double {
        switch self {
        case .float(let variable): variable.gradient.map(Self.squares) ?? 0
        case .double(let variable): variable.gradient.map(Self.squares) ?? 0
        }
    }

    private static func squares<Scalar: GradientScalar>(_ tensor: Tensor<Scalar>) -> Double {
        tensor.scalars.withUnsafeBufferPointer { scalars in
            guard let start = scalars.baseAddress else { return 0 }
            return Scalar.sumOfSquares(start, count: scalars.count)
        }
    }
}

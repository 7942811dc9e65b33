public import Kernels
public import Tensors

/// A step of a computation whose gradient can be asked for.
///
/// Steps are numbered as they are made, so that every step has a greater number than what it is made of.
open class GradientNode {
    /// Whether a parameter lies before this step.
    public let needsGradient: Bool
    let order: Int
    /// What this step is made of and its gradient flows to.
    var inputs: [GradientNode]

    private static let counter = Counter()

    init(inputs: [GradientNode], needsGradient: Bool) {
        self.needsGradient = needsGradient
        self.inputs = needsGradient ? inputs.filter(\.needsGradient) : []
        order = Self.counter.next()
    }

    /// Hands the gradient of this step to its inputs, and forgets it.
    func propagate() {}
}

/// The value of a computation and, after `backward`, the gradient of a loss with respect to it.
///
/// Images are channels-last, `[N, H, W, C]`; tokens `[N, T, D]`. A variable belongs to one thread.
public final class Variable<Scalar: GradientScalar>: GradientNode {
    /// The value; changed by optimisers between two computations only.
    public var value: Tensor<Scalar>
    /// The gradient that has arrived so far; kept by parameters, forgotten by steps that handed it on.
    public private(set) var gradient: Tensor<Scalar>?
    private var back: ((Tensor<Scalar>) -> Void)?

    /// A constant, or a parameter whose gradient is wanted.
    public init(_ value: Tensor<Scalar>, needsGradient: Bool = false) {
        self.value = value
        super.init(inputs: [], needsGradient: needsGradient)
    }

    /// A step: a value, what it is made of, and how its gradient reaches that.
    ///
    /// - Parameters:
    ///   - value: What the step gives.
    ///   - inputs: What it is made of.
    ///   - back: Is given the gradient of `value`; calls `accumulate` of those inputs that need theirs.
    public init(
        _ value: Tensor<Scalar>,
        from inputs: [GradientNode],
        back: @escaping (Tensor<Scalar>) -> Void
    ) {
        self.value = value
        let needs = inputs.contains(where: \.needsGradient)
        super.init(inputs: inputs, needsGradient: needs)
        if needs { self.back = back }
    }

    /// The extents of the value.
    public var shape: [Int] { value.shape }

    /// Adds to the gradient, if it is wanted.
    public func accumulate(_ more: @autoclosure () -> Tensor<Scalar>) {
        guard needsGradient else { return }
        let more = more()
        precondition(
            more.shape == shape,
            "a gradient of shape \(more.shape) for a value of \(shape)"
        )
        guard var sum = gradient else {
            gradient = more
            return
        }
        gradient = nil
        sum.add(more)
        gradient = sum
    }

    /// Forgets the gradient.
    public func clearGradient() { gradient = nil }

    /// The gradient of a loss, which is this variable, with respect to every parameter before it.
    ///
    /// It is added to the `gradient` of parameters. Steps are passed once, latest first; each forgets what it
    /// kept, so that a graph can be gone through only once.
    ///
    /// - Parameter seed: The gradient of this variable; 1 if nil.
    public func backward(_ seed: Tensor<Scalar>? = nil) {
        Self.backward([(self, seed ?? Tensor(repeating: 1, shape: shape))])
    }

    /// The same for a loss of which only the gradients with respect to some values are known.
    public static func backward(_ seeds: [(value: Variable, gradient: Tensor<Scalar>)]) {
        for seed in seeds { seed.value.accumulate(seed.gradient) }
        var steps: [GradientNode] = []
        var seen: Set<ObjectIdentifier> = []
        var waiting: [GradientNode] = seeds.map(\.value).filter(\.needsGradient)
        while let node = waiting.popLast() {
            guard seen.insert(ObjectIdentifier(node)).inserted else { continue }
            steps.append(node)
            waiting += node.inputs
        }
        for step in steps.sorted(by: { $0.order > $1.order }) {
            step.propagate()
            step.inputs = []
        }
    }

    override func propagate() {
        guard let back else { return }
        self.back = nil
        guard let gradient else { return }
        self.gradient = nil
        back(gradient)
    }

    /// The same value without what it was made of: gradients stop here.
    public var detached: Variable { Variable(value) }

    /// The one number of a scalar value.
    public var number: Scalar {
        precondition(value.count == 1, "a value of shape \(shape) is not one number")
        return value.scalars[0]
    }
}

extension Tensor where Scalar: GradientScalar {
    /// Adds another tensor of the shape.
    mutating func add(_ other: Tensor) {
        let count = count
        scalars.withUnsafeMutableBufferPointer { mine in
            other.scalars.withUnsafeBufferPointer { other in
                guard let mine = mine.baseAddress, let other = other.baseAddress else { return }
                Scalar.map(.sum, mine, other, 1, 1, mine, count: count)
            }
        }
    }

    /// A tensor whose memory `body` fills.
    static func made(
        _ shape: [Int],
        _ body: (UnsafeMutablePointer<Scalar>) -> Void
    ) -> Tensor {
        Tensor(uninitialized: shape) { out in
            if let start = out.baseAddress, !out.isEmpty { body(start) }
        }
    }
}

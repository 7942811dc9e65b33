public import Kernels
internal import Tensors

/// A linear map along one axis that has few inputs for each output: resizing, filters, padding, cropping, picking.
///
/// Its gradient is its transpose, which is made with it, so that both directions only read.
public struct AxisMap<Scalar: GradientScalar>: Sendable {
    /// The extent of the axis before.
    public let inputs: Int
    /// The extent of the axis after.
    public let outputs: Int
    let forward: Side
    let backward: Side

    struct Side: Sendable {
        /// `[outputs + 1]`: where the terms of each output begin.
        let first: [UInt32]
        let indices: [UInt32]
        let weights: [Scalar]

        init(_ terms: [[(index: Int, weight: Scalar)]]) {
            var first: [UInt32] = [0]
            for term in terms { first.append(first[first.count - 1] + UInt32(term.count)) }
            self.first = first
            indices = terms.flatMap { $0.map { UInt32($0.index) } }
            weights = terms.flatMap { $0.map(\.weight) }
        }
    }

    /// Collects the terms of each output.
    public init(inputs: Int, terms: [[(index: Int, weight: Scalar)]]) {
        self.inputs = inputs
        outputs = terms.count
        var transposed = [[(index: Int, weight: Scalar)]](repeating: [], count: inputs)
        for (output, term) in terms.enumerated() {
            for (index, weight) in term {
                precondition((0..<inputs).contains(index), "input \(index) of \(inputs)")
                transposed[index].append((output, weight))
            }
        }
        forward = Side(terms)
        backward = Side(transposed)
    }

    /// Picks entries of the axis; an index of nil gives 0.
    public init(inputs: Int, picking indices: [Int?]) {
        self.init(
            inputs: inputs,
            terms: indices.map { index in index.map { [(index: $0, weight: Scalar(1))] } ?? [] }
        )
    }

    /// Zero insertion by `up`, zero padding, then a filter: one axis of StyleGAN2's `upfirdn2d`.
    ///
    /// - Parameters:
    ///   - inputs: The extent of the axis before.
    ///   - filter: Symmetric.
    ///   - up: 1 for no insertion.
    ///   - padding: Zeros at both ends.
    public init(
        inputs: Int,
        filter: [Scalar],
        up: Int = 1,
        padding: (before: Int, after: Int)
    ) {
        let outputs = inputs * up + padding.before + padding.after - filter.count + 1
        self.init(
            inputs: inputs,
            terms: (0..<outputs).map { output in
                filter.indices.compactMap { tap in
                    let position = output + tap - padding.before
                    guard position >= 0, position < inputs * up, position % up == 0 else {
                        return nil
                    }
                    return (position / up, filter[tap])
                }
            }
        )
    }

    /// Pads an axis by reflection, without repeating the border.
    public init(inputs: Int, reflecting before: Int, _ after: Int) {
        self.init(
            inputs: inputs,
            picking: (-before..<inputs + after).map { index in
                index < 0 ? -index : index < inputs ? index : 2 * (inputs - 1) - index
            }
        )
    }

    func apply(_ x: Tensor<Scalar>, axis: Int, isTransposed: Bool = false) -> Tensor<Scalar> {
        let side = isTransposed ? backward : forward
        let (from, to) = isTransposed ? (outputs, inputs) : (inputs, outputs)
        precondition(x.shape[axis] == from, "axis \(axis) of \(x.shape) has \(from) entries")
        let outer = x.shape[..<axis].reduce(1, *)
        let inner = x.shape[(axis + 1)...].reduce(1, *)
        var shape = x.shape
        shape[axis] = to
        return .made(shape) { y in
            x.scalars.withUnsafeBufferPointer { x in
                guard let x = x.baseAddress else { return }
                Scalar.sparse(
                    x,
                    outer: outer,
                    inputs: from,
                    outputs: to,
                    inner: inner,
                    first: side.first,
                    indices: side.indices,
                    weights: side.weights,
                    y
                )
            }
        }
    }
}

extension Variable {
    /// Maps one axis.
    public func mapped(_ map: AxisMap<Scalar>, axis: Int) -> Variable {
        Variable(map.apply(value, axis: axis), from: [self]) { gradient in
            self.accumulate(map.apply(gradient, axis: axis, isTransposed: true))
        }
    }

    /// Picks entries of the first axis, any number of times each: `[N, ...]` to `[n, ...]`.
    public func picking(_ indices: [Int]) -> Variable {
        mapped(AxisMap(inputs: shape[0], picking: indices), axis: 0)
    }
}

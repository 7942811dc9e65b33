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

        /// The transpose: the terms of each input, in the order of the outputs.
        func transposed(_ inputs: Int) -> Side {
            var first = [UInt32](repeating: 0, count: inputs + 1)
            for index in indices { first[Int(index) + 1] += 1 }
            for input in 0..<inputs { first[input + 1] += first[input] }
            var next = first
            var outputs = [UInt32](repeating: 0, count: indices.count)
            var moved = weights
            for output in 0..<self.first.count - 1 {
                for term in Int(self.first[output])..<Int(self.first[output + 1]) {
                    let place = Int(next[Int(indices[term])])
                    next[Int(indices[term])] += 1
                    outputs[place] = UInt32(output)
                    moved[place] = weights[term]
                }
            }
            return Side(first: first, indices: outputs, weights: moved)
        }
    }

    private init(inputs: Int, _ forward: Side) {
        precondition(
            forward.indices.allSatisfy { $0 < inputs },
            "an axis of \(inputs) entries is asked for \(forward.indices.max() ?? 0)"
        )
        self.inputs = inputs
        outputs = forward.first.count - 1
        self.forward = forward
        backward = forward.transposed(inputs)
    }

    /// Collects the terms of each output.
    public init(inputs: Int, terms: [[(index: Int, weight: Scalar)]]) {
        var first: [UInt32] = [0]
        for term in terms { first.append(first[first.count - 1] + UInt32(term.count)) }
        self.init(
            inputs: inputs,
            Side(
                first: first,
                indices: terms.flatMap { $0.map { UInt32($0.index) } },
                weights: terms.flatMap { $0.map(\.weight) }
            )
        )
    }

    /// Picks entries of the axis, any number of times each.
    public init(inputs: Int, picking indices: [Int]) {
        self.init(
            inputs: inputs,
            Side(
                first: (0...indices.count).map { UInt32($0) },
                indices: indices.map { UInt32($0) },
                weights: [Scalar](repeating: 1, count: indices.count)
            )
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

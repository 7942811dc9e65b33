internal import Kernels
internal import Tensors

extension Variable {
    /// The sum over all elements: `[...]` to `[]`.
    public var total: Variable {
        let count = value.count
        let sums = Self.sumOfRows(value.reshaped([count, 1]), groupRows: max(count, 1))
        return Variable(Tensor(shape: [], scalars: [sums.scalars.first ?? 0]), from: [self]) {
            gradient in
            let all = Self.spread(gradient, width: count)
            self.accumulate(all.reshaped(self.shape))
        }
    }

    /// The mean over all elements: `[...]` to `[]`.
    public var mean: Variable { total.scaled(1 / Scalar(max(value.count, 1))) }

    /// The sum over the rows of each group: `[groups * groupRows, D]`, of any leading shape, to `[groups, D]`.
    public func sumOverRows(_ groupRows: Int? = nil) -> Variable {
        let group = groupRows ?? rows
        precondition(rows % max(group, 1) == 0, "groups of \(group) in \(shape)")
        return Variable(Self.sumOfRows(value, groupRows: group), from: [self]) { gradient in
            self.accumulate(
                Self.affine(Self.zeros(self.shape), shift: gradient, shiftRows: group)
            )
        }
    }

    /// The mean over the rows of each group: `[groups * groupRows, D]` to `[groups, D]`.
    public func meanOverRows(_ groupRows: Int? = nil) -> Variable {
        sumOverRows(groupRows).scaled(1 / Scalar(max(groupRows ?? rows, 1)))
    }

    /// The sum over the last axis: `[..., D]` to `[...]`.
    public var sumOverColumns: Variable {
        let width = width
        return Variable(Self.sumOfColumns(value), from: [self]) { gradient in
            self.accumulate(Self.spread(gradient, width: width))
        }
    }

    /// The inner products of rows: two of `[..., D]` to `[...]`.
    public static func inner(_ a: Variable, _ b: Variable) -> Variable {
        Variable(sumOfColumns(a.value, b.value), from: [a, b]) { gradient in
            let spread = spread(gradient, width: a.width)
            a.accumulate(mapped(.product, spread, b.value))
            b.accumulate(mapped(.product, spread, a.value))
        }
    }

    /// Every row of `[..., D]` times its own number of `[...]`.
    public func scaledRows(_ factors: Variable) -> Variable {
        let wide = factors.spread(width: width)
        return self * wide
    }

    /// Repeats every number along a new last axis: `[...]` to `[..., width]`.
    public func spread(width: Int) -> Variable {
        Variable(Self.spread(value, width: width), from: [self]) { gradient in
            self.accumulate(Self.sumOfColumns(gradient))
        }
    }

    /// Rows divided by `sqrt(|row|^2 + eps)`.
    public func unitRows(eps: Scalar = 1e-12) -> Variable {
        scaledRows(Variable.inner(self, self).inverseRoot(eps: eps))
    }

    /// The cosines between rows of two tensors: `[..., D]` to `[...]`.
    public static func cosine(_ a: Variable, _ b: Variable, eps: Scalar = 1e-12) -> Variable {
        inner(a.unitRows(eps: eps), b.unitRows(eps: eps))
    }

    static func sumOfRows(
        _ a: Tensor<Scalar>,
        _ b: Tensor<Scalar>? = nil,
        groupRows: Int
    ) -> Tensor<Scalar> {
        let width = a.shape.last ?? 1
        let rows = width == 0 ? 0 : a.count / width
        return .made([rows / max(groupRows, 1), width]) { sums in
            a.scalars.withUnsafeBufferPointer { a in
                guard let start = a.baseAddress else { return }
                Self.withOptional(b) {
                    Scalar.sumRows(
                        start,
                        $0,
                        rows: rows,
                        width: width,
                        groupRows: groupRows,
                        sums
                    )
                }
            }
        }
    }

    static func sumOfColumns(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>? = nil) -> Tensor<Scalar> {
        if let b { precondition(a.shape == b.shape, "rows of \(a.shape) and \(b.shape)") }
        let width = a.shape.last ?? 1
        return .made(a.shape.dropLast()) { sums in
            a.scalars.withUnsafeBufferPointer { first in
                guard let start = first.baseAddress else { return }
                Self.withOptional(b) {
                    Scalar.sumColumns(start, $0, rows: a.count / width, width: width, sums)
                }
            }
        }
    }

    static func spread(_ x: Tensor<Scalar>, width: Int) -> Tensor<Scalar> {
        .made(x.shape + [width]) { out in
            x.scalars.withUnsafeBufferPointer { scalars in
                guard let start = scalars.baseAddress else { return }
                Scalar.spread(start, rows: scalars.count, width: width, out)
            }
        }
    }

    static func withOptional(
        _ tensor: Tensor<Scalar>?,
        _ body: (UnsafePointer<Scalar>?) -> Void
    ) {
        guard let tensor else { return body(nil) }
        tensor.scalars.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

internal import Kernels
internal import Tensors

extension Variable {
    /// The same elements under another shape.
    public func reshaped(_ shape: [Int]) -> Variable {
        if shape == self.shape { return self }
        return Variable(value.reshaped(shape), from: [self]) { gradient in
            self.accumulate(gradient.reshaped(self.shape))
        }
    }

    /// Rows of the last axis, `[..., width]`.
    var rows: Int { shape.last.map { $0 == 0 ? 0 : value.count / $0 } ?? 0 }
    var width: Int { shape.last ?? 1 }

    /// A run of the last axis: `[..., D]` to `[..., n]`.
    public func columns(_ range: Range<Int>) -> Variable {
        let (rows, width) = (rows, width)
        precondition(range.lowerBound >= 0 && range.upperBound <= width, "\(range) of \(shape)")
        let shape = Array(shape.dropLast()) + [range.count]
        let part = Tensor<Scalar>.made(shape) { out in
            value.scalars.withUnsafeBufferPointer { x in
                guard let x = x.baseAddress else { return }
                for row in 0..<rows {
                    (out + row * range.count).initialize(
                        from: x + row * width + range.lowerBound,
                        count: range.count
                    )
                }
            }
        }
        return Variable(part, from: [self]) { gradient in
            self.accumulate(
                .made(self.shape) { out in
                    Self.clear(out, count: rows * width)
                    gradient.scalars.withUnsafeBufferPointer { from in
                        guard let from = from.baseAddress else { return }
                        for row in 0..<rows {
                            (out + row * width + range.lowerBound).update(
                                from: from + row * range.count,
                                count: range.count
                            )
                        }
                    }
                }
            )
        }
    }

    /// Joins tensors along the last axis.
    public static func joinColumns(_ parts: [Variable]) -> Variable {
        precondition(!parts.isEmpty, "nothing to join")
        let rows = parts[0].rows
        precondition(
            parts.allSatisfy { $0.shape.dropLast() == parts[0].shape.dropLast() },
            "cannot join \(parts.map(\.shape))"
        )
        let width = parts.reduce(0) { $0 + $1.width }
        let joined = Tensor<Scalar>.made(parts[0].shape.dropLast() + [width]) { out in
            var offset = 0
            for part in parts {
                let count = part.width
                part.value.scalars.withUnsafeBufferPointer { x in
                    guard let x = x.baseAddress else { return }
                    for row in 0..<rows {
                        (out + row * width + offset).initialize(from: x + row * count, count: count)
                    }
                }
                offset += count
            }
        }
        return Variable(joined, from: parts) { gradient in
            var offset = 0
            for part in parts {
                let count = part.width
                let start = offset
                part.accumulate(
                    .made(part.shape) { out in
                        gradient.scalars.withUnsafeBufferPointer { from in
                            guard let from = from.baseAddress else { return }
                            for row in 0..<rows {
                                (out + row * count).initialize(
                                    from: from + row * width + start,
                                    count: count
                                )
                            }
                        }
                    }
                )
                offset += count
            }
        }
    }

    /// Joins tensors along the first axis.
    public static func concatenated(_ parts: [Variable]) -> Variable {
        Variable(.concatenate(parts.map(\.value)), from: parts) { gradient in
            var start = 0
            for part in parts {
                let end = start + part.shape[0]
                let range = start..<end
                part.accumulate(gradient[range])
                start = end
            }
        }
    }

    /// A run of the first axis: `[N, ...]` to `[n, ...]`.
    public func entries(_ range: Range<Int>) -> Variable {
        Variable(value[range], from: [self]) { gradient in
            let size = self.shape[0] == 0 ? 0 : self.value.count / self.shape[0]
            self.accumulate(
                .made(self.shape) { out in
                    Self.clear(out, count: self.value.count)
                    (out + range.lowerBound * size).update(
                        from: gradient.scalars,
                        count: gradient.count
                    )
                }
            )
        }
    }

    /// Zeros, whose bits are zeros.
    static func clear(_ out: UnsafeMutablePointer<Scalar>, count: Int) {
        UnsafeMutableRawPointer(out)
            .initializeMemory(
                as: UInt8.self,
                repeating: 0,
                count: count * MemoryLayout<Scalar>.stride
            )
    }

    static func zeros(_ shape: [Int]) -> Tensor<Scalar> {
        .made(shape) { clear($0, count: shape.reduce(1, *)) }
    }

    /// Swaps the two last axes: `[..., A, B]` to `[..., B, A]`.
    public var transposed: Variable {
        Variable(Self.transpose(value), from: [self]) { gradient in
            self.accumulate(Self.transpose(gradient))
        }
    }

    static func transpose(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
        let (a, b) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
        return swapped(x, rows: a, columns: b, inner: 1, shape: x.shape.dropLast(2) + [b, a])
    }

    /// `[outer, rows, columns, inner]` to `[outer, columns, rows, inner]`, under a shape of its own.
    static func swapped(
        _ x: Tensor<Scalar>,
        rows: Int,
        columns: Int,
        inner: Int,
        shape: [Int]
    ) -> Tensor<Scalar> {
        .made(shape) { out in
            x.scalars.withUnsafeBufferPointer { scalars in
                guard let start = scalars.baseAddress else { return }
                Scalar.swapAxes(
                    start,
                    outer: scalars.count / (rows * columns * inner),
                    rows: rows,
                    columns: columns,
                    inner: inner,
                    out
                )
            }
        }
    }
}

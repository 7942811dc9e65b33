internal import Kernels
internal import Tensors

extension Variable {
    /// `alpha a b` of plain matrices, each `[rows, columns]`, or transposed.
    static func product(
        _ a: Tensor<Scalar>,
        transposesA: Bool = false,
        _ b: Tensor<Scalar>,
        transposesB: Bool = false,
        alpha: Scalar = 1
    ) -> Tensor<Scalar> {
        let m = transposesA ? a.shape[1] : a.shape[0]
        let k = transposesA ? a.shape[0] : a.shape[1]
        let n = transposesB ? b.shape[0] : b.shape[1]
        precondition(k == (transposesB ? b.shape[1] : b.shape[0]), "\(a.shape) times \(b.shape)")
        return .made([m, n]) { c in
            a.scalars.withUnsafeBufferPointer { first in
                b.scalars.withUnsafeBufferPointer { second in
                    guard let start = first.baseAddress, let other = second.baseAddress else {
                        return clear(c, count: m * n)
                    }
                    Scalar.product(
                        m: m,
                        n: n,
                        k: k,
                        alpha: alpha,
                        start,
                        aSteps: transposesA ? (1, m) : (k, 1),
                        other,
                        bSteps: transposesB ? (1, k) : (n, 1),
                        accumulates: false,
                        c
                    )
                }
            }
        }
    }

    /// A linear layer: `x [..., I]`, `weight [O, I]`, `bias [O]` to `[..., O]`.
    ///
    /// - Parameters:
    ///   - weight: `[O, I]`.
    ///   - bias: `[O]`, or nil.
    ///   - gain: What the product is multiplied by, for equalised weights.
    /// - Returns: `[..., O]`.
    public func linear(_ weight: Variable, bias: Variable? = nil, gain: Scalar = 1) -> Variable {
        let (rows, inputs, outputs) = (rows, width, weight.shape[0])
        precondition(
            weight.shape == [outputs, inputs],
            "a linear layer \(weight.shape) applied to \(shape)"
        )
        let flat = value.reshaped([rows, inputs])
        let value = Self.product(flat, weight.value, transposesB: true, alpha: gain)
            .reshaped(shape.dropLast() + [outputs])
        let result = Variable(value, from: [self, weight]) { gradient in
            let flatGradient = gradient.reshaped([rows, outputs])
            self.accumulate(
                Self.product(flatGradient, weight.value, alpha: gain).reshaped(self.shape)
            )
            weight.accumulate(
                Self.product(flatGradient, transposesA: true, flat, alpha: gain)
            )
        }
        return bias.map { result.addingRows($0) } ?? result
    }

    /// The product of two matrices, `[m, k]` and `[k, n]`, or `[n, k]` if `transposesB`.
    public static func matrixProduct(
        _ a: Variable,
        _ b: Variable,
        transposesB: Bool = false
    ) -> Variable {
        if transposesB { return a.linear(b) }
        return Variable(product(a.value, b.value), from: [a, b]) { gradient in
            a.accumulate(product(gradient, b.value, transposesB: true))
            b.accumulate(product(a.value, transposesA: true, gradient))
        }
    }

    /// Scaled dot-product attention: queries `[N, Q, D]`, keys and values `[N, K, D]` to `[N, Q, D]`.
    ///
    /// - Parameters:
    ///   - queries: `[N, Q, D]`.
    ///   - keys: `[N, K, D]`.
    ///   - values: `[N, K, D]`.
    ///   - heads: Divides D; a head owns neighbouring columns.
    ///   - causal: Whether query i sees keys 0...i only.
    /// - Returns: `[N, Q, D]`.
    public static func attention(
        queries: Variable,
        keys: Variable,
        values: Variable,
        heads: Int,
        causal: Bool = false
    ) -> Variable {
        let width = queries.width
        precondition(
            width % heads == 0 && keys.shape == values.shape && keys.shape[0] == queries.shape[0]
                && keys.width == width,
            "attention of \(queries.shape) over \(keys.shape), \(heads) heads"
        )
        let shape = AttentionShape(
            samples: queries.shape[0],
            heads: heads,
            queries: queries.shape[1],
            keys: keys.shape[1],
            width: width / heads,
            queryStep: width,
            keyStep: width,
            isCausal: causal
        )
        let (q, k, v) = (queries.value, keys.value, values.value)
        var mixed = zeros(q.shape)
        let probabilities = Tensor<Scalar>.made(shape.probabilitiesShape) { probabilities in
            mixed.scalars.withUnsafeMutableBufferPointer { out in
                guard let out = out.baseAddress else { return }
                Scalar.attend(
                    shape,
                    q: q.scalars,
                    k: k.scalars,
                    v: v.scalars,
                    probabilities: probabilities,
                    out
                )
            }
        }
        return Variable(mixed, from: [queries, keys, values]) { gradient in
            var dq = zeros(q.shape)
            var dk = zeros(k.shape)
            let dv = Tensor<Scalar>.made(v.shape) { dv in
                dq.scalars.withUnsafeMutableBufferPointer { dq in
                    dk.scalars.withUnsafeMutableBufferPointer { dk in
                        guard let dq = dq.baseAddress, let dk = dk.baseAddress else { return }
                        Scalar.attendBack(
                            shape,
                            gradient.scalars,
                            q: q.scalars,
                            k: k.scalars,
                            v: v.scalars,
                            probabilities: probabilities.scalars,
                            dq: dq,
                            dk: dk,
                            dv: dv
                        )
                    }
                }
            }
            queries.accumulate(dq)
            keys.accumulate(dk)
            values.accumulate(dv)
        }
    }

    /// Self-attention over queries, keys and values that one projection made side by side: `[N, T, 3D]` to `[N, T, D]`.
    ///
    /// The same as `attention` of its thirds, without laying them out apart.
    ///
    /// - Parameters:
    ///   - heads: Divides D; a head owns neighbouring columns of each third.
    ///   - causal: Whether token t sees tokens 0...t only.
    /// - Returns: `[N, T, D]`.
    public func selfAttention(heads: Int, causal: Bool = false) -> Variable {
        let width = self.width / 3
        precondition(
            shape.count == 3 && self.width == 3 * width && width % heads == 0,
            "\(heads) heads in a packed projection \(shape)"
        )
        let sizes = AttentionShape(
            samples: shape[0],
            heads: heads,
            queries: shape[1],
            keys: shape[1],
            width: width / heads,
            queryStep: 3 * width,
            keyStep: 3 * width,
            isCausal: causal
        )
        var mixed = Self.zeros([shape[0], shape[1], width])
        let probabilities = Tensor<Scalar>.made(sizes.probabilitiesShape) { probabilities in
            mixed.scalars.withUnsafeMutableBufferPointer { out in
                value.scalars.withUnsafeBufferPointer { packed in
                    guard let out = out.baseAddress, let q = packed.baseAddress else { return }
                    Scalar.attend(
                        sizes,
                        q: q,
                        k: q + width,
                        v: q + 2 * width,
                        probabilities: probabilities,
                        out
                    )
                }
            }
        }
        return Variable(mixed, from: [self]) { gradient in
            self.accumulate(
                .made(self.shape) { out in
                    self.value.scalars.withUnsafeBufferPointer { packed in
                        guard let q = packed.baseAddress else { return }
                        Scalar.attendBack(
                            sizes,
                            gradient.scalars,
                            q: q,
                            k: q + width,
                            v: q + 2 * width,
                            probabilities: probabilities.scalars,
                            dq: out,
                            dk: out + width,
                            dv: out + 2 * width
                        )
                    }
                }
            )
        }
    }
}

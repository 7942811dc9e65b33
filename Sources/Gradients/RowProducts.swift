internal import Kernels
internal import Tensors

extension Variable {
    /// The inner products of all rows of a sample: `[N, T, D]` to `[N, T, T]`.
    public var rowProducts: Variable {
        let (samples, rows, width) = (shape[0], shape[1], shape[2])
        let value = Tensor<Scalar>.made([samples, rows, rows]) { out in
            self.value.scalars.withUnsafeBufferPointer { x in
                guard let x = x.baseAddress else { return }
                for sample in 0..<samples {
                    let own = x + sample * rows * width
                    Scalar.product(
                        m: rows,
                        n: rows,
                        k: width,
                        alpha: 1,
                        own,
                        aSteps: (width, 1),
                        own,
                        bSteps: (1, width),
                        accumulates: false,
                        out + sample * rows * rows
                    )
                }
            }
        }
        return Variable(value, from: [self]) { gradient in
            // (G + G^T) X.
            self.accumulate(
                .made(self.shape) { out in
                    self.value.scalars.withUnsafeBufferPointer { x in
                        gradient.scalars.withUnsafeBufferPointer { gradient in
                            guard let x = x.baseAddress, let g = gradient.baseAddress else {
                                return
                            }
                            for sample in 0..<samples {
                                for isSecond in [false, true] {
                                    Scalar.product(
                                        m: rows,
                                        n: width,
                                        k: rows,
                                        alpha: 1,
                                        g + sample * rows * rows,
                                        aSteps: isSecond ? (1, rows) : (rows, 1),
                                        x + sample * rows * width,
                                        bSteps: (width, 1),
                                        accumulates: isSecond,
                                        out + sample * rows * width
                                    )
                                }
                            }
                        }
                    }
                }
            )
        }
    }
}

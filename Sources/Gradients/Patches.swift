internal import Kernels
internal import Tensors

extension Variable {
    /// Squares of pixels as rows: `[N, H, W, C]` to `[N, P, patch * patch * C]`.
    ///
    /// What is beyond whole patches is ignored. Patches are row-major, and so are the pixels of one.
    public func patches(_ patch: Int) -> Variable {
        let (samples, channels) = (shape[0], shape[3])
        let sizes = ChannelsLastConvolution(
            samples: samples,
            input: Array(shape[1...2]),
            inChannels: channels,
            outChannels: 1,
            kernel: [patch, patch],
            stride: patch,
            padding: [0, 0, 0, 0]
        )
        let count = sizes.output[0] * sizes.output[1]
        let rows = Tensor<Scalar>.made([samples, count, patch * patch * channels]) { out in
            value.scalars.withUnsafeBufferPointer { x in
                if let x = x.baseAddress { Scalar.unfold(sizes, x, out) }
            }
        }
        return Variable(rows, from: [self]) { gradient in
            self.accumulate(
                .made(self.shape) { out in
                    gradient.scalars.withUnsafeBufferPointer { rows in
                        if let rows = rows.baseAddress { Scalar.fold(sizes, rows, out) }
                    }
                }
            )
        }
    }

    /// One row of every sample: `[N, T, D]` with N row numbers to `[N, D]`.
    public func selecting(rows: [Int]) -> Variable {
        let (samples, tokens) = (shape[0], shape[1])
        precondition(rows.count == samples, "\(rows.count) rows of \(shape)")
        return reshaped([samples * tokens, shape[2]])
            .picking(rows.enumerated().map { $0.offset * tokens + $0.element })
    }

    /// Puts a row before the rows of every sample: `self [D]`, `rows [N, T, D]` to `[N, 1 + T, D]`.
    public func before(_ rows: Variable) -> Variable {
        let (samples, tokens, width) = (rows.shape[0], rows.shape[1], rows.shape[2])
        let all = Variable.concatenated([
            reshaped([1, width]), rows.reshaped([samples * tokens, width]),
        ])
        let order = (0..<samples).flatMap { sample in
            [0] + (0..<tokens).map { 1 + sample * tokens + $0 }
        }
        return all.picking(order).reshaped([samples, 1 + tokens, width])
    }
}

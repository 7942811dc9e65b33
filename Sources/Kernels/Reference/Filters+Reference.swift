package import Tensors

extension Reference {
    /// Every plane correlated with a separable 4-tap filter after zero padding: the blur of `StyledKernel`.
    package static func fir(
        _ x: Tensor<Float>,
        taps: [Float],
        padding: (before: Int, after: Int)
    ) -> Tensor<Float> {
        let grown = padding.before + padding.after - 3
        return tensor([x.shape[0], x.shape[1], x.shape[2] + grown, x.shape[3] + grown]) {
            n,
            c,
            i,
            j in
            var sum = 0.0
            for a in 0..<4 {
                for b in 0..<4 {
                    let pixel = x[n, c, i + a - padding.before, j + b - padding.before] ?? 0
                    sum += Double(taps[a]) * Double(taps[b]) * Double(pixel)
                }
            }
            return Float(sum)
        }
    }

    /// What `Passes.upsample` computes.
    package static func upsample(_ x: Tensor<Float>, taps: [Float]) -> Tensor<Float> {
        let spread: Tensor<Float> = tensor(
            [x.shape[0], x.shape[1], 2 * x.shape[2], 2 * x.shape[3]]
        ) { n, c, i, j in
            i % 2 == 0 && j % 2 == 0 ? x[n, c, i / 2, j / 2] ?? 0 : 0
        }
        return fir(spread, taps: taps, padding: (2, 1))
    }

    /// What `Passes.reflect` computes.
    package static func reflect(_ x: Tensor<Float>, _ margins: Margins) -> Tensor<Float> {
        let (h, w) = (x.shape[2], x.shape[3])
        /// Bounces an index off both borders.
        func inside(_ index: Int, _ count: Int) -> Int {
            var index = index
            while index < 0 || index >= count {
                index = index < 0 ? -index : 2 * (count - 1) - index
            }
            return index
        }
        return tensor(
            [
                x.shape[0], x.shape[1], h + margins.top + margins.bottom,
                w + margins.left + margins.right,
            ]
        ) { n, c, i, j in
            x[n, c, inside(i - margins.top, h), inside(j - margins.left, w)] ?? 0
        }
    }

    /// What `Passes.subsample` computes.
    package static func subsample(_ x: Tensor<Float>, stride: Int) -> Tensor<Float> {
        let rows = (x.shape[2] + stride - 1) / stride
        let columns = (x.shape[3] + stride - 1) / stride
        return tensor([x.shape[0], x.shape[1], rows, columns]) { n, c, i, j in
            x[n, c, i * stride, j * stride] ?? 0
        }
    }
}

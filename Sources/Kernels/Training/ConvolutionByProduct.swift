extension GradientScalar {
    /// Memory for a call.
    static func withScratch(_ count: Int, _ body: (UnsafeMutablePointer<Self>) -> Void) {
        let memory = UnsafeMutablePointer<Self>.allocate(capacity: max(count, 1))
        defer { memory.deallocate() }
        body(memory)
    }

    /// `[O, I, kh, kw]` to `[O, kh, kw, I]`, or back.
    static func permute(
        _ shape: ChannelsLastConvolution,
        _ weight: UnsafePointer<Self>,
        _ out: UnsafeMutablePointer<Self>,
        backwards: Bool = false
    ) {
        let (taps, inputs) = (shape.kernel[0] * shape.kernel[1], shape.inChannels)
        swapAxes(
            weight,
            outer: shape.outChannels,
            rows: backwards ? taps : inputs,
            columns: backwards ? inputs : taps,
            inner: 1,
            out
        )
    }

    /// A convolution by a product with the unfolded input: for float64, and the reference of the fast path.
    static func convolveByProduct(
        _ shape: ChannelsLastConvolution,
        _ x: UnsafePointer<Self>,
        _ weight: UnsafePointer<Self>,
        _ y: UnsafeMutablePointer<Self>
    ) {
        let (width, outputs) = (shape.unfoldedWidth, shape.outChannels)
        let pixels = shape.samples * shape.output[0] * shape.output[1]
        withScratch(outputs * width) { rows in
            permute(shape, weight, rows)
            unfolded(shape, x) { columns in
                product(
                    m: pixels,
                    n: outputs,
                    k: width,
                    alpha: 1,
                    columns,
                    aSteps: (width, 1),
                    rows,
                    bSteps: (1, width),
                    accumulates: false,
                    y
                )
            }
        }
    }

    static func inputGradientByProduct(
        _ shape: ChannelsLastConvolution,
        _ gradient: UnsafePointer<Self>,
        _ weight: UnsafePointer<Self>,
        _ dx: UnsafeMutablePointer<Self>
    ) {
        let (width, outputs) = (shape.unfoldedWidth, shape.outChannels)
        let pixels = shape.samples * shape.output[0] * shape.output[1]
        withScratch(outputs * width) { rows in
            permute(shape, weight, rows)
            let makesColumns = !shape.isPointwise
            withScratch(makesColumns ? pixels * width : 0) { scratch in
                let columns = makesColumns ? scratch : dx
                product(
                    m: pixels,
                    n: width,
                    k: outputs,
                    alpha: 1,
                    gradient,
                    aSteps: (outputs, 1),
                    rows,
                    bSteps: (width, 1),
                    accumulates: false,
                    columns
                )
                if makesColumns { fold(shape, columns, dx) }
            }
        }
    }

    static func weightGradientByProduct(
        _ shape: ChannelsLastConvolution,
        _ x: UnsafePointer<Self>,
        _ gradient: UnsafePointer<Self>,
        _ dweight: UnsafeMutablePointer<Self>
    ) {
        let (width, outputs) = (shape.unfoldedWidth, shape.outChannels)
        let pixels = shape.samples * shape.output[0] * shape.output[1]
        withScratch(outputs * width) { rows in
            unfolded(shape, x) { columns in
                product(
                    m: outputs,
                    n: width,
                    k: pixels,
                    alpha: 1,
                    gradient,
                    aSteps: (1, outputs),
                    columns,
                    bSteps: (width, 1),
                    accumulates: false,
                    rows
                )
            }
            permute(shape, rows, dweight, backwards: true)
        }
    }

    private static func unfolded(
        _ shape: ChannelsLastConvolution,
        _ x: UnsafePointer<Self>,
        _ body: (UnsafePointer<Self>) -> Void
    ) {
        if shape.isPointwise { return body(x) }
        let pixels = shape.samples * shape.output[0] * shape.output[1]
        withScratch(pixels * shape.unfoldedWidth) { columns in
            unfold(shape, x, columns)
            body(columns)
        }
    }
}

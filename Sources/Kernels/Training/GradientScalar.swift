public import Tensors

/// A number that networks are trained in: float32, or float64 where digits matter more than time.
public protocol GradientScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
    /// What gradients are made of, for this type.
    static var kernels: GradientKernels<Self> { get }
}

/// What gradients are made of, on raw memory; every sum runs in one fixed order.
///
/// Rows are the channels of one pixel or token and follow each other.
extension GradientScalar {
    /// `y[i]` of `a[i]`, `b[i]`, `s` and `t`; `y` may be `a` or `b`.
    public static func map(
        _ map: ElementwiseMap,
        _ a: UnsafePointer<Self>,
        _ b: UnsafePointer<Self>?,
        _ s: Self,
        _ t: Self,
        _ y: UnsafeMutablePointer<Self>,
        count: Int
    ) {
        kernels.map(map.code, a, b, s, t, y, count)
    }

    /// `y[r][c] = x[r][c] * scale[r / scaleRows][c] + shift[r / shiftRows][c]`; nil for 1 and 0.
    public static func affineRows(
        _ x: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        scale: UnsafePointer<Self>?,
        scaleRows: Int,
        shift: UnsafePointer<Self>?,
        shiftRows: Int,
        _ y: UnsafeMutablePointer<Self>
    ) {
        kernels.affineRows(x, rows, width, scale, scaleRows, shift, shiftRows, y)
    }

    /// `sums[g][c]`: the sum over the rows of group g of `a[r][c] * b[r][c]`, nil for 1.
    public static func sumRows(
        _ a: UnsafePointer<Self>,
        _ b: UnsafePointer<Self>?,
        rows: Int,
        width: Int,
        groupRows: Int,
        _ sums: UnsafeMutablePointer<Self>
    ) {
        kernels.sumRows(a, b, rows, width, groupRows, sums)
    }

    /// `sums[r]`: the sum over c of `a[r][c] * b[r][c]`, nil for 1.
    public static func sumColumns(
        _ a: UnsafePointer<Self>,
        _ b: UnsafePointer<Self>?,
        rows: Int,
        width: Int,
        _ sums: UnsafeMutablePointer<Self>
    ) {
        kernels.sumColumns(a, b, rows, width, sums)
    }

    /// `leaky ReLU(x + noise[r % pixels] * strength + bias[c]) * gain`.
    public static func styledRows(
        _ x: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        noise: UnsafePointer<Self>?,
        pixels: Int,
        strength: Self,
        bias: UnsafePointer<Self>?,
        slope: Self,
        gain: Self,
        _ y: UnsafeMutablePointer<Self>
    ) {
        kernels.styledRows(x, rows, width, noise, pixels, strength, bias, slope, gain, y)
    }

    /// `(x - mean) / deviation` over each row; keeps `1 / deviation`, eps inside the root.
    public static func normaliseRows(
        _ x: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        eps: Self,
        _ y: UnsafeMutablePointer<Self>,
        inverse: UnsafeMutablePointer<Self>
    ) {
        kernels.normaliseRows(x, rows, width, eps, y, inverse)
    }

    /// The gradient of the argument of `normaliseRows`, from that of its value `y`.
    public static func normaliseRowsBack(
        _ gradient: UnsafePointer<Self>,
        _ y: UnsafePointer<Self>,
        inverse: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        _ dx: UnsafeMutablePointer<Self>
    ) {
        kernels.normaliseRowsBack(gradient, y, inverse, rows, width, dx)
    }

    /// Softmax over each row.
    public static func softmaxRows(
        _ x: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        _ y: UnsafeMutablePointer<Self>
    ) {
        kernels.softmaxRows(x, rows, width, y)
    }

    /// The gradient of the argument of `softmaxRows`, from that of its value `y`.
    public static func softmaxRowsBack(
        _ gradient: UnsafePointer<Self>,
        _ y: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        _ dx: UnsafeMutablePointer<Self>
    ) {
        kernels.softmaxRowsBack(gradient, y, rows, width, dx)
    }

    /// `y[o][i][:]`: the sum over k in `first[i] ..< first[i + 1]` of `weights[k] * x[o][indices[k]][:]`.
    public static func sparse(
        _ x: UnsafePointer<Self>,
        outer: Int,
        inputs: Int,
        outputs: Int,
        inner: Int,
        first: UnsafePointer<UInt32>,
        indices: UnsafePointer<UInt32>,
        weights: UnsafePointer<Self>,
        _ y: UnsafeMutablePointer<Self>
    ) {
        kernels.sparse(x, outer, inputs, outputs, inner, first, indices, weights, y)
    }

    /// `c [m, n] = alpha a b (+ c)`; a step of a matrix lies between its rows and its columns.
    public static func product(
        m: Int,
        n: Int,
        k: Int,
        alpha: Self,
        _ a: UnsafePointer<Self>,
        aSteps: (row: Int, column: Int),
        _ b: UnsafePointer<Self>,
        bSteps: (row: Int, column: Int),
        accumulates: Bool,
        _ c: UnsafeMutablePointer<Self>
    ) {
        kernels.product(
            m,
            n,
            k,
            alpha,
            a,
            aSteps.row,
            aSteps.column,
            b,
            bSteps.row,
            bSteps.column,
            accumulates,
            c
        )
    }

    /// Scaled dot-product attention; keeps the probabilities.
    public static func attend(
        _ shape: AttentionShape,
        q: UnsafePointer<Self>,
        k: UnsafePointer<Self>,
        v: UnsafePointer<Self>,
        probabilities: UnsafeMutablePointer<Self>,
        _ y: UnsafeMutablePointer<Self>
    ) {
        kernels.attend(
            q,
            shape.queryStep,
            k,
            v,
            shape.keyStep,
            shape.samples,
            shape.heads,
            shape.queries,
            shape.keys,
            shape.width,
            Self(shape.scale),
            shape.isCausal,
            probabilities,
            y
        )
    }

    /// The gradients of `attend`, laid out as q, k and v.
    public static func attendBack(
        _ shape: AttentionShape,
        _ gradient: UnsafePointer<Self>,
        q: UnsafePointer<Self>,
        k: UnsafePointer<Self>,
        v: UnsafePointer<Self>,
        probabilities: UnsafePointer<Self>,
        dq: UnsafeMutablePointer<Self>,
        dk: UnsafeMutablePointer<Self>,
        dv: UnsafeMutablePointer<Self>
    ) {
        kernels.attendBack(
            gradient,
            q,
            shape.queryStep,
            k,
            v,
            shape.keyStep,
            shape.samples,
            shape.heads,
            shape.queries,
            shape.keys,
            shape.width,
            Self(shape.scale),
            probabilities,
            dq,
            dk,
            dv
        )
    }

    /// `x [N, H, W, I]`, `weight [O, I, kh, kw]` to `y [N, H', W', O]`.
    public static func convolve(
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ x: UnsafePointer<Self>,
        _ weight: UnsafePointer<Self>,
        _ y: UnsafeMutablePointer<Self>
    ) {
        guard !kernels.convolution(.forward, shape, precision, x, weight, y) else { return }
        convolveByProduct(shape, x, weight, y)
    }

    /// The gradient of x, from that of y.
    public static func convolveInputGradient(
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ gradient: UnsafePointer<Self>,
        _ weight: UnsafePointer<Self>,
        _ dx: UnsafeMutablePointer<Self>
    ) {
        guard !kernels.convolution(.inputGradient, shape, precision, gradient, weight, dx) else {
            return
        }
        inputGradientByProduct(shape, gradient, weight, dx)
    }

    /// The gradient of the weight, from that of y.
    public static func convolveWeightGradient(
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ x: UnsafePointer<Self>,
        _ gradient: UnsafePointer<Self>,
        _ dweight: UnsafeMutablePointer<Self>
    ) {
        guard !kernels.convolution(.weightGradient, shape, precision, x, gradient, dweight) else {
            return
        }
        weightGradientByProduct(shape, x, gradient, dweight)
    }

    /// The columns of all inputs of each output pixel, `[N * H' * W', kh * kw * I]`.
    public static func unfold(
        _ shape: ChannelsLastConvolution,
        _ x: UnsafePointer<Self>,
        _ columns: UnsafeMutablePointer<Self>
    ) {
        kernels.unfold(
            x,
            shape.samples,
            shape.input[0],
            shape.input[1],
            shape.inChannels,
            shape.kernel[0],
            shape.kernel[1],
            shape.stride,
            shape.padding[0],
            shape.padding[1],
            shape.output[0],
            shape.output[1],
            columns
        )
    }

    /// The transpose of `unfold`: columns added up.
    public static func fold(
        _ shape: ChannelsLastConvolution,
        _ columns: UnsafePointer<Self>,
        _ x: UnsafeMutablePointer<Self>
    ) {
        kernels.fold(
            columns,
            shape.samples,
            shape.input[0],
            shape.input[1],
            shape.inChannels,
            shape.kernel[0],
            shape.kernel[1],
            shape.stride,
            shape.padding[0],
            shape.padding[1],
            shape.output[0],
            shape.output[1],
            x
        )
    }

    /// `y[o][j][i][:] = x[o][i][j][:]` for `rows` i and `columns` j.
    public static func swapAxes(
        _ x: UnsafePointer<Self>,
        outer: Int,
        rows: Int,
        columns: Int,
        inner: Int,
        _ y: UnsafeMutablePointer<Self>
    ) {
        kernels.swapAxes(x, outer, rows, columns, inner, y)
    }

    /// `y[r][c] = x[r]`.
    public static func spread(
        _ x: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        _ y: UnsafeMutablePointer<Self>
    ) {
        kernels.spread(x, rows, width, y)
    }

    /// The sum of squares.
    public static func sumOfSquares(_ x: UnsafePointer<Self>, count: Int) -> Double {
        kernels.sumOfSquares(x, count)
    }

    /// One step of Adam: see `AdamStep`.
    public static func adam(
        _ step: AdamStep,
        _ x: UnsafeMutablePointer<Self>,
        gradient: UnsafePointer<Self>,
        m: UnsafeMutablePointer<Self>,
        v: UnsafeMutablePointer<Self>,
        count: Int
    ) {
        kernels.adam(
            x,
            gradient,
            m,
            v,
            count,
            Self(step.scale),
            Self(step.beta1),
            Self(step.beta2),
            Self(step.rate),
            Self(step.root),
            Self(step.eps),
            Self(step.decay)
        )
    }
}

// The protocol says what each function does.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

internal import CKernels
public import Tensors

extension Double: GradientScalar {
    public static func map(
        _ map: ElementwiseMap,
        _ a: UnsafePointer<Double>,
        _ b: UnsafePointer<Double>?,
        _ s: Double,
        _ t: Double,
        _ y: UnsafeMutablePointer<Double>,
        count: Int
    ) {
        ck_map_f64(map.code, a, b, s, t, y, count)
    }

    public static func affineRows(
        _ x: UnsafePointer<Double>,
        rows: Int,
        width: Int,
        scale: UnsafePointer<Double>?,
        scaleRows: Int,
        shift: UnsafePointer<Double>?,
        shiftRows: Int,
        _ y: UnsafeMutablePointer<Double>
    ) {
        ck_rows_affine_f64(x, rows, width, scale, scaleRows, shift, shiftRows, y)
    }

    public static func sumRows(
        _ a: UnsafePointer<Double>,
        _ b: UnsafePointer<Double>?,
        rows: Int,
        width: Int,
        groupRows: Int,
        _ sums: UnsafeMutablePointer<Double>
    ) {
        ck_rows_sum_f64(a, b, rows, width, groupRows, sums)
    }

    public static func sumColumns(
        _ a: UnsafePointer<Double>,
        _ b: UnsafePointer<Double>?,
        rows: Int,
        width: Int,
        _ sums: UnsafeMutablePointer<Double>
    ) {
        ck_columns_sum_f64(a, b, rows, width, sums)
    }

    public static func styledRows(
        _ x: UnsafePointer<Double>,
        rows: Int,
        width: Int,
        noise: UnsafePointer<Double>?,
        pixels: Int,
        strength: Double,
        bias: UnsafePointer<Double>?,
        slope: Double,
        gain: Double,
        _ y: UnsafeMutablePointer<Double>
    ) {
        ck_styled_rows_f64(x, rows, width, noise, pixels, strength, bias, slope, gain, y)
    }

    public static func normaliseRows(
        _ x: UnsafePointer<Double>,
        rows: Int,
        width: Int,
        eps: Double,
        _ y: UnsafeMutablePointer<Double>,
        inverse: UnsafeMutablePointer<Double>
    ) {
        ck_normalise_rows_f64(x, rows, width, eps, y, inverse)
    }

    public static func normaliseRowsBack(
        _ gradient: UnsafePointer<Double>,
        _ y: UnsafePointer<Double>,
        inverse: UnsafePointer<Double>,
        rows: Int,
        width: Int,
        _ dx: UnsafeMutablePointer<Double>
    ) {
        ck_normalise_rows_back_f64(gradient, y, inverse, rows, width, dx)
    }

    public static func softmaxRows(
        _ x: UnsafePointer<Double>,
        rows: Int,
        width: Int,
        _ y: UnsafeMutablePointer<Double>
    ) {
        ck_softmax_rows_f64(x, rows, width, y)
    }

    public static func softmaxRowsBack(
        _ gradient: UnsafePointer<Double>,
        _ y: UnsafePointer<Double>,
        rows: Int,
        width: Int,
        _ dx: UnsafeMutablePointer<Double>
    ) {
        ck_softmax_rows_back_f64(gradient, y, rows, width, dx)
    }

    public static func sparse(
        _ x: UnsafePointer<Double>,
        outer: Int,
        inputs: Int,
        outputs: Int,
        inner: Int,
        first: UnsafePointer<UInt32>,
        indices: UnsafePointer<UInt32>,
        weights: UnsafePointer<Double>,
        _ y: UnsafeMutablePointer<Double>
    ) {
        ck_sparse_f64(x, outer, inputs, outputs, inner, first, indices, weights, y)
    }

    public static func product(
        m: Int,
        n: Int,
        k: Int,
        alpha: Double,
        _ a: UnsafePointer<Double>,
        aSteps: (row: Int, column: Int),
        _ b: UnsafePointer<Double>,
        bSteps: (row: Int, column: Int),
        accumulates: Bool,
        _ c: UnsafeMutablePointer<Double>
    ) {
        ck_product_f64(
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

    public static func attend(
        _ shape: AttentionShape,
        q: UnsafePointer<Double>,
        k: UnsafePointer<Double>,
        v: UnsafePointer<Double>,
        probabilities: UnsafeMutablePointer<Double>,
        _ y: UnsafeMutablePointer<Double>
    ) {
        ck_attention_f64(
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
            Double(shape.scale),
            shape.isCausal,
            probabilities,
            y
        )
    }

    public static func attendBack(
        _ shape: AttentionShape,
        _ gradient: UnsafePointer<Double>,
        q: UnsafePointer<Double>,
        k: UnsafePointer<Double>,
        v: UnsafePointer<Double>,
        probabilities: UnsafePointer<Double>,
        dq: UnsafeMutablePointer<Double>,
        dk: UnsafeMutablePointer<Double>,
        dv: UnsafeMutablePointer<Double>
    ) {
        ck_attention_back_f64(
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
            Double(shape.scale),
            probabilities,
            dq,
            dk,
            dv
        )
    }

    public static func convolve(
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ x: UnsafePointer<Double>,
        _ weight: UnsafePointer<Double>,
        _ y: UnsafeMutablePointer<Double>
    ) {
        convolveByProduct(shape, x, weight, y)
    }

    public static func convolveInputGradient(
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ gradient: UnsafePointer<Double>,
        _ weight: UnsafePointer<Double>,
        _ dx: UnsafeMutablePointer<Double>
    ) {
        inputGradientByProduct(shape, gradient, weight, dx)
    }

    public static func convolveWeightGradient(
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ x: UnsafePointer<Double>,
        _ gradient: UnsafePointer<Double>,
        _ dweight: UnsafeMutablePointer<Double>
    ) {
        weightGradientByProduct(shape, x, gradient, dweight)
    }

    public static func unfold(
        _ shape: ChannelsLastConvolution,
        _ x: UnsafePointer<Double>,
        _ columns: UnsafeMutablePointer<Double>
    ) {
        ck_unfold_f64(
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

    public static func fold(
        _ shape: ChannelsLastConvolution,
        _ columns: UnsafePointer<Double>,
        _ x: UnsafeMutablePointer<Double>
    ) {
        ck_fold_f64(
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

    public static func swapAxes(
        _ x: UnsafePointer<Double>,
        outer: Int,
        rows: Int,
        columns: Int,
        inner: Int,
        _ y: UnsafeMutablePointer<Double>
    ) {
        ck_swap_axes_f64(x, outer, rows, columns, inner, y)
    }

    public static func spread(
        _ x: UnsafePointer<Double>,
        rows: Int,
        width: Int,
        _ y: UnsafeMutablePointer<Double>
    ) {
        ck_spread_f64(x, rows, width, y)
    }

    public static func sumOfSquares(_ x: UnsafePointer<Double>, count: Int) -> Double {
        ck_squares_f64(x, count)
    }

    public static func adam(
        _ step: AdamStep,
        _ x: UnsafeMutablePointer<Double>,
        gradient: UnsafePointer<Double>,
        m: UnsafeMutablePointer<Double>,
        v: UnsafeMutablePointer<Double>,
        count: Int
    ) {
        ck_adam_f64(
            x,
            gradient,
            m,
            v,
            count,
            Double(step.scale),
            Double(step.beta1),
            Double(step.beta2),
            Double(step.rate),
            Double(step.root),
            Double(step.eps),
            Double(step.decay)
        )
    }
}

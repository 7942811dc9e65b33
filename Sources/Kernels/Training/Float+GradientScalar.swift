// The protocol says what each function does.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

internal import CKernels
public import Tensors

extension Float: GradientScalar {
    public static func map(
        _ map: ElementwiseMap,
        _ a: UnsafePointer<Float>,
        _ b: UnsafePointer<Float>?,
        _ s: Float,
        _ t: Float,
        _ y: UnsafeMutablePointer<Float>,
        count: Int
    ) {
        ck_map_f32(map.code, a, b, s, t, y, count)
    }

    public static func affineRows(
        _ x: UnsafePointer<Float>,
        rows: Int,
        width: Int,
        scale: UnsafePointer<Float>?,
        scaleRows: Int,
        shift: UnsafePointer<Float>?,
        shiftRows: Int,
        _ y: UnsafeMutablePointer<Float>
    ) {
        ck_rows_affine_f32(x, rows, width, scale, scaleRows, shift, shiftRows, y)
    }

    public static func sumRows(
        _ a: UnsafePointer<Float>,
        _ b: UnsafePointer<Float>?,
        rows: Int,
        width: Int,
        groupRows: Int,
        _ sums: UnsafeMutablePointer<Float>
    ) {
        ck_rows_sum_f32(a, b, rows, width, groupRows, sums)
    }

    public static func sumColumns(
        _ a: UnsafePointer<Float>,
        _ b: UnsafePointer<Float>?,
        rows: Int,
        width: Int,
        _ sums: UnsafeMutablePointer<Float>
    ) {
        ck_columns_sum_f32(a, b, rows, width, sums)
    }

    public static func styledRows(
        _ x: UnsafePointer<Float>,
        rows: Int,
        width: Int,
        noise: UnsafePointer<Float>?,
        pixels: Int,
        strength: Float,
        bias: UnsafePointer<Float>?,
        slope: Float,
        gain: Float,
        _ y: UnsafeMutablePointer<Float>
    ) {
        ck_styled_rows_f32(x, rows, width, noise, pixels, strength, bias, slope, gain, y)
    }

    public static func normaliseRows(
        _ x: UnsafePointer<Float>,
        rows: Int,
        width: Int,
        eps: Float,
        _ y: UnsafeMutablePointer<Float>,
        inverse: UnsafeMutablePointer<Float>
    ) {
        ck_normalise_rows_f32(x, rows, width, eps, y, inverse)
    }

    public static func normaliseRowsBack(
        _ gradient: UnsafePointer<Float>,
        _ y: UnsafePointer<Float>,
        inverse: UnsafePointer<Float>,
        rows: Int,
        width: Int,
        _ dx: UnsafeMutablePointer<Float>
    ) {
        ck_normalise_rows_back_f32(gradient, y, inverse, rows, width, dx)
    }

    public static func softmaxRows(
        _ x: UnsafePointer<Float>,
        rows: Int,
        width: Int,
        _ y: UnsafeMutablePointer<Float>
    ) {
        ck_softmax_rows_f32(x, rows, width, y)
    }

    public static func softmaxRowsBack(
        _ gradient: UnsafePointer<Float>,
        _ y: UnsafePointer<Float>,
        rows: Int,
        width: Int,
        _ dx: UnsafeMutablePointer<Float>
    ) {
        ck_softmax_rows_back_f32(gradient, y, rows, width, dx)
    }

    public static func sparse(
        _ x: UnsafePointer<Float>,
        outer: Int,
        inputs: Int,
        outputs: Int,
        inner: Int,
        first: UnsafePointer<UInt32>,
        indices: UnsafePointer<UInt32>,
        weights: UnsafePointer<Float>,
        _ y: UnsafeMutablePointer<Float>
    ) {
        ck_sparse_f32(x, outer, inputs, outputs, inner, first, indices, weights, y)
    }

    public static func product(
        m: Int,
        n: Int,
        k: Int,
        alpha: Float,
        _ a: UnsafePointer<Float>,
        aSteps: (row: Int, column: Int),
        _ b: UnsafePointer<Float>,
        bSteps: (row: Int, column: Int),
        accumulates: Bool,
        _ c: UnsafeMutablePointer<Float>
    ) {
        ck_product(
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
            c,
            n
        )
    }

    public static func attend(
        _ shape: AttentionShape,
        q: UnsafePointer<Float>,
        k: UnsafePointer<Float>,
        v: UnsafePointer<Float>,
        probabilities: UnsafeMutablePointer<Float>,
        _ y: UnsafeMutablePointer<Float>
    ) {
        ck_attention_f32(
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
            Float(shape.scale),
            shape.isCausal,
            probabilities,
            y
        )
    }

    public static func attendBack(
        _ shape: AttentionShape,
        _ gradient: UnsafePointer<Float>,
        q: UnsafePointer<Float>,
        k: UnsafePointer<Float>,
        v: UnsafePointer<Float>,
        probabilities: UnsafePointer<Float>,
        dq: UnsafeMutablePointer<Float>,
        dk: UnsafeMutablePointer<Float>,
        dv: UnsafeMutablePointer<Float>
    ) {
        ck_attention_back_f32(
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
            Float(shape.scale),
            probabilities,
            dq,
            dk,
            dv
        )
    }

    public static func convolve(
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ x: UnsafePointer<Float>,
        _ weight: UnsafePointer<Float>,
        _ y: UnsafeMutablePointer<Float>
    ) {
        if shape.isPointwise || !shape.suitsOneDNN { return convolveByProduct(shape, x, weight, y) }
        TrainingConvolutions.run(.forward, shape, precision, x, weight, y)
    }

    public static func convolveInputGradient(
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ gradient: UnsafePointer<Float>,
        _ weight: UnsafePointer<Float>,
        _ dx: UnsafeMutablePointer<Float>
    ) {
        if shape.isPointwise || !shape.suitsOneDNN {
            return inputGradientByProduct(shape, gradient, weight, dx)
        }
        TrainingConvolutions.run(.inputGradient, shape, precision, gradient, weight, dx)
    }

    public static func convolveWeightGradient(
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ x: UnsafePointer<Float>,
        _ gradient: UnsafePointer<Float>,
        _ dweight: UnsafeMutablePointer<Float>
    ) {
        if shape.isPointwise || !shape.suitsOneDNN {
            return weightGradientByProduct(shape, x, gradient, dweight)
        }
        TrainingConvolutions.run(.weightGradient, shape, precision, x, gradient, dweight)
    }

    public static func unfold(
        _ shape: ChannelsLastConvolution,
        _ x: UnsafePointer<Float>,
        _ columns: UnsafeMutablePointer<Float>
    ) {
        ck_unfold_f32(
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
        _ columns: UnsafePointer<Float>,
        _ x: UnsafeMutablePointer<Float>
    ) {
        ck_fold_f32(
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
        _ x: UnsafePointer<Float>,
        outer: Int,
        rows: Int,
        columns: Int,
        inner: Int,
        _ y: UnsafeMutablePointer<Float>
    ) {
        ck_swap_axes_f32(x, outer, rows, columns, inner, y)
    }

    public static func spread(
        _ x: UnsafePointer<Float>,
        rows: Int,
        width: Int,
        _ y: UnsafeMutablePointer<Float>
    ) {
        ck_spread_f32(x, rows, width, y)
    }

    public static func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
        ck_squares_f32(x, count)
    }

    public static func adam(
        _ step: AdamStep,
        _ x: UnsafeMutablePointer<Float>,
        gradient: UnsafePointer<Float>,
        m: UnsafeMutablePointer<Float>,
        v: UnsafeMutablePointer<Float>,
        count: Int
    ) {
        ck_adam_f32(
            x,
            gradient,
            m,
            v,
            count,
            Float(step.scale),
            Float(step.beta1),
            Float(step.beta2),
            Float(step.rate),
            Float(step.root),
            Float(step.eps),
            Float(step.decay)
        )
    }
}

internal import CKernels
internal import Tensors

/// The functions of `CKernels` that gradients are made of, of one type; `GradientScalar` says what each does.
public struct GradientKernels<Scalar>: Sendable {
    typealias In = UnsafePointer<Scalar>?
    typealias Out = UnsafeMutablePointer<Scalar>?

    let map: @Sendable (ck_elementwise, In, In, Scalar, Scalar, Out, Int) -> Void
    let affineRows: @Sendable (In, Int, Int, In, Int, In, Int, Out) -> Void
    let sumRows: @Sendable (In, In, Int, Int, Int, Out) -> Void
    let sumColumns: @Sendable (In, In, Int, Int, Out) -> Void
    let styledRows: @Sendable (In, Int, Int, In, Int, Scalar, In, Scalar, Scalar, Out) -> Void
    let normaliseRows: @Sendable (In, Int, Int, Scalar, Out, Out) -> Void
    let normaliseRowsBack: @Sendable (In, In, In, Int, Int, Out) -> Void
    let softmaxRows: @Sendable (In, Int, Int, Out) -> Void
    let softmaxRowsBack: @Sendable (In, In, Int, Int, Out) -> Void
    let sparse:
        @Sendable (In, Int, Int, Int, Int, UnsafePointer<UInt32>?, UnsafePointer<UInt32>?, In, Out)
            -> Void
    let product: @Sendable (Int, Int, Int, Scalar, In, Int, Int, In, Int, Int, Bool, Out) -> Void
    let attend:
        @Sendable (In, Int, In, In, Int, Int, Int, Int, Int, Int, Scalar, Bool, Out, Out) -> Void
    let attendBack:
        @Sendable (In, In, Int, In, In, Int, Int, Int, Int, Int, Int, Scalar, In, Out, Out, Out) ->
            Void
    let unfold: @Sendable (In, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Out) -> Void
    let fold: @Sendable (In, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Out) -> Void
    let swapAxes: @Sendable (In, Int, Int, Int, Int, Out) -> Void
    let spread: @Sendable (In, Int, Int, Out) -> Void
    let adam:
        @Sendable (Out, In, Out, Out, Int, Scalar, Scalar, Scalar, Scalar, Scalar, Scalar, Scalar)
            -> Void
    let sumOfSquares: @Sendable (In, Int) -> Double
    /// Runs a pass of a convolution, or says that there is nothing faster than a product.
    let convolution:
        @Sendable (
            TrainingConvolutions.Pass, ChannelsLastConvolution, Precision, UnsafePointer<Scalar>,
            UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>
        ) -> Bool
}

extension Float: GradientScalar {
    /// `CKernels`, and oneDNN where it has a fast convolution.
    public static let kernels = GradientKernels<Float>(
        map: ck_map_f32,
        affineRows: ck_rows_affine_f32,
        sumRows: ck_rows_sum_f32,
        sumColumns: ck_columns_sum_f32,
        styledRows: ck_styled_rows_f32,
        normaliseRows: ck_normalise_rows_f32,
        normaliseRowsBack: ck_normalise_rows_back_f32,
        softmaxRows: ck_softmax_rows_f32,
        softmaxRowsBack: ck_softmax_rows_back_f32,
        sparse: ck_sparse_f32,
        product: { ck_product($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $1) },
        attend: ck_attention_f32,
        attendBack: ck_attention_back_f32,
        unfold: ck_unfold_f32,
        fold: ck_fold_f32,
        swapAxes: ck_swap_axes_f32,
        spread: ck_spread_f32,
        adam: ck_adam_f32,
        sumOfSquares: ck_squares_f32,
        convolution: { pass, shape, precision, a, b, out in
            guard shape.suitsOneDNN, !shape.isPointwise else { return false }
            TrainingConvolutions.run(pass, shape, precision, a, b, out)
            return true
        }
    )
}

extension Double: GradientScalar {
    /// `CKernels` alone.
    public static let kernels = GradientKernels<Double>(
        map: ck_map_f64,
        affineRows: ck_rows_affine_f64,
        sumRows: ck_rows_sum_f64,
        sumColumns: ck_columns_sum_f64,
        styledRows: ck_styled_rows_f64,
        normaliseRows: ck_normalise_rows_f64,
        normaliseRowsBack: ck_normalise_rows_back_f64,
        softmaxRows: ck_softmax_rows_f64,
        softmaxRowsBack: ck_softmax_rows_back_f64,
        sparse: ck_sparse_f64,
        product: ck_product_f64,
        attend: ck_attention_f64,
        attendBack: ck_attention_back_f64,
        unfold: ck_unfold_f64,
        fold: ck_fold_f64,
        swapAxes: ck_swap_axes_f64,
        spread: ck_spread_f64,
        adam: ck_adam_f64,
        sumOfSquares: ck_squares_f64,
        // oneDNN has no float64.
        convolution: { _, _, _, _, _, _ in false }
    )
}

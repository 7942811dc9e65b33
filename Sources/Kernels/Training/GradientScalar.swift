internal import CKernels
public import Tensors

/// A number that networks are trained in: float32, or float64 where digits matter more than time.
///
/// What gradients are made of, on raw memory; every sum runs in one fixed order. Rows are the channels of one
/// pixel or token and follow each other.
public protocol GradientScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
    /// `y[i]` of `a[i]`, `b[i]`, `s` and `t`; `y` may be `a` or `b`.
    static func map(
        _ map: ElementwiseMap,
        _ a: UnsafePointer<Self>,
        _ b: UnsafePointer<Self>?,
        _ s: Self,
        _ t: Self,
        _ y: UnsafeMutablePointer<Self>,
        count: Int
    )
    /// `y[r][c] = x[r][c] * scale[r / scaleRows][c] + shift[r / shiftRows][c]`; nil for 1 and 0.
    static func affineRows(
        _ x: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        scale: UnsafePointer<Self>?,
        scaleRows: Int,
        shift: UnsafePointer<Self>?,
        shiftRows: Int,
        _ y: UnsafeMutablePointer<Self>
    )
    /// `sums[g][c]`: the sum over the rows of group g of `a[r][c] * b[r][c]`, nil for 1.
    static func sumRows(
        _ a: UnsafePointer<Self>,
        _ b: UnsafePointer<Self>?,
        rows: Int,
        width: Int,
        groupRows: Int,
        _ sums: UnsafeMutablePointer<Self>
    )
    /// `sums[r]`: the sum over c of `a[r][c] * b[r][c]`, nil for 1.
    static func sumColumns(
        _ a: UnsafePointer<Self>,
        _ b: UnsafePointer<Self>?,
        rows: Int,
        width: Int,
        _ sums: UnsafeMutablePointer<Self>
    )
    /// `leaky ReLU(x + noise[r % pixels] * strength + bias[c]) * gain`.
    static func styledRows(
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
    )
    /// `(x - mean) / deviation` over each row; keeps `1 / deviation`, eps inside the root.
    static func normaliseRows(
        _ x: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        eps: Self,
        _ y: UnsafeMutablePointer<Self>,
        inverse: UnsafeMutablePointer<Self>
    )
    /// The gradient of the argument of `normaliseRows`, from that of its value `y`.
    static func normaliseRowsBack(
        _ gradient: UnsafePointer<Self>,
        _ y: UnsafePointer<Self>,
        inverse: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        _ dx: UnsafeMutablePointer<Self>
    )
    /// Softmax over each row.
    static func softmaxRows(
        _ x: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        _ y: UnsafeMutablePointer<Self>
    )
    /// The gradient of the argument of `softmaxRows`, from that of its value `y`.
    static func softmaxRowsBack(
        _ gradient: UnsafePointer<Self>,
        _ y: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        _ dx: UnsafeMutablePointer<Self>
    )
    /// `y[o][i][:]`: the sum over k in `first[i] ..< first[i + 1]` of `weights[k] * x[o][indices[k]][:]`.
    static func sparse(
        _ x: UnsafePointer<Self>,
        outer: Int,
        inputs: Int,
        outputs: Int,
        inner: Int,
        first: UnsafePointer<UInt32>,
        indices: UnsafePointer<UInt32>,
        weights: UnsafePointer<Self>,
        _ y: UnsafeMutablePointer<Self>
    )
    /// `c [m, n] = alpha a b (+ c)`; a step of a matrix lies between its rows and its columns.
    static func product(
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
    )
    /// Scaled dot-product attention; keeps the probabilities.
    static func attend(
        _ shape: AttentionShape,
        q: UnsafePointer<Self>,
        k: UnsafePointer<Self>,
        v: UnsafePointer<Self>,
        probabilities: UnsafeMutablePointer<Self>,
        _ y: UnsafeMutablePointer<Self>
    )
    /// The gradients of `attend`, laid out as q, k and v.
    static func attendBack(
        _ shape: AttentionShape,
        _ gradient: UnsafePointer<Self>,
        q: UnsafePointer<Self>,
        k: UnsafePointer<Self>,
        v: UnsafePointer<Self>,
        probabilities: UnsafePointer<Self>,
        dq: UnsafeMutablePointer<Self>,
        dk: UnsafeMutablePointer<Self>,
        dv: UnsafeMutablePointer<Self>
    )
    /// `x [N, H, W, I]`, `weight [O, I, kh, kw]` to `y [N, H', W', O]`.
    static func convolve(
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ x: UnsafePointer<Self>,
        _ weight: UnsafePointer<Self>,
        _ y: UnsafeMutablePointer<Self>
    )
    /// The gradient of x, from that of y.
    static func convolveInputGradient(
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ gradient: UnsafePointer<Self>,
        _ weight: UnsafePointer<Self>,
        _ dx: UnsafeMutablePointer<Self>
    )
    /// The gradient of the weight, from that of y.
    static func convolveWeightGradient(
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ x: UnsafePointer<Self>,
        _ gradient: UnsafePointer<Self>,
        _ dweight: UnsafeMutablePointer<Self>
    )
    /// The columns of all inputs of each output pixel, `[N * H' * W', kh * kw * I]`.
    static func unfold(
        _ shape: ChannelsLastConvolution,
        _ x: UnsafePointer<Self>,
        _ columns: UnsafeMutablePointer<Self>
    )
    /// The transpose of `unfold`: columns added up.
    static func fold(
        _ shape: ChannelsLastConvolution,
        _ columns: UnsafePointer<Self>,
        _ x: UnsafeMutablePointer<Self>
    )
    /// `y[o][j][i][:] = x[o][i][j][:]` for `rows` i and `columns` j.
    static func swapAxes(
        _ x: UnsafePointer<Self>,
        outer: Int,
        rows: Int,
        columns: Int,
        inner: Int,
        _ y: UnsafeMutablePointer<Self>
    )
    /// `y[r][c] = x[r]`.
    static func spread(
        _ x: UnsafePointer<Self>,
        rows: Int,
        width: Int,
        _ y: UnsafeMutablePointer<Self>
    )
    /// The sum of squares.
    static func sumOfSquares(_ x: UnsafePointer<Self>, count: Int) -> Double
    /// One step of Adam: see `AdamStep`.
    static func adam(
        _ step: AdamStep,
        _ x: UnsafeMutablePointer<Self>,
        gradient: UnsafePointer<Self>,
        m: UnsafeMutablePointer<Self>,
        v: UnsafeMutablePointer<Self>,
        count: Int
    )
}

/// The sizes of scaled dot-product attention over rows; a head owns `width` neighbouring columns of them.
public struct AttentionShape: Sendable, Hashable {
    /// N.
    public let samples: Int
    /// The number of heads.
    public let heads: Int
    /// Rows that ask, of each sample.
    public let queries: Int
    /// Rows that are asked, of each sample.
    public let keys: Int
    /// The columns of a head.
    public let width: Int
    /// The elements from one row of queries to the next.
    public let queryStep: Int
    /// The elements from one row of keys or values to the next.
    public let keyStep: Int
    /// Whether query i sees keys 0...i only.
    public let isCausal: Bool

    /// Collects the sizes.
    public init(
        samples: Int,
        heads: Int,
        queries: Int,
        keys: Int,
        width: Int,
        queryStep: Int,
        keyStep: Int,
        isCausal: Bool = false
    ) {
        self.samples = samples
        self.heads = heads
        self.queries = queries
        self.keys = keys
        self.width = width
        self.queryStep = queryStep
        self.keyStep = keyStep
        self.isCausal = isCausal
    }

    /// `[N, heads, queries, keys]`.
    public var probabilitiesShape: [Int] { [samples, heads, queries, keys] }
    var scale: Double { 1 / Double(width).squareRoot() }
}

/// The numbers of one step of Adam with decoupled weight decay.
///
/// `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g^2`,
/// `x -= rate m / (root sqrt(v) + eps) + decay x` with `g = scale * gradient`.
/// Source: Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019.
public struct AdamStep: Sendable {
    /// What the gradient is multiplied by, for clipping.
    public var scale: Double
    /// How much of the first moment stays.
    public var beta1: Double
    /// How much of the second moment stays.
    public var beta2: Double
    /// The learning rate over the first moment's bias correction.
    public var rate: Double
    /// The inverse root of the second moment's bias correction.
    public var root: Double
    /// Keeps the quotient finite.
    public var eps: Double
    /// The part of x that is taken off.
    public var decay: Double

    /// Collects the numbers.
    public init(
        scale: Double,
        beta1: Double,
        beta2: Double,
        rate: Double,
        root: Double,
        eps: Double,
        decay: Double
    ) {
        self.scale = scale
        self.beta1 = beta1
        self.beta2 = beta2
        self.rate = rate
        self.root = root
        self.eps = eps
        self.decay = decay
    }
}

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

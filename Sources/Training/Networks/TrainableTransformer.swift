internal import Gradients
internal import Kernels
internal import Models

/// A layer norm with gradients.
struct TrainableLayerNorm {
    let weight: Variable<Float>
    let bias: Variable<Float>
    let eps: Float

    init(_ parameters: Parameters, _ name: String, width: Int, eps: Float = 1e-5) throws {
        weight = try parameters.float(name + ".weight", [width], .constant(1))
        bias = try parameters.float(name + ".bias", [width], .constant(0))
        self.eps = eps
    }

    /// `[..., D]` to the same.
    func callAsFunction(_ x: Variable<Float>) -> Variable<Float> {
        x.layerNorm(weight: weight, bias: bias, eps: eps)
    }
}

/// A linear layer with gradients.
struct TrainableLinear {
    let weight: Variable<Float>
    let bias: Variable<Float>?

    init(weight: Variable<Float>, bias: Variable<Float>?) {
        self.weight = weight
        self.bias = bias
    }

    init(
        _ parameters: Parameters,
        _ name: String,
        _ inputs: Int,
        _ outputs: Int,
        hasBias: Bool = true,
        initial: Initial? = nil
    ) throws {
        let start = initial ?? .uniform(inputs: inputs)
        weight = try parameters.float(name + ".weight", [outputs, inputs], start)
        bias =
            hasBias
            ? try parameters.float(
                name + ".bias",
                [outputs],
                initial == nil ? .uniform(inputs: inputs) : .constant(0)
            ) : nil
    }

    /// `[..., I]` to `[..., O]`.
    func callAsFunction(_ x: Variable<Float>) -> Variable<Float> { x.linear(weight, bias: bias) }
}

/// A pre-norm transformer block with gradients: self-attention, then a two-layer MLP, each added to its input.
///
/// Shapes: `[N, T, D]` to the same. Source: Vaswani et al. 2017; Dosovitskiy et al. 2021, equations (2) and (3).
struct TrainableTransformerBlock {
    let norm1: TrainableLayerNorm
    let norm2: TrainableLayerNorm
    /// `[3D, D]`, or three of `[D, D]`: queries, keys, values.
    let projections: [TrainableLinear]
    let projection: TrainableLinear
    let expand: TrainableLinear
    let contract: TrainableLinear
    let heads: Int
    let activation: Activation

    /// What stands between the layers of the MLP.
    enum Activation {
        case gelu
        case quickGELU
    }

    /// Runs the block.
    ///
    /// - Parameters:
    ///   - x: `[N, T, D]`.
    ///   - causal: Whether token t sees tokens 0...t only.
    /// - Returns: `[N, T, D]`.
    func callAsFunction(_ x: Variable<Float>, causal: Bool = false) -> Variable<Float> {
        run(x, packed(x), causal: causal)
    }

    /// The same with the keys on the way, `[N, T, D]`.
    func traced(_ x: Variable<Float>) -> (output: Variable<Float>, keys: Variable<Float>) {
        let packed = packed(x)
        let width = x.shape[2]
        return (run(x, packed, causal: false), packed.columns(width..<2 * width))
    }

    /// Queries, keys and values side by side: `[N, T, D]` to `[N, T, 3D]`.
    private func packed(_ x: Variable<Float>) -> Variable<Float> {
        let normed = norm1(x)
        return projections.count == 1
            ? projections[0](normed) : .joinColumns(projections.map { $0(normed) })
    }

    private func run(
        _ x: Variable<Float>,
        _ packed: Variable<Float>,
        causal: Bool
    ) -> Variable<Float> {
        let middle = x + projection(packed.selfAttention(heads: heads, causal: causal))
        let hidden = expand(norm2(middle))
        let activated =
            switch activation {
            case .gelu: hidden.gelu
            case .quickGELU: hidden.quickGELU
            }
        return middle + contract(activated)
    }
}

/// Patches as tokens: a convolution whose stride is its kernel.
struct TrainablePatchEmbedding {
    /// `[D, 3, p, p]`.
    let weight: Variable<Float>
    /// `[D]`, or nil.
    let bias: Variable<Float>?

    /// `[N, H, W, 3]` to `[N, P, D]`.
    func callAsFunction(_ images: Variable<Float>) -> Variable<Float> {
        let (width, channels, patch) = (weight.shape[0], weight.shape[1], weight.shape[2])
        // [D, 3, p * p] to [D, p * p * 3], the order in which patches lie.
        let rows = weight.reshaped([width, channels, patch * patch]).transposed
            .reshaped([width, patch * patch * channels])
        return images.patches(patch).linear(rows, bias: bias)
    }
}

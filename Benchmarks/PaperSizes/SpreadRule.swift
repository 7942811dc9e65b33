internal import Models
internal import Tensors

/// Which numbers a tensor gets so that signals keep their size through the whole network.
///
/// Layers with an equalised learning rate store numbers of deviation 1 and scale when they run; the others store
/// numbers of deviation 1 / sqrt(inputs).
struct SpreadRule {
    let layout: TensorLayout
    let spread: RandomWeights.Spread

    /// The inside of DINO's MLP and the input of a mapping network follow from the file: here from the table.
    private static let mlpFactor = 4
    /// The mapping network's learning rate multiplier is 0.01.
    private static let mappingDeviation: Float = 100
    /// The ODE's field: small enough that the motion is no stiff problem.
    private static let fieldGain: Float = 0.5

    init(_ kind: PaperModel.Kind, _ need: TensorRequirement) {
        let name = need.name
        let shape = Self.shape(kind, need)
        let fanIn = Float(max(1, shape.dropFirst().reduce(1, *)))
        let fresh = 1 / fanIn.squareRoot()
        let isMatrix = shape.count > 1
        var dtype = DType.float32
        switch kind {
        case .generator: spread = Self.generator(name)
        case .encoder:
            let isEqualised = name.contains(".linear.")
            spread =
                isMatrix
                ? .even(mean: 0, deviation: isEqualised ? 1 : fresh) : Self.vector(name)
        case .transformer:
            // OpenAI's file holds matrices in half precision.
            if isMatrix, !name.contains("embed") { dtype = .float16 }
            spread = isMatrix ? .even(mean: 0, deviation: fresh) : Self.vector(name)
        case .dynamics:
            let isEqualised = name.contains("swapae_encoder")
            let isState = name.hasPrefix("bVAE_enc.") && !isEqualised && !name.contains("conv1x1")
            if isState { dtype = .float64 }
            let deviation = isEqualised ? 1 : isState ? Self.fieldGain * fresh : fresh
            spread = isMatrix ? .even(mean: 0, deviation: deviation) : Self.vector(name)
        }
        layout = TensorLayout(dtype: dtype, shape: shape)
    }

    private static func shape(_ kind: PaperModel.Kind, _ need: TensorRequirement) -> [Int] {
        let open =
            kind == .generator
            ? PaperSizes.styleDim : Self.mlpFactor * PaperSizes.dino.width
        return need.shape.map { $0 == -1 ? open : $0 }
    }

    private static func generator(_ name: String) -> RandomWeights.Spread {
        if name.hasSuffix("blur.kernel") { return .filter(gain: 4) }
        if name.hasSuffix("resample_filter") { return .filter(gain: 1) }
        if name.hasSuffix("modulation.bias") || name.hasSuffix("affine.bias") {
            return .even(mean: 1, deviation: 0.1)
        }
        if name.hasSuffix("bias") || name.hasSuffix("noise.weight")
            || name.hasSuffix("noise_strength") || name.hasSuffix("w_avg")
        {
            return .even(mean: 0, deviation: 0.1)
        }
        let isMapping = name.hasPrefix("style.") || name.hasPrefix("mapping.")
        return .even(mean: 0, deviation: isMapping ? mappingDeviation : 1)
    }

    /// Norms are near 1, slopes of PReLU at PyTorch's 0.25, biases near 0.
    private static func vector(_ name: String) -> RandomWeights.Spread {
        if name == "logit_scale" { return .even(mean: 4.6, deviation: 0) }
        if name.hasSuffix("layer.2.weight") { return .even(mean: 0.25, deviation: 0.01) }
        let isFactor = name.hasSuffix(".weight") || name.hasSuffix("running_var")
        return .even(mean: isFactor ? 1 : 0, deviation: 0.05)
    }
}

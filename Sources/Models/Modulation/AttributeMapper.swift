internal import Kernels
internal import Layers
public import Tensors

/// The modulation part of `f_G`: a content code and conditional vectors to offsets in W+.
///
/// Each group of layers passes pixel norm over the layer axis, then modules
/// `LeakyReLU(LN(W x) * (1 + gamma(c)) + beta(c))` with LN over layers and channels together.
/// Shapes: `z_C [L, D]`, conditions of T times, to `delta [T, L, D]`, float32, not yet scaled.
/// Source: paper equation (4); spec section 6.
public struct AttributeMapper: Sendable {
    private let config: ModulationConfig
    private let groups: [[Module]]

    private struct Module: Sendable {
        let linear: Linear
        let gamma: ConditionNetwork
        let beta: ConditionNetwork
    }

    /// Linear, layer norm, leaky ReLU, linear: from a conditional vector to one value per channel.
    private struct ConditionNetwork: Sendable {
        let first: Linear
        let norm: LayerNorm
        let second: Linear
        let slope: Float

        init(_ weights: Weights, _ name: String, _ config: ModulationConfig) throws {
            first = try Linear(weights, name + ".0", [config.styleDim, config.conditionWidth])
            norm = try LayerNorm(weights, name + ".1", width: config.styleDim)
            second = try Linear(weights, name + ".3", [config.styleDim, config.styleDim])
            slope = config.leakySlope
        }

        func callAsFunction(_ condition: Tensor<Float>) -> Tensor<Float> {
            second(Passes.leakyReLU(norm(first(condition)), slope: slope))
        }
    }

    /// Reads `style_mapper.*` of a VidStyleODE checkpoint, seen from its root.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: ModulationConfig, _ root: Weights) throws {
        try config.validate()
        self.config = config
        groups = try zip(ModulationNames.groups, config.modulesPerGroup).map { name, count in
            try (0..<count).map { index in
                let weights = root.scoped(ModulationNames.module(name, index))
                return Module(
                    linear: try Linear(weights, "fc", [config.styleDim, config.styleDim]),
                    gamma: try ConditionNetwork(weights, "gamma_function", config),
                    beta: try ConditionNetwork(weights, "beta_function", config)
                )
            }
        }
    }

    /// Maps a content code to its offsets.
    ///
    /// - Parameters:
    ///   - content: `z_C [L, D]`.
    ///   - conditions: Coarse and medium `[T, E]`, fine `[1, E]`.
    /// - Returns: `[T, L, D]`.
    public func callAsFunction(
        _ content: Tensor<Float>,
        _ conditions: Conditions
    ) -> Tensor<Float> {
        deltas(content, conditions) { _, _ in }
    }

    package func deltas(
        _ content: Tensor<Float>,
        _ conditions: Conditions,
        observe: ModulationNetwork.Observer
    ) -> Tensor<Float> {
        let times = conditions.coarse.shape[0]
        var start = 0
        var parts: [Tensor<Float>] = []
        for (index, condition) in [conditions.coarse, conditions.medium, conditions.fine]
            .enumerated()
        {
            let layers = content[start..<start + config.groups[index]]
            start += config.groups[index]
            parts.append(group(index, layers, condition, observe))
        }
        let size = config.styleDim
        return Tensor(
            shape: [times, start, size],
            scalars: (0..<times).flatMap { time in
                // The fine group has one entry for all times.
                parts.flatMap { $0[min(time, $0.shape[0] - 1)].scalars }
            }
        )
    }

    /// One group: `[L_g, D]` under conditions `[T, E]` to `[T, L_g, D]`.
    private func group(
        _ index: Int,
        _ layers: Tensor<Float>,
        _ condition: Tensor<Float>,
        _ observe: ModulationNetwork.Observer
    ) -> Tensor<Float> {
        let (count, size) = (layers.shape[0], config.styleDim)
        // The same for all times until the first module has been modulated.
        var x = PixelNorm.overLayers(layers.reshaped([1, count, size]))
        observe("mapper_\(ModulationNames.groups[index])_pixelnorm", x)
        for (position, module) in groups[index].enumerated() {
            let normed = Passes.layerNorm(module.linear(x), width: count * size, eps: 1e-5)
            let isLinear = config.lastModuleIsLinear && position == groups[index].count - 1
            x = modulate(
                normed,
                module.gamma(condition),
                module.beta(condition),
                slope: isLinear ? 1 : config.leakySlope
            )
            if position == 0 { observe("mapper_\(ModulationNames.groups[index])_block0", x) }
        }
        return x
    }

    /// Computes `LeakyReLU(x * (1 + gamma) + beta)`; `x [1 or T, L, D]`, gamma and beta `[T, D]`.
    private func modulate(
        _ x: Tensor<Float>,
        _ gamma: Tensor<Float>,
        _ beta: Tensor<Float>,
        slope: Float
    ) -> Tensor<Float> {
        let (times, layers, size) = (gamma.shape[0], x.shape[1], x.shape[2])
        return Tensor(uninitialized: [times, layers, size]) { out in
            for time in 0..<times {
                let source = (x.shape[0] == 1 ? 0 : time) * layers * size
                for index in 0..<layers * size {
                    let channel = time * size + index % size
                    let value =
                        x.scalars[source + index] * (1 + gamma.scalars[channel])
                        + beta.scalars[channel]
                    out[time * layers * size + index] = value < 0 ? value * slope : value
                }
            }
        }
    }
}

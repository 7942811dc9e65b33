public import Gradients
public import Kernels
public import Models
internal import Tensors

/// The modulation part of `f_G` with gradients: content codes and conditional vectors to offsets in W+.
///
/// Shapes: contents `[B, L, D]` under conditions of N rows and S styles to `delta [N * S, L, D]`, float32, not yet
/// scaled, the styles of a row beside each other. Source: paper equation (4); spec section 6.
public final class TrainableMapper {
    private let config: ModulationConfig
    private let groups: [[Module]]

    private struct Module {
        let weight: Variable<Float>
        let bias: Variable<Float>
        let gamma: ConditionNetwork
        let beta: ConditionNetwork
    }

    /// Linear, layer norm, leaky ReLU, linear: from a conditional vector to one value for each channel.
    private struct ConditionNetwork {
        let first: (weight: Variable<Float>, bias: Variable<Float>)
        let norm: (weight: Variable<Float>, bias: Variable<Float>)
        let second: (weight: Variable<Float>, bias: Variable<Float>)
        let slope: Float

        init(_ parameters: Parameters, _ name: String, _ config: ModulationConfig) throws {
            let width = config.styleDim
            first = try linear(parameters, name + ".0", [width, config.conditionWidth])
            norm = (
                try parameters.float(name + ".1.weight", [width], .constant(1)),
                try parameters.float(name + ".1.bias", [width], .constant(0))
            )
            second = try linear(parameters, name + ".3", [width, width])
            slope = config.leakySlope
        }

        func callAsFunction(_ condition: Variable<Float>) -> Variable<Float> {
            condition.linear(first.weight, bias: first.bias)
                .layerNorm(weight: norm.weight, bias: norm.bias)
                .leakyReLU(slope: slope)
                .linear(second.weight, bias: second.bias)
        }
    }

    /// Reads or starts `style_mapper.*`, from the root of a VidStyleODE checkpoint.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: ModulationConfig, _ parameters: Parameters) throws {
        try config.validate()
        self.config = config
        groups = try zip(ModulationNames.groups, config.modulesPerGroup).map { group, count in
            try (0..<count).map { index in
                let name = ModulationNames.module(group, index)
                let own = try linear(parameters, name + "fc", [config.styleDim, config.styleDim])
                return Module(
                    weight: own.weight,
                    bias: own.bias,
                    gamma: try ConditionNetwork(parameters, name + "gamma_function", config),
                    beta: try ConditionNetwork(parameters, name + "beta_function", config)
                )
            }
        }
    }

    /// Maps content codes to their offsets.
    ///
    /// - Parameters:
    ///   - contents: `z_C [B, L, D]`.
    ///   - conditions: Of N rows and S styles.
    ///   - clips: The clip of each of the N rows.
    /// - Returns: `[N * S, L, D]`.
    public func callAsFunction(
        _ contents: Variable<Float>,
        _ conditions: TrainableModulation.Conditions,
        clips: [Int]
    ) -> Variable<Float> {
        let (count, layers, size) = (contents.shape[0], contents.shape[1], contents.shape[2])
        precondition(
            layers == config.groups.reduce(0, +) && size == config.styleDim,
            "contents \(contents.shape) for groups \(config.groups) of width \(config.styleDim)"
        )
        let styles = conditions.fine.shape[0] / count
        let ofRow = clips.flatMap { [Int](repeating: $0, count: styles) }
        let ofClip = (0..<count).flatMap { [Int](repeating: $0, count: styles) }
        let flat = contents.reshaped([count, layers * size])
        var start = 0
        let parts = [conditions.coarse, conditions.medium, conditions.fine].enumerated()
            .map { index, condition in
                let own = config.groups[index]
                let x = flat.columns(start * size..<(start + own) * size)
                    .reshaped([count, own, size])
                start += own
                let isFine = index == 2
                let delta = group(index, x, condition, isFine ? ofClip : ofRow)
                    .reshaped([condition.shape[0], own * size])
                // One row for each clip and style becomes one for each row and style.
                return isFine
                    ? delta.picking(
                        clips.flatMap { clip in (0..<styles).map { clip * styles + $0 } }
                    ) : delta
            }
        return Variable.joinColumns(parts).reshaped([ofRow.count, layers, size])
    }

    /// One group: `[B, L_g, D]` under conditions `[R, E]`, each of one clip, to `[R, L_g, D]`.
    private func group(
        _ index: Int,
        _ contents: Variable<Float>,
        _ condition: Variable<Float>,
        _ clips: [Int]
    ) -> Variable<Float> {
        let (layers, size) = (contents.shape[1], contents.shape[2])
        // Pixel norm runs over the layers.
        let inverse = contents.squared.meanOverRows(layers).inverseRoot(eps: 1e-8)  // [B, D]
        var x = contents.multiplyingRows(inverse)
        for (position, module) in groups[index].enumerated() {
            var normed = x.linear(module.weight, bias: module.bias)
                .normalised(eps: 1e-5, width: layers * size)
            // Until the first module has been modulated, all rows of a clip are the same.
            if position == 0 { normed = normed.picking(clips) }
            let modulated = normed.multiplyingRows(module.gamma(condition).scaled(1, plus: 1))
                .addingRows(module.beta(condition))
            let isLinear = config.lastModuleIsLinear && position == groups[index].count - 1
            x = isLinear ? modulated : modulated.leakyReLU(slope: config.leakySlope)
        }
        return x
    }
}

private func linear(_ parameters: Parameters, _ name: String, _ shape: [Int]) throws
    -> (weight: Variable<Float>, bias: Variable<Float>)
{
    (
        try parameters.float(name + ".weight", shape, .uniform(inputs: shape[1])),
        try parameters.float(name + ".bias", [shape[0]], .uniform(inputs: shape[1]))
    )
}

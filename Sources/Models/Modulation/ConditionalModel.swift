internal import Kernels
public import Tensors

/// The conditional model `f_G`: content, style and dynamics to W+ codes of frames.
///
/// Shapes: `z_C [L, D]`, `z_S [width]`, dynamics `[T, width, h, w]`, to `w_t [T, L, D]`, float32.
/// Source: paper equations (3) and (4); spec section 6.
public struct ConditionalModel: Sendable {
    /// The sizes.
    public let config: ModulationConfig
    package let network: ModulationNetwork
    package let mapper: AttributeMapper

    /// Reads both parts of a VidStyleODE checkpoint, seen from its root.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: ModulationConfig, _ weights: Weights) throws {
        self.config = config
        network = try ModulationNetwork(config, weights)
        mapper = try AttributeMapper(config, weights)
    }

    /// Computes `w_t = z_C + deltaScale * delta_t` for every time.
    public func callAsFunction(
        content: Tensor<Float>,
        style: Tensor<Float>,
        dynamics: Tensor<Float>
    ) -> Tensor<Float> {
        ThreadPool.crew {
            apply(mapper(content, network(dynamics: dynamics, style: style)), to: content)
        }
    }

    /// Adds scaled offsets `[T, L, D]` to a content code `[L, D]`.
    package func apply(_ delta: Tensor<Float>, to content: Tensor<Float>) -> Tensor<Float> {
        if config.predictsCodes ?? false { return delta }
        var codes = delta
        for index in codes.scalars.indices {
            codes.scalars[index] =
                content.scalars[index % content.count] + config.deltaScale * delta.scalars[index]
        }
        return codes
    }
}

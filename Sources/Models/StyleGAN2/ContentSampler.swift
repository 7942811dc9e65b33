public import Tensors

/// Draws content codes from a generator's mapping network.
///
/// A seed names one code: z is drawn from it alone, by `SeededNoise` (SplitMix64 and Box-Muller), and mapped
/// by itself, so that the code does not depend on what else is drawn.
/// Source: Karras et al. 2019, section B and appendix B; spec section 3.
public struct ContentSampler: Sendable {
    /// Where the w comes from that truncation pulls towards.
    public enum AverageOrigin: String, Codable, Sendable {
        /// The weights state it: `mapping.w_avg` (NVIDIA), `latent_avg` (rosinality, pSp).
        case weights
        /// The mean of `averageCount` mapped z, drawn in order from the seed `averageSeed`.
        case samples
    }

    /// How many z are mapped for an average that the weights do not state, as rosinality does.
    public static let averageCount = 4096
    /// The seed that they are drawn from.
    public static let averageSeed: UInt64 = 0

    /// What truncation pulls towards, `[D]`, or `[L, D]` if each layer has its own.
    public let average: Tensor<Float>
    /// Where it comes from.
    public let averageOrigin: AverageOrigin
    private let mapping: MappingNetwork
    private let layerCount: Int

    /// Samples a generator; nil if its weights have no mapping network.
    public init?(_ generator: StyleGAN2Generator) {
        guard let mapping = generator.mapping, let width = mapping.inFeatures else { return nil }
        self.mapping = mapping
        layerCount = generator.config.layerCount
        averageOrigin = mapping.average == nil ? .samples : .weights
        average =
            mapping.average
            ?? mapping(Self.normals(Self.averageSeed, [Self.averageCount, width]))
            .widened.meanOverFirstAxis.narrowed
    }

    /// The content code of a seed.
    ///
    /// - Parameters:
    ///   - seed: What z is drawn from.
    ///   - psi: How far w stays from the average: 1 leaves it, 0 gives the average itself.
    ///   - cutoff: Only the first so many layers are pulled; nil for all.
    /// - Returns: `[L, D]`, every layer under the same w but for the truncation.
    public func code(seed: UInt64, psi: Float, cutoff: Int? = nil) -> Tensor<Float> {
        let z = Self.normals(seed, [1, mapping.inFeatures ?? 0])
        let w = mapping(z)[0]
        let codes = Tensor.stack([Tensor.stack([Tensor](repeating: w, count: layerCount))])
        // The average minus itself does not give w back to the last bit.
        guard psi != 1 else { return codes[0] }
        return MappingNetwork.truncate(codes, towards: average, psi: psi, cutoff: cutoff)[0]
    }

    /// Standard normal numbers of a seed, `[N, Z]`.
    private static func normals(_ seed: UInt64, _ shape: [Int]) -> Tensor<Float> {
        var noise = SeededNoise(seed: seed)
        return Tensor(
            shape: shape,
            scalars: (0..<shape[0] * shape[1]).map { _ in Float(noise.normal()) }
        )
    }
}

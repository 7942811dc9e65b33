internal import Foundation
internal import Tensors

/// Standard normal numbers that depend on a seed only, on every machine alike.
///
/// Source: SplitMix64 (Steele, Lea and Flood 2014) and the Box-Muller transform.
package struct SeededNoise: Sendable {
    private var state: UInt64

    /// Starts from a seed.
    package init(seed: UInt64) { state = seed }

    /// 64 random bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number between 0 and 1, neither of them.
    package mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

    /// A standard normal number.
    package mutating func normal() -> Double {
        (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform())
    }
}

extension StyleGAN2Generator {
    /// The same generator with fresh noise in place of the stored one.
    ///
    /// Layers whose noise strength is 0 do not change. The noise is the same for all frames.
    ///
    /// - Parameter seed: What the noise depends on.
    /// - Returns: The generator.
    public func reseeded(_ seed: UInt64) -> StyleGAN2Generator {
        var noise = SeededNoise(seed: seed)
        return StyleGAN2Generator(
            config: config,
            mapping: mapping,
            const: const,
            first: first.reseeded(&noise),
            firstRGB: firstRGB,
            blocks: blocks.map { block in
                Block(
                    rows: block.rows,
                    up: block.up.reseeded(&noise),
                    plain: block.plain.reseeded(&noise),
                    rgb: block.rgb
                )
            }
        )
    }
}

extension StyledConvolution {
    fileprivate func reseeded(_ source: inout SeededNoise) -> StyledConvolution {
        StyledConvolution(
            convolution: convolution,
            noise: noise.map { stored in stored.map { _ in Float(source.normal()) } },
            noiseStrength: noiseStrength,
            bias: bias,
            clamp: clamp
        )
    }
}

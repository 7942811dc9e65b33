internal import Foundation
package import Tensors

extension Reference {
    /// What `Passes.apply` computes.
    package static func apply(_ epilogue: Passes.StyledEpilogue, to x: inout Tensor<Float>) {
        let (input, channels, width) = (x, x.shape[1], x.shape[3])
        x = tensor(input.shape) { n, c, i, j in
            var value = Double(input[n, c, i, j] ?? 0)
            value *= Double(epilogue.demodulation?.scalars[n * channels + c] ?? 1)
            if let noise = epilogue.noise {
                value += Double(noise.scalars[i * width + j]) * Double(epilogue.noiseStrength)
            }
            value += Double(epilogue.bias?.scalars[c] ?? 0)
            value = leaky(value, epilogue.slope) * Double(epilogue.gain)
            let limit = epilogue.clamp.map(Double.init) ?? .infinity
            return Float(value.isNaN ? value : min(max(value, -limit), limit))
        }
    }

    /// A scale and a shift by channel, then PReLU: what encoders do between convolutions.
    package static func affinePReLU(
        _ x: Tensor<Float>,
        scale: Tensor<Float>? = nil,
        shift: Tensor<Float>? = nil,
        slope: Tensor<Float>? = nil
    ) -> Tensor<Float> {
        tensor(x.shape) { n, c, i, j in
            let value =
                Double(x[n, c, i, j] ?? 0) * Double(scale?.scalars[c] ?? 1)
                + Double(shift?.scalars[c] ?? 0)
            return Float(leaky(value, slope?.scalars[c] ?? 1))
        }
    }

    /// What `Passes.leakyReLU` computes.
    package static func leakyReLU(
        _ x: Tensor<Float>,
        slope: Float,
        gain: Float = 1
    ) -> Tensor<Float> {
        x.map { Float(leaky(Double($0), slope) * Double(gain)) }
    }

    private static func leaky(_ value: Double, _ slope: Float) -> Double {
        value < 0 ? value * Double(slope) : value
    }

    /// What `Passes.apply` computes of GELU.
    package static func gelu(_ x: inout Tensor<Float>) {
        x = x.map { Float(Double($0) / 2 * (1 + erf(Double($0) / 2.0.squareRoot()))) }
    }

    /// What `Passes.apply` computes of quick GELU.
    package static func quickGELU(_ x: inout Tensor<Float>) {
        x = x.map { Float(Double($0) / (1 + exp(-1.702 * Double($0)))) }
    }

    /// What `DoublePasses.tanh` computes; where there are wider numbers, rounded from those.
    package static func tanh(_ x: inout Tensor<Double>) {
        #if arch(x86_64)
        x = x.map { Double(Foundation.tanh(Float80($0))) }
        #else
        x = x.map { Foundation.tanh($0) }
        #endif
    }

    /// What `DoublePasses.sigmoid` computes.
    package static func sigmoid(_ x: inout Tensor<Double>) { x = x.map { 1 / (1 + exp(-$0)) } }

    /// What `DoublePasses.Combination.added` computes.
    package static func added(
        _ factors: [Double],
        _ terms: [[Double]],
        to base: [Double]
    ) -> [Double] {
        base.indices.map { i in base[i] + zip(factors, terms).reduce(0) { $0 + $1.0 * $1.1[i] } }
    }

    /// What `DoublePasses.Combination.scaledNorm` computes.
    package static func scaledNorm(
        _ factors: [Double],
        _ terms: [[Double]],
        _ a: [Double],
        _ b: [Double],
        atol: Double,
        rtol: Double
    ) -> Double {
        let sums = added(factors, terms, to: a.map { _ in 0 })
        let squares = a.indices.map { i in
            pow(sums[i] / (atol + rtol * max(abs(a[i]), abs(b[i]))), 2)
        }
        return (squares.reduce(0, +) / Double(a.count)).squareRoot()
    }

    /// What `DoublePasses.evaluate` computes of quartics `[5, n]`.
    package static func evaluate(quartics: [Double], at positions: [Double]) -> [Double] {
        let size = quartics.count / 5
        return positions.flatMap { x in
            (0..<size).map { i in
                (0..<5).reduce(0) { $0 + quartics[$1 * size + i] * pow(x, Double($1)) }
            }
        }
    }
}

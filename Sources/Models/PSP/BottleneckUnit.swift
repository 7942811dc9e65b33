internal import Foundation
internal import Kernels
internal import Layers
internal import Tensors

/// A residual unit with squeeze and excitation (IR-SE).
///
/// Shapes: `x [N, I, H, W]` to `[N, O, H/stride, W/stride]`, odd sizes rounded up.
/// Source: Deng et al. 2019 (ArcFace), figure 6; Hu et al. 2018; spec section 2.
struct BottleneckUnit: Sendable {
    /// The sizes of a unit; `side` is that of what comes in.
    struct Shape {
        let input: Int
        let output: Int
        let stride: Int
        let side: Int
    }

    /// The scale and shift before the first convolution; its zero padding comes after them, so they stay apart.
    let inputNorm: FeaturePasses.Affine
    private let first: ConvolutionKernel
    /// The strided convolution, normalisation folded in.
    private let second: ConvolutionKernel
    private let squeeze: Linear
    private let excite: Linear
    /// A strided 1x1 convolution, normalisation folded in; nil where the width stays.
    private let shortcut: ConvolutionKernel?
    private let stride: Int

    init(_ weights: Weights, _ name: String, shape: Shape, squeezeReduction: Int) throws {
        let (input, output) = (shape.input, shape.output)
        let size = [shape.side, shape.side]
        let residual = name + ".res_layer"
        inputNorm = try BatchNormAffine(weights, residual + ".0", channels: input).affine
        first = ConvolutionKernel(
            weight: try weights.float(residual + ".1.weight", [output, input, 3, 3]),
            slopes: try weights.float(residual + ".2.weight", [output]),
            inputSize: size
        )
        let after = try BatchNormAffine(weights, residual + ".4", channels: output)
        second = ConvolutionKernel(
            weight: after.folded(
                into: try weights.double(residual + ".3.weight", [output, output, 3, 3])
            ),
            bias: after.floatShift,
            stride: shape.stride,
            inputSize: size
        )
        let inner = output / squeezeReduction
        squeeze = Linear(
            weight: try weights.float(residual + ".5.fc1.weight", [inner, output, 1, 1])
                .reshaped([inner, output])
        )
        excite = Linear(
            weight: try weights.float(residual + ".5.fc2.weight", [output, inner, 1, 1])
                .reshaped([output, inner])
        )
        shortcut = try Self.shortcut(weights, name + ".shortcut_layer", shape)
        stride = shape.stride
    }

    private static func shortcut(
        _ weights: Weights,
        _ name: String,
        _ shape: Shape
    ) throws -> ConvolutionKernel? {
        if shape.input == shape.output { return nil }
        let norm = try BatchNormAffine(weights, name + ".1", channels: shape.output)
        return ConvolutionKernel(
            weight: norm.folded(
                into: try weights.double(name + ".0.weight", [shape.output, shape.input, 1, 1])
            ),
            bias: norm.floatShift,
            stride: shape.stride,
            inputSize: [shape.side, shape.side]
        )
    }

    /// Runs the unit.
    ///
    /// - Parameters:
    ///   - x: What comes in.
    ///   - normed: The same after `inputNorm`.
    ///   - next: The norm of the unit after this one, if there is one.
    ///   - pool: Memory.
    /// - Returns: What comes out, and that after `next`.
    func callAsFunction(
        _ x: FeatureMap,
        normed: FeatureMap,
        next: FeaturePasses.Affine?,
        pool: FeaturePool
    ) -> (sum: FeatureMap, normed: FeatureMap?) {
        let residual = second(first(normed, pool: pool), pool: pool)  // [N, O, H', W']
        let means = FeaturePasses.channelMeans(residual)
        var gate = excite(Passes.leakyReLU(squeeze(means), slope: 0))  // [N, O]
        for index in gate.scalars.indices {
            gate.scalars[index] = 1 / (1 + exp(-gate.scalars[index]))
        }
        let kept = shortcut.map { $0(x, pool: pool) } ?? x
        return FeaturePasses.gatedSum(
            residual,
            gate: gate,
            kept,
            stride: shortcut == nil ? stride : 1,
            then: next,
            pool: pool
        )
    }
}

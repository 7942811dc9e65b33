internal import Foundation
internal import Kernels
internal import Layers
internal import Tensors

/// A residual unit with squeeze and excitation (IR-SE).
///
/// Shapes: `x [N, I, H, W]` to `[N, O, H/stride, W/stride]`, odd sizes rounded up.
/// Source: Deng et al. 2019 (ArcFace), figure 6; Hu et al. 2018; spec section 2.
struct BottleneckUnit: Sendable {
    /// The scale and shift before the first convolution; its zero padding comes after them, so they stay apart.
    private let inputScale: Tensor<Float>
    private let inputShift: Tensor<Float>
    private let first: Convolution
    private let slope: Tensor<Float>
    /// The strided convolution, normalisation folded in.
    private let second: Convolution
    private let squeeze: Linear
    private let excite: Linear
    /// A strided 1x1 convolution, normalisation folded in; nil where the width stays.
    private let shortcut: Convolution?
    private let stride: Int

    init(
        _ weights: Weights,
        _ name: String,
        shape: (input: Int, output: Int, stride: Int),
        squeezeReduction: Int
    ) throws {
        let (input, output, stride) = shape
        let residual = name + ".res_layer"
        let before = try BatchNormAffine(weights, residual + ".0", channels: input)
        inputScale = before.floatScale
        inputShift = before.floatShift
        first = Convolution(
            weight: try weights.float(residual + ".1.weight", [output, input, 3, 3]),
            padding: 1
        )
        slope = try weights.float(residual + ".2.weight", [output])
        let after = try BatchNormAffine(weights, residual + ".4", channels: output)
        second = Convolution(
            weight: after.folded(
                into: try weights.double(residual + ".3.weight", [output, output, 3, 3])
            ),
            bias: after.floatShift,
            stride: stride,
            padding: 1
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
        self.stride = stride
    }

    private static func shortcut(
        _ weights: Weights,
        _ name: String,
        _ shape: (input: Int, output: Int, stride: Int)
    ) throws -> Convolution? {
        if shape.input == shape.output { return nil }
        let norm = try BatchNormAffine(weights, name + ".1", channels: shape.output)
        return Convolution(
            weight: norm.folded(
                into: try weights.double(name + ".0.weight", [shape.output, shape.input, 1, 1])
            ),
            bias: norm.floatShift,
            stride: shape.stride
        )
    }

    func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> {
        let normed = Passes.affinePReLU(x, scale: inputScale, shift: inputShift)
        let hidden = Passes.affinePReLU(first(normed), slope: slope)
        let residual = second(hidden)  // [N, O, H', W']
        var gate = excite(Passes.leakyReLU(squeeze(channelMeans(residual)), slope: 0))  // [N, O]
        for index in gate.scalars.indices {
            gate.scalars[index] = 1 / (1 + exp(-gate.scalars[index]))
        }
        let kept = shortcut.map { $0(x) } ?? (stride == 1 ? x : Passes.subsample(x, stride: stride))
        return gatedSum(residual, gate: gate, kept)
    }
}

/// The mean of every plane: `[N, C, H, W]` to `[N, C]`.
private func channelMeans(_ x: Tensor<Float>) -> Tensor<Float> {
    let pixels = x.shape[2] * x.shape[3]
    let weights = [Float](repeating: 1 / Float(pixels), count: pixels)
    return Tensor(uninitialized: [x.shape[0], x.shape[1]]) { out in
        guard let means = out.baseAddress else { return }
        x.scalars.withUnsafeBufferPointer { planes in
            guard let planes = planes.baseAddress else { return }
            MatrixProduct.float(
                m: x.count / pixels,
                n: 1,
                k: pixels,
                a: planes,
                lda: pixels,
                b: weights,
                ldb: 1,
                c: means,
                ldc: 1
            )
        }
    }
}

/// `residual * gate + kept` in one pass; `residual` and `kept [N, C, H, W]`, `gate [N, C]`.
private func gatedSum(
    _ residual: Tensor<Float>,
    gate: Tensor<Float>,
    _ kept: Tensor<Float>
) -> Tensor<Float> {
    precondition(residual.shape == kept.shape, "\(residual.shape) + \(kept.shape)")
    let pixels = residual.shape[2] * residual.shape[3]
    return Tensor(uninitialized: residual.shape) { out in
        guard let sum = out.baseAddress else { return }
        residual.scalars.withUnsafeBufferPointer { residual in
            kept.scalars.withUnsafeBufferPointer { kept in
                guard let a = residual.baseAddress, let b = kept.baseAddress else { return }
                for plane in 0..<gate.count {
                    let factor = gate.scalars[plane]
                    let start = plane * pixels
                    for index in start..<start + pixels {
                        sum[index] = a[index] * factor + b[index]
                    }
                }
            }
        }
    }
}

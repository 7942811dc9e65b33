internal import Foundation
internal import Kernels
internal import Layers
public import Tensors

/// The convolutional encoder of one frame, adapted from the Swapping Autoencoder.
///
/// Shapes: frames `[T, 3, M, N]` in 0...1 to codes `[T, K, h, w]` of unit length at each cell, float32.
/// Source: Park et al. 2020; spec section 5.
public struct FrameEncoder: Sendable {
    private let fromRGB: ActivatedConvolution
    private let blocks: [DownBlock]
    private let toCode: ActivatedConvolution
    private let code: Convolution

    /// A convolution with bias and leaky ReLU times sqrt 2; weights carry their equalised gain.
    private struct ActivatedConvolution: Sendable {
        let convolution: Convolution
        let bias: Tensor<Float>

        init(_ weights: Weights, _ name: String, _ shape: [Int], stride: Int = 1) throws {
            convolution = Convolution(
                weight: try equalised(weights, name + ".Conv.weight", shape),
                stride: stride
            )
            bias = try weights.float(name + ".Act.bias", [shape[0]])
        }

        func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> {
            var y = convolution(x)
            Passes.apply(
                Passes.StyledEpilogue(bias: bias, slope: 0.2, gain: Float(2).squareRoot()),
                to: &y
            )
            return y
        }
    }

    /// A residual block that halves the size.
    private struct DownBlock: Sendable {
        let first: ActivatedConvolution
        let second: ActivatedConvolution
        let skip: Convolution

        func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> {
            let inner = first(Passes.reflect(x, Margins(all: 1)))
            let main = second(Passes.reflect(inner, Margins(top: 1, left: 1)))
            let side = skip(Passes.subsample(x, stride: 2))
            return (main + side).map { $0 / Float(2).squareRoot() }
        }
    }

    /// Reads `swapae_encoder.*`.
    init(_ config: DynamicsConfig, _ root: Weights) throws {
        let weights = root.scoped(DynamicsNames.frameEncoder)
        let channels = config.encoderChannels
        let last = channels[channels.count - 1]
        fromRGB = try ActivatedConvolution(weights, "FromRGB", [channels[0], 3, 1, 1])
        blocks = try (0..<channels.count - 1).map { index in
            let name = DynamicsNames.downBlock(index)
            let (input, output) = (channels[index], channels[index + 1])
            return DownBlock(
                first: try ActivatedConvolution(weights, name + ".conv1", [input, input, 3, 3]),
                second: try ActivatedConvolution(
                    weights,
                    name + ".conv2",
                    [output, input, 3, 3],
                    stride: 2
                ),
                skip: Convolution(
                    weight: try equalised(
                        weights,
                        name + ".skip.Conv.weight",
                        [output, input, 1, 1]
                    )
                )
            )
        }
        toCode = try ActivatedConvolution(weights, "ToSpatialCode.0", [last, last, 1, 1])
        code = Convolution(
            weight: try equalised(
                weights,
                "ToSpatialCode.1.Conv.weight",
                [config.codeChannels, last, 1, 1]
            ),
            bias: try weights.float("ToSpatialCode.1.Conv.bias", [config.codeChannels])
        )
    }

    /// The outputs that the goldens record.
    package struct Trace: Sendable {
        package let fromRGB: Tensor<Float>
        package let middle: Tensor<Float>
        package let beforeNorm: Tensor<Float>
        package let codes: Tensor<Float>
    }

    /// Encodes frames that have the configured size.
    public func callAsFunction(_ frames: Tensor<Float>) -> Tensor<Float> { trace(frames).codes }

    package func trace(_ frames: Tensor<Float>) -> Trace {
        let first = fromRGB(frames)
        let middle = blocks.reduce(first) { $1($0) }
        let raw = code(toCode(middle))
        return Trace(fromRGB: first, middle: middle, beforeNorm: raw, codes: normalise(raw))
    }

    /// Scales every cell's channel vector to unit length, `eps 1e-8` inside the root.
    private func normalise(_ x: Tensor<Float>) -> Tensor<Float> {
        let (channels, cells) = (x.shape[1], x.shape[2] * x.shape[3])
        var result = x
        for sample in 0..<x.shape[0] {
            for cell in 0..<cells {
                let first = sample * channels * cells + cell
                var square: Float = 0
                for channel in 0..<channels {
                    let value = x.scalars[first + channel * cells]
                    square += value * value
                }
                let factor = 1 / (square + 1e-8).squareRoot()
                for channel in 0..<channels { result.scalars[first + channel * cells] *= factor }
            }
        }
        return result
    }
}

/// A weight `[O, I, k, k]` times its equalised gain `1/sqrt(I*k*k)`.
private func equalised(_ weights: Weights, _ name: String, _ shape: [Int]) throws -> Tensor<Float> {
    let gain = 1 / Float(shape[1] * shape[2] * shape[3]).squareRoot()
    return try weights.float(name, shape).map { $0 * gain }
}

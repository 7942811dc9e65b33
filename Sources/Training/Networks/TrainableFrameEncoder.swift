public import Gradients
public import Kernels
internal import Models
internal import Tensors

/// The encoder of one frame with gradients: `FrameEncoder`.
///
/// Shapes: frames `[N, M, N', 3]` in 0...1 to codes `[N, h, w, K]` of unit length at each cell, float32, channels
/// last. Weights are equalised: stored as they are trained, multiplied by `1/sqrt(I*k*k)` where they are used.
/// Source: Park et al. 2020; spec section 5.
public final class TrainableFrameEncoder {
    private let fromRGB: Activated
    private let blocks: [DownBlock]
    private let toCode: Activated
    private let code: Convolution

    /// A convolution whose weight carries its equalised gain only while it is used.
    private struct Convolution {
        let weight: Variable<Float>
        let bias: Variable<Float>?
        let stride: Int

        init(
            _ parameters: Parameters,
            _ name: String,
            _ shape: [Int],
            stride: Int = 1,
            hasBias: Bool
        )
            throws
        {
            weight = try parameters.float(name + ".weight", shape, .normal(1))
            bias =
                hasBias ? try parameters.float(name + ".bias", [shape[0]], .constant(0)) : nil
            self.stride = stride
        }

        func callAsFunction(_ x: Variable<Float>) -> Variable<Float> {
            let shape = weight.shape
            let gain = 1 / Float(shape[1] * shape[2] * shape[3]).squareRoot()
            if shape[2] == 1, stride == 1 {
                return x.linear(weight.reshaped([shape[0], shape[1]]), bias: bias, gain: gain)
            }
            return x.convolved(weight.scaled(gain), stride: stride)
        }
    }

    /// A convolution, then bias and leaky ReLU times sqrt 2.
    private struct Activated {
        let convolution: Convolution
        let bias: Variable<Float>

        init(_ parameters: Parameters, _ name: String, _ shape: [Int], stride: Int = 1) throws {
            convolution = try Convolution(
                parameters,
                name + ".Conv",
                shape,
                stride: stride,
                hasBias: false
            )
            bias = try parameters.float(name + ".Act.bias", [shape[0]], .constant(0))
        }

        func callAsFunction(_ x: Variable<Float>) -> Variable<Float> {
            convolution(x).activated(bias: bias)
        }
    }

    /// A residual block that halves the size.
    private struct DownBlock {
        let first: Activated
        let second: Activated
        let skip: Convolution

        func callAsFunction(_ x: Variable<Float>) -> Variable<Float> {
            let inner = first(reflected(x, 1, 1))
            let main = second(reflected(inner, 1, 0))
            let half = 1 / Float(2).squareRoot()
            return .sum(main, skip(x), half, half)
        }

        /// Pads rows and columns by reflection.
        private func reflected(_ x: Variable<Float>, _ before: Int, _ after: Int)
            -> Variable<Float>
        {
            [1, 2].reduce(x) { x, axis in
                x.mapped(AxisMap(inputs: x.shape[axis], reflecting: before, after), axis: axis)
            }
        }
    }

    /// Reads or starts `swapae_encoder.*`, from the root of a checkpoint.
    init(_ config: DynamicsConfig, _ parameters: Parameters) throws {
        let root = DynamicsNames.frameEncoder
        let channels = config.encoderChannels
        let last = channels[channels.count - 1]
        fromRGB = try Activated(parameters, root + "FromRGB", [channels[0], 3, 1, 1])
        blocks = try (0..<channels.count - 1).map { index in
            let name = root + DynamicsNames.downBlock(index)
            let (input, output) = (channels[index], channels[index + 1])
            return DownBlock(
                first: try Activated(parameters, name + ".conv1", [input, input, 3, 3]),
                second: try Activated(
                    parameters,
                    name + ".conv2",
                    [output, input, 3, 3],
                    stride: 2
                ),
                skip: try Convolution(
                    parameters,
                    name + ".skip.Conv",
                    [output, input, 1, 1],
                    stride: 2,
                    hasBias: false
                )
            )
        }
        toCode = try Activated(parameters, root + "ToSpatialCode.0", [last, last, 1, 1])
        code = try Convolution(
            parameters,
            root + "ToSpatialCode.1.Conv",
            [config.codeChannels, last, 1, 1],
            hasBias: true
        )
    }

    /// Encodes frames that have the configured size.
    public func callAsFunction(_ frames: Variable<Float>) -> Variable<Float> {
        code(toCode(blocks.reduce(fromRGB(frames)) { $1($0) })).unitRows(eps: 1e-8)
    }
}

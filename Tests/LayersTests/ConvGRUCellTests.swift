import Foundation
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// The recurrent cell against its equations, pixel by pixel.
struct ConvGRUCellTests {
    @Test(arguments: [[1, 1, 1, 1, 1], [2, 3, 4, 5, 3], [3, 5, 2, 1, 7], [5, 2, 7, 4, 4]])
    func equalsPlainLoops(sizes: [Int]) {
        let (samples, inputs, hidden) = (sizes[0], sizes[1], sizes[2])
        let (h, w) = (sizes[3], sizes[4])
        func layer(_ outputs: Int, _ seed: UInt64) -> Convolution3x3Double {
            Convolution3x3Double(
                weight: noise([outputs, inputs + hidden, 3, 3], seed: seed).widened,
                bias: noise([outputs], seed: seed + 1).widened
            )
        }
        let (gates, candidate) = (layer(2 * hidden, 1), layer(hidden, 3))
        let x = noise([samples, inputs, h, w], seed: 5).widened
        let state = noise([samples, hidden, h, w], seed: 6).widened
        let pixels = h * w
        func beside(_ state: Tensor<Double>) -> Tensor<Double> {
            Tensor(
                shape: [samples, inputs + hidden, h, w],
                scalars: (0..<samples).flatMap { x[$0].scalars + state[$0].scalars }
            )
        }
        func apply(_ layer: Convolution3x3Double, _ x: Tensor<Double>) -> [Double] {
            Reference.convolution3x3(x, weight: layer.weight, bias: layer.bias).scalars
        }
        let gate = apply(gates, beside(state)).map { 1 / (1 + exp(-$0)) }
        // Channel c of the reset gate comes first, the update gate's after all of those.
        func gateIndex(_ index: Int) -> Int {
            index / (hidden * pixels) * 2 * hidden * pixels + index % (hidden * pixels)
        }
        let kept = Tensor(
            shape: state.shape,
            scalars: state.scalars.indices.map { gate[gateIndex($0)] * state.scalars[$0] }
        )
        let proposal = apply(candidate, beside(kept)).map { tanh($0) }
        let expected = state.scalars.indices.map { index in
            let update = gate[gateIndex(index) + hidden * pixels]
            return (1 - update) * state.scalars[index] + update * proposal[index]
        }
        expectClose(
            ConvGRUCell(gates: gates, candidate: candidate)(x, state: state),
            Tensor(shape: state.shape, scalars: expected),
            abs: 1e-13,
            because: "two float64 convolutions of at most 81 products in another order",
            name: "\(sizes)"
        )
    }
}

public import Kernels
public import Tensors

/// A convolutional gated recurrent unit, 3x3, float64.
///
/// Shapes: `x [N, I, h, w]`, `state [N, H, h, w]` to the next state. With `r, u = sigmoid(gates([x, state]))`
/// split in this order and `n = tanh(candidate([x, r*state]))`, the next state is `(1-u)*state + u*n`.
/// Source: spec section 5; Ballas et al. 2016 with Vid-ODE's order of gates.
public struct ConvGRUCell: Sendable {
    private let gates: Convolution3x3Double
    private let candidate: Convolution3x3Double

    /// Wraps `gates [2H, I+H, 3, 3]` and `candidate [H, I+H, 3, 3]`.
    public init(gates: Convolution3x3Double, candidate: Convolution3x3Double) {
        precondition(gates.outChannels == 2 * candidate.outChannels, "gates are twice the state")
        self.gates = gates
        self.candidate = candidate
    }

    /// The number of channels of the state.
    public var hiddenChannels: Int { candidate.outChannels }

    /// Moves the state on by one observation.
    public func callAsFunction(_ x: Tensor<Double>, state: Tensor<Double>) -> Tensor<Double> {
        precondition(
            x.rank == 4 && state.rank == 4 && x.shape[0] == state.shape[0]
                && x.shape[2...] == state.shape[2...],
            "\(x.shape) beside the state \(state.shape)"
        )
        let hidden = hiddenChannels
        var gate = gates(joinChannels(x, state))
        DoublePasses.sigmoid(&gate)
        let reset = channels(gate, 0..<hidden)
        let update = channels(gate, hidden..<2 * hidden)
        let kept = Tensor(
            shape: state.shape,
            scalars: zip(reset.scalars, state.scalars).map { $0 * $1 }
        )
        var proposal = candidate(joinChannels(x, kept))
        DoublePasses.tanh(&proposal)
        return Tensor(
            shape: state.shape,
            scalars: state.scalars.indices.map { i in
                let u = update.scalars[i]
                return (1 - u) * state.scalars[i] + u * proposal.scalars[i]
            }
        )
    }

    private func joinChannels(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
        var scalars: [Double] = []
        scalars.reserveCapacity(a.count + b.count)
        for sample in 0..<a.shape[0] { scalars += a[sample].scalars + b[sample].scalars }
        return Tensor(
            shape: [a.shape[0], a.shape[1] + b.shape[1]] + a.shape[2...],
            scalars: scalars
        )
    }

    private func channels(_ x: Tensor<Double>, _ range: Range<Int>) -> Tensor<Double> {
        Tensor.stack((0..<x.shape[0]).map { x[$0][range] })
    }
}

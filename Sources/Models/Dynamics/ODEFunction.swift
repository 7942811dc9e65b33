internal import Kernels
public import ODE
public import Tensors

/// The network behind `dz/dt = f(z)`: 3x3 convolutions with tanh between them, float64, no time input.
///
/// Shapes: `z [N, C, h, w]` to the same. Source: spec section 5.
public struct ODEFunction: Sendable {
    private let layers: [Convolution3x3Double]

    /// Reads the layers under a prefix, numbered 0, 2, 4 and so on.
    init(_ config: DynamicsConfig, _ weights: Weights) throws {
        let count = config.odeHiddenLayers + 2
        layers = try (0..<count).map { index in
            let input = index == 0 ? config.stateChannels : config.odeChannels
            let output = index == count - 1 ? config.stateChannels : config.odeChannels
            return Convolution3x3Double(
                weight: try weights.double("\(2 * index).weight", [output, input, 3, 3]),
                bias: try weights.double("\(2 * index).bias", [output])
            )
        }
    }

    /// The slope at a state.
    public func callAsFunction(_ z: Tensor<Double>) -> Tensor<Double> {
        Convolution3x3Double.chain(layers, z)
    }
}

/// The network as the solver sees it, over a whole batch as one system.
public struct LatentField: VectorField, Sendable {
    let function: ODEFunction
    let shape: [Int]

    /// The slope of the flattened batch.
    public func slope(at t: Double, _ y: [Double]) -> [Double] {
        function(Tensor(shape: shape, scalars: y)).scalars
    }
}

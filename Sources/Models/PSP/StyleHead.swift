internal import Kernels
internal import Layers
internal import Tensors

/// One map2style network: strided convolutions down to a single pixel, then a linear layer.
///
/// Shapes: features `[N, C, h, w]` to `[N, D]`. Source: Richardson et al. 2021, figure 2.
struct StyleHead: Sendable {
    private let convolutions: [ConvolutionKernel]
    private let linear: Linear

    /// Reads `styles.INDEX`; the number of convolutions follows from the tensor names.
    ///
    /// - Throws: `WeightError` if a tensor has another shape or the convolutions do not end at 1x1.
    init(_ weights: Weights, index: Int, channels: Int, grid: Int, styleDim: Int) throws {
        let name = "styles.\(index)"
        let count = weights.convolutionCount(ofHead: index)
        let end = (0..<count).reduce(grid) { size, _ in (size + 1) / 2 }
        guard count > 0, end == 1 else {
            throw WeightError(
                "\(name): \(count) convolutions make \(grid)x\(grid) features "
                    + "\(end)x\(end), expected 1x1; check inputSize, coarseIndex and middleIndex"
            )
        }
        var side = grid
        convolutions = try (0..<count).map { layer in
            let layerName = "\(name).convs.\(2 * layer)"
            let input = layer == 0 ? channels : styleDim
            defer { side = (side + 1) / 2 }
            return ConvolutionKernel(
                weight: try weights.float(layerName + ".weight", [styleDim, input, 3, 3]),
                bias: try weights.float(layerName + ".bias", [styleDim]),
                slopes: Tensor(repeating: 0.01, shape: [styleDim]),
                stride: 2,
                inputSize: [side, side]
            )
        }
        linear = try Linear(weights, name + ".linear", [styleDim, styleDim])
            .scaled(weight: 1 / Float(styleDim).squareRoot())
    }

    func callAsFunction(_ features: FeatureMap, pool: FeaturePool) -> Tensor<Float> {
        let last = convolutions.reduce(features) { $1($0, pool: pool) }  // [N, D, 1, 1]
        return linear(last.tensor.reshaped([last.shape[0], last.shape[1]]))
    }
}

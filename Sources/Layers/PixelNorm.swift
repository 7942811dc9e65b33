public import Tensors

/// Division by the root mean square along one axis.
///
/// Source: Karras et al. 2018, section 4.2; eps is 1e-8, inside the root.
public enum PixelNorm {
    /// Normalises every row over D; StyleGAN2's mapping network starts with this.
    ///
    /// Shapes: `x [N, D]` to the same.
    public static func overFeatures(_ x: Tensor<Float>) -> Tensor<Float> {
        let width = x.shape[x.rank - 1]
        var result = x
        for row in 0..<x.count / width {
            let range = row * width..<(row + 1) * width
            let square = x.scalars[range].reduce(Float(0)) { $0 + $1 * $1 } / Float(width)
            let factor = 1 / (square + 1e-8).squareRoot()
            for index in range { result.scalars[index] *= factor }
        }
        return result
    }

    /// Normalises every column over the layer axis L.
    ///
    /// Shapes: `x [N, L, D]` to the same.
    public static func overLayers(_ x: Tensor<Float>) -> Tensor<Float> {
        let (layers, width) = (x.shape[1], x.shape[2])
        var result = x
        for sample in 0..<x.shape[0] {
            for column in 0..<width {
                let first = sample * layers * width + column
                let indices = (0..<layers).map { first + $0 * width }
                let square = indices.reduce(Float(0)) { $0 + x.scalars[$1] * x.scalars[$1] }
                let factor = 1 / (square / Float(layers) + 1e-8).squareRoot()
                for index in indices { result.scalars[index] *= factor }
            }
        }
        return result
    }
}

internal import Kernels
internal import Tensors

/// A batch normalisation with fixed statistics, as a scale and a shift per channel.
///
/// `y = (x - mean) / sqrt(variance + eps) * weight + bias`, folded in float64: small variances would lose
/// digits in float32.
struct BatchNormAffine {
    /// `[C]`.
    let scale: [Double]
    /// `[C]`.
    let shift: [Double]

    /// PyTorch's default, which pSp keeps.
    static let eps = 1e-5

    /// Reads `NAME.weight`, `.bias`, `.running_mean` and `.running_var`.
    init(_ weights: Weights, _ name: String, channels: Int) throws {
        let weight = try weights.double(name + ".weight", [channels]).scalars
        let bias = try weights.double(name + ".bias", [channels]).scalars
        let mean = try weights.double(name + ".running_mean", [channels]).scalars
        let variance = try weights.double(name + ".running_var", [channels]).scalars
        guard variance.allSatisfy({ $0 >= 0 }) else {
            throw WeightError("\(name).running_var holds a negative variance")
        }
        scale = zip(weight, variance).map { $0 / ($1 + Self.eps).squareRoot() }
        shift = zip(bias, zip(mean, scale)).map { $0 - $1.0 * $1.1 }
    }

    /// Both as float32.
    var affine: FeaturePasses.Affine {
        FeaturePasses.Affine(scale: scale.map(Float.init), shift: shift.map(Float.init))
    }
    /// The shift as float32, `[C]`.
    var floatShift: Tensor<Float> { Tensor(shape: [shift.count], scalars: shift.map(Float.init)) }

    /// The weights of a convolution followed by this normalisation, `[O, I, k, k]`.
    func folded(into weight: Tensor<Double>) -> Tensor<Float> {
        let size = weight.count / scale.count
        return Tensor(uninitialized: weight.shape) { out in
            for index in out.indices {
                out.initializeElement(
                    at: index,
                    to: Float(weight.scalars[index] * scale[index / size])
                )
            }
        }
    }
}

internal import CKernels

/// What `GradientScalar.map` computes of `a`, `b` and the numbers `s` and `t`.
///
/// The `…Back` maps give the gradient of the argument; `b` is the gradient of the value.
public enum ElementwiseMap: Sendable {
    /// `s a + t b`.
    case sum
    /// `s a + t`.
    case scale
    /// `s a b`.
    case product
    /// `a / b`.
    case quotient
    /// `a^2`.
    case square
    /// `sqrt(a + s)`.
    case squareRoot
    /// `1 / sqrt(a + s)`.
    case inverseRoot
    /// `|a|`.
    case absolute
    /// `sign(a) b`.
    case absoluteBack
    /// `exp(a)`.
    case exponential
    /// `log(a + s)`.
    case logarithm
    /// `t (a < 0 ? s a : a)`.
    case leaky
    /// `t (a < 0 ? s : 1) b`, of the argument or the value `a`.
    case leakyBack
    /// `tanh(a)`.
    case tanh
    /// `(1 - a^2) b`, of the value `a`.
    case tanhBack
    /// `1 / (1 + exp(-a))`.
    case sigmoid
    /// `a (1 - a) b`, of the value `a`.
    case sigmoidBack
    /// `a / 2 (1 + erf(a / sqrt 2))`.
    case gelu
    /// Its slope at `a`, times `b`.
    case geluBack
    /// `a / (1 + exp(-1.702 a))`.
    case quickGELU
    /// Its slope at `a`, times `b`.
    case quickGELUBack
    /// `max(a, s)`.
    case maximum
    /// `a > s ? b : 0`.
    case maximumBack

    var code: ck_elementwise {
        switch self {
        case .sum: CK_SUM
        case .scale: CK_SCALE
        case .product: CK_PRODUCT
        case .quotient: CK_QUOTIENT
        case .square: CK_SQUARE
        case .squareRoot: CK_SQUARE_ROOT
        case .inverseRoot: CK_INVERSE_ROOT
        case .absolute: CK_ABSOLUTE
        case .absoluteBack: CK_ABSOLUTE_BACK
        case .exponential: CK_EXPONENTIAL
        case .logarithm: CK_LOGARITHM
        case .leaky: CK_LEAKY
        case .leakyBack: CK_LEAKY_BACK
        case .tanh: CK_TANH
        case .tanhBack: CK_TANH_BACK
        case .sigmoid: CK_SIGMOID
        case .sigmoidBack: CK_SIGMOID_BACK
        case .gelu: CK_GELU_MAP
        case .geluBack: CK_GELU_BACK
        case .quickGELU: CK_QUICK_GELU_MAP
        case .quickGELUBack: CK_QUICK_GELU_BACK
        case .maximum: CK_MAXIMUM
        case .maximumBack: CK_MAXIMUM_BACK
        }
    }
}

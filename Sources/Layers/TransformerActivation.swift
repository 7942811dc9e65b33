internal import Kernels

/// The activation inside a transformer's MLP.
public enum TransformerActivation: Sendable {
    /// GELU with the error function.
    case gelu
    /// OpenAI CLIP's `x * sigmoid(1.702 x)`.
    case quickGELU

    var pass: Passes.Activation {
        switch self {
        case .gelu: .gelu
        case .quickGELU: .quickGELU
        }
    }
}

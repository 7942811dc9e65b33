/// The networks that a pack may have, by their keys in `pack.json`.
public enum NetworkKind: String, Codable, Sendable, CaseIterable {
    /// StyleGAN2, `G`.
    case generator
    /// The pSp encoder, `f_C`.
    case encoder
    /// CLIP.
    case clip
    /// The dynamics encoder, the latent ODE and the conditional model: `f_D`, `phi`, `f_G`.
    case dynamics
    /// The DINO vision transformer of the training losses.
    case dino

    /// What it is, in words.
    public var title: String {
        switch self {
        case .generator: "a StyleGAN2 generator"
        case .encoder: "a pSp encoder"
        case .clip: "a CLIP"
        case .dynamics: "VidStyleODE's dynamics networks"
        case .dino: "a DINO transformer"
        }
    }
}

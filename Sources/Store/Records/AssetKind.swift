/// What a stored tensor of a clip is.
///
/// Raw values are part of tensor keys and of the catalogue: never change or reuse one.
public enum AssetKind: UInt8, Sendable, CaseIterable, Codable {
    /// The content code `z_C`: mean inversion in W+, `[L, 512]`.
    case content = 1
    /// The initial dynamics `z_d0`: `[C, h, w]`.
    case dynamics = 2
    /// The style embedding `z_S` of the generated content: `[512]`.
    case style = 3
    /// The search embedding of the frames: `[512]`.
    case look = 4
    /// What search by motion compares: mean and deviation of the states in each cell, `[h * w, 32]`.
    case motion = 5
    /// W+ codes of single frames: `[T, L, 512]`.
    case frameCodes = 6
    /// Small pictures for people, as one encoded file: `[bytes]`, uint8.
    case thumbnails = 7

    /// The word used in listings and messages.
    public var name: String {
        switch self {
        case .content: "content"
        case .dynamics: "dynamics"
        case .style: "style"
        case .look: "look"
        case .motion: "motion"
        case .frameCodes: "frame-codes"
        case .thumbnails: "thumbnails"
        }
    }

    /// Whether the numbers depend on the weights of a pack.
    public var isMadeByPack: Bool { self != .thumbnails }
}

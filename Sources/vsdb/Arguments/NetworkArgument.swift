import ArgumentParser
import Packs

/// A network by its key in `pack.json`.
enum NetworkArgument: String, ExpressibleByArgument, CaseIterable, Sendable {
    case generator
    case encoder
    case clip
    case dynamics
    case dino

    /// The network.
    var kind: NetworkKind {
        switch self {
        case .generator: .generator
        case .encoder: .encoder
        case .clip: .clip
        case .dynamics: .dynamics
        case .dino: .dino
        }
    }
}

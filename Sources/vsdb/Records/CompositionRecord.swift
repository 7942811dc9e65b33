import Foundation
import Store

/// A saved composition as `--json` shows it; the recipe itself is printed by `show`.
struct CompositionRecord: Encodable, Sendable {
    let name: String
    let hash: String
    let clips: [String]
    let added: Date

    init(_ composition: Composition) {
        name = composition.name
        hash = composition.hash
        clips = composition.parents.map(\.hex)
        added = composition.added
    }
}

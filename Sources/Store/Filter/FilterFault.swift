import Tensors

/// The text of a filter, for messages about a place in it.
struct FilterText {
    /// How much of a long filter is shown.
    private static let width = 72

    let characters: [Character]

    /// What is wrong, the filter, and a caret under the place.
    func fault(_ problem: String, at place: Int, hint: String? = nil) -> StoreError {
        let first = characters.count <= Self.width ? 0 : max(0, place - Self.width / 2)
        let last = min(characters.count, first + Self.width)
        let shown = characters[first..<last].map { $0.isWhitespace ? " " : $0 }
        let start = first > 0 ? "\u{2026}" : ""
        let end = last < characters.count ? "\u{2026}" : ""
        let gap = String(repeating: " ", count: place - first + start.count)
        let tail = hint.map { "\n\($0)" } ?? ""
        return StoreError(
            .invalidValue,
            "filter: \(problem)\n  \(start)\(String(shown).withoutControls)\(end)\n  \(gap)^\(tail)"
        )
    }
}

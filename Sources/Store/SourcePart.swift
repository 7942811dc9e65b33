/// Some seconds of something that is no clip: `film.avi@0.5s-1.5s`, `swap@0s-1s`.
package struct SourcePart: Equatable, Sendable {
    /// What stands before the last `@`.
    package let name: String
    /// Its first and last second; nil for its start and its end.
    package let from: Double?, to: Double?

    /// Takes a text apart.
    ///
    /// - Returns: Nil if it does not end with a range of seconds.
    package init?(_ text: String) {
        guard let place = text.lastIndex(of: "@"), place > text.startIndex,
            case .range(let from, let to) = Reference.times(text[text.index(after: place)...]),
            (from ?? 0) < (to ?? .infinity)
        else { return nil }
        (name, self.from, self.to) = (String(text[..<place]), from, to)
    }
}

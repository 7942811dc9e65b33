/// A vocabulary that cannot be used, or a text that does not fit.
public struct TokenizerError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// A composition whose numbers do not lead to a picture.
public struct RenderError: Error, Sendable, CustomStringConvertible {
    /// What happened and what to change.
    public let description: String

    /// Describes one problem.
    public init(_ description: String) { self.description = description }
}

/// A request that cannot be carried out as it is, with what to change.
public struct RequestError: Error, Sendable, CustomStringConvertible {
    /// What is wrong and what to do.
    public let description: String

    /// Describes one problem.
    public init(_ description: String) { self.description = description }
}

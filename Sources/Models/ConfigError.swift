/// A configuration value that cannot be.
public struct ConfigError: Error, Sendable, CustomStringConvertible {
    /// The key, dots between levels.
    public let key: String
    /// What is wrong with its value.
    public let problem: String

    /// Names a key and its problem.
    public init(_ key: String, _ problem: String) {
        self.key = key
        self.problem = problem
    }

    /// The key and its problem.
    public var description: String { "\(key): \(problem)" }
}

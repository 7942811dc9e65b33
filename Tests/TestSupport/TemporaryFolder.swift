import Foundation

/// A folder that is deleted with its last user.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let path: String

    /// Makes one.
    ///
    /// - Throws: An error of Foundation.
    public init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("vsdb-test-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

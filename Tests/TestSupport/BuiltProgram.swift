import Foundation

/// A program or library of the package: it was built beside the test bundle.
///
/// - Parameter name: The name of its file.
/// - Returns: Its path.
/// - Throws: An error of Foundation.
public func builtProgram(_ name: String) throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return (own as NSString).deletingLastPathComponent + "/" + name
}

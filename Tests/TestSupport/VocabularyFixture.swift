public import Foundation

/// A file of as many merges as the released CLIP models have, none of them theirs; removed at the end.
public final class VocabularyFixture: Sendable {
    /// The file.
    public let path: String

    /// Writes the file: pairs of single symbols, all different.
    ///
    /// - Throws: An error of Foundation if it cannot be written.
    public init() throws {
        path = NSTemporaryDirectory() + "/vsdb-merges-\(UUID().uuidString).txt"
        try Self.content.write(to: URL(fileURLWithPath: path))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A comment, then 48,894 merges.
    public static let content: Data = {
        let symbols =
            (0x100...0x143).map { String(UnicodeScalar(UInt32($0)).map(Character.init) ?? "?") }
            + (0x21...0x7E).map { String(UnicodeScalar(UInt8($0))) }
            + (0xA1...0xFF).filter { $0 != 0xAD }.map { String(UnicodeScalar(UInt8($0))) }
        var lines = ["#version: fixture"]
        for left in symbols { for right in symbols { lines.append("\(left) \(right)</w>") } }
        return Data((lines.prefix(48_895).joined(separator: "\n") + "\n").utf8)
    }()
}

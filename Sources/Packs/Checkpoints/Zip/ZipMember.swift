import Foundation
import Tensors

/// A member of a zip archive.
struct ZipMember {
    let name: String
    /// Where its bytes lie in the file.
    let range: Range<Int>
    /// Where its header starts in the file.
    let headerStart: Int
    /// Whether the bytes are stored as they are, neither compressed nor encrypted.
    let isPlain: Bool
    /// The checksum of its bytes that the directory states.
    let checksum: UInt32

    /// The rule that a name breaks, or nil; nothing is ever written under a name of an archive.
    static func problem(of name: String) -> String? {
        if name.isEmpty { return "is empty" }
        if name.contains("\u{FFFD}") { return "is not UTF-8" }
        if name.contains("\\") || name.contains("\0") || name.contains(":") {
            return "holds a backslash, a colon or a zero"
        }
        if name.hasPrefix("/") { return "is absolute" }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if parts.contains(where: { $0 == ".." || $0 == "." }) { return "leaves its folder" }
        return nil
    }
}

import Foundation
import Glibc

/// How many commits the catalogue had, noted in a file of its own, so that a lost log is noticed.
///
/// SQLite takes a write-ahead log that was cut short or deleted for the end of one: the commits in it
/// vanish without a word. So the catalogue counts its commits, and after each the count is noted in
/// `catalog.commits` beside it. The note is never ahead of what is on the disk: a catalogue that has
/// fewer lost some. It is not synced, which costs nothing and can only leave it behind; a note that is
/// missing or torn says nothing.
struct CommitMark {
    static let fileName = "catalog.commits"

    private let path: String

    /// The note beside a catalogue.
    init(ofCatalog path: String) {
        self.path = (path as NSString).deletingLastPathComponent + "/" + Self.fileName
    }

    /// The count that was noted; nil if none can be read.
    ///
    /// Read before the catalogue: whatever is noted was committed by then.
    var count: Int? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return Self.count(in: file)
    }

    /// Notes a commit that is on the disk; where that is impossible the older note stays.
    func note(_ count: Int) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o644)
        guard file >= 0 else { return }
        defer { close(file) }
        // Another process may note a later one.
        while flock(file, LOCK_EX) != 0 { guard errno == EINTR else { return } }
        guard Self.count(in: file) ?? 0 < count else { return }
        let bytes = Array(Self.line(count).utf8)
        _ = pwrite(file, bytes, bytes.count, 0)
    }

    /// Why a lost log would not be noticed, if so.
    var fault: String? {
        guard fileExists(path) else { return nil }
        guard isRegularFile(path) else {
            return
                "\"\(path)\" is no file, and a lost log is not noticed; delete it, and the next change makes "
                + "it again"
        }
        guard access(path, R_OK | W_OK) != 0 else { return nil }
        return
            "\"\(path)\" cannot be read and written by you, and a lost log is not noticed; give yourself "
            + "the right"
    }

    private static let byteCount = 44

    /// As in `commits 00000000000000001234 0123456789abcdef`, the last word being the checksum.
    private static func line(_ count: Int) -> String {
        let digits = String(count)
        let words = "commits " + String(repeating: "0", count: 20 - digits.count) + digits
        return "\(words) \(documentChecksum([words]).prefix(14))\n"
    }

    private static func count(in file: Int32) -> Int? {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        guard pread(file, &bytes, byteCount, 0) == byteCount else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        let words = text.split(separator: " ")
        guard words.count == 3, let count = Int(words[1]), count >= 0, line(count) == text else {
            return nil
        }
        return count
    }
}

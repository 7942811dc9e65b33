public import Foundation

/// A file of any kind that appears under its name only when it is complete and on the disk.
public enum ResultFile {
    /// Checks, before the work for it begins, that a file can be made.
    ///
    /// - Throws: `MediaError` of the kind `cannotWrite`.
    public static func check(path: String) throws(MediaError) { _ = try PendingFile(path: path) }

    /// Writes a file, or replaces one.
    ///
    /// - Throws: `MediaError` of the kinds `cannotWrite` and `noSpace`; the old file is left whole then.
    public static func write(_ bytes: Data, to path: String) throws(MediaError) {
        let file = try PendingFile(path: path)
        try file.write(bytes)
        try file.commit()
    }
}

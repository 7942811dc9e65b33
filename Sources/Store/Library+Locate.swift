import Foundation

extension Library {
    /// The name of a library inside the folder that it serves.
    public static let hiddenName = ".vsdb"

    /// Finds the folder of the library to use.
    ///
    /// The flag wins over the environment, and that over the folder `.vsdb` nearest upward from
    /// the working directory. A named folder may be the library or hold it as `.vsdb`.
    ///
    /// - Parameters:
    ///   - explicit: The value of `--library`, if given.
    ///   - environment: The value of `VSDB_LIBRARY`, if set; empty counts as unset.
    ///   - workingDirectory: Where to begin to look.
    /// - Returns: The folder; that it has all its parts is not certain.
    /// - Throws: `StoreError`, `.noLibrary`.
    public static func locate(
        explicit: String?,
        environment: String?,
        workingDirectory: String
    ) throws(StoreError) -> String {
        let named = explicit ?? environment.flatMap { $0.isEmpty ? nil : $0 }
        if let named {
            let base = URL(fileURLWithPath: workingDirectory, isDirectory: true)
            let full = absolute(URL(fileURLWithPath: named, relativeTo: base).path)
            guard let found = library(at: full) else { throw noLibrary(at: named) }
            return found
        }
        var folder = absolute(workingDirectory)
        while true {
            if let found = library(at: folder) { return found }
            let parent = (folder as NSString).deletingLastPathComponent
            guard parent != folder, !parent.isEmpty else { break }
            folder = parent
        }
        throw StoreError(
            .noLibrary,
            "library: neither \"\(workingDirectory)\" nor a folder above it has a \(hiddenName); "
                + "make one with vsdb init, or name one with --library or VSDB_LIBRARY"
        )
    }

    /// Whether a folder has two of a library's three parts; other programs have a library.json, too.
    static func isLibrary(_ path: String) -> Bool {
        [manifestName, catalogName, tensorsName].count { fileExists(path + "/" + $0) } >= 2
            && !FreshFolder.isUnfinished(path)
    }

    private static func library(at folder: String) -> String? {
        let hidden = folder + "/" + hiddenName
        if fileExists(hidden + "/" + manifestName) || isLibrary(hidden) { return hidden }
        return isLibrary(folder) ? folder : nil
    }
}

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
    /// - Returns: The folder, which has a library.json.
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

    private static func library(at folder: String) -> String? {
        let hidden = folder + "/" + hiddenName
        if fileExists(hidden + "/" + manifestName) { return hidden }
        // Other programs have files of that name too.
        let isLibrary =
            fileExists(folder + "/" + manifestName)
            && (fileExists(folder + "/" + catalogName) || fileExists(folder + "/" + tensorsName))
        return isLibrary ? folder : nil
    }
}

import Foundation
import Glibc

/// Drafts in a library that no command will finish: its process died.
///
/// Every command that makes something whole in one step makes it under such a name first. One that is
/// younger than an hour may be under way.
struct Leftovers {
    /// Where they are, relative to the library.
    let paths: [String]
    /// Their size in bytes.
    let byteCount: Int
    private let library: String

    /// The folder in which repair writes files anew.
    static let salvageName = ".salvaging"

    init(library: String) {
        self.library = library
        let places = ["", "/packs", "/index", "/renders", "/" + Library.tensorsName]
        let packs = Self.names(library + "/packs").map { "/packs/" + $0 }
        let found = (places + packs).flatMap { place in
            Self.names(library + place).filter(Self.isDraft).map { place + "/" + $0 }
        }
        paths = found.filter { isOldDraft(library + $0) }.map { String($0.dropFirst()) }
        byteCount = paths.reduce(0) { sum, path in
            let full = library + "/" + path
            return sum + (isFolder(full) ? treeByteCount(full) : fileByteCount(full))
        }
    }

    /// Deletes them; one that resists is left for the next time.
    func delete() {
        for path in paths { try? FileManager.default.removeItem(atPath: library + "/" + path) }
    }

    /// Deletes libraries and backups beside a new one that were being made when their process died.
    static func deleteDrafts(in folder: String) {
        for name in names(folder) where name.hasPrefix(".vsdb-new-") {
            let path = folder + "/" + name
            // Whoever makes a backup shares a claim on it, however long it takes.
            guard isOldDraft(path),
                let claim = try? LibraryLock(path, .alone, waitSeconds: 0, "delete it")
            else { continue }
            try? FileManager.default.removeItem(atPath: path)
            withExtendedLifetime(claim) {}
        }
    }

    private static func names(_ folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
    }

    private static func isDraft(_ name: String) -> Bool {
        [".adding-", ".repairing-", ".vsdb-new-"].contains { name.hasPrefix($0) }
            || [Library.compactDraftName, salvageName].contains(name)
            || name.hasSuffix(".draft")
    }
}

/// Whether a draft is older than an hour: a younger one may be under way.
package func isOldDraft(_ path: String) -> Bool {
    var facts = stat()
    return lstat(path, &facts) == 0 && Int(facts.st_mtim.tv_sec) + 3600 < time(nil)
}

import Foundation
import Glibc

/// Drafts in a library that no command will finish: its process died.
///
/// Every command that makes something whole in one step makes it under such a name first. One that is
/// younger than an hour may be under way.
struct Leftovers {
    /// Where they are: those in the library relative to it, those beside it as whole paths.
    let paths: [String]
    /// Their size in bytes.
    let byteCount: Int
    private let library: String
    private let inside: [String]

    /// The folder in which repair writes files anew.
    static let salvageName = ".salvaging"

    init(library: String) {
        self.library = library
        let places = ["", "/packs", "/index", "/renders", "/" + Library.tensorsName]
        let packs = Self.names(library + "/packs").map { "/packs/" + $0 }
        let found = (places + packs).flatMap { place in
            Self.names(library + place).filter(Self.isDraft).map { place + "/" + $0 }
        }
        inside = found.filter { isOldDraft(library + $0) }.map { String($0.dropFirst()) }
        let beside = Self.drafts(in: (library as NSString).deletingLastPathComponent)
        paths = inside + beside
        byteCount = (inside.map { library + "/" + $0 } + beside).reduce(0) { sum, path in
            sum + (isFolder(path) ? treeByteCount(path) : fileByteCount(path))
        }
    }

    /// Deletes them; one that resists is left for the next time.
    func delete() {
        for path in inside { try? FileManager.default.removeItem(atPath: library + "/" + path) }
        Self.deleteDrafts(in: (library as NSString).deletingLastPathComponent)
    }

    /// Deletes libraries and backups in a folder that were being made when their process died.
    static func deleteDrafts(in folder: String) {
        // One that resists is left for the next time.
        for path in drafts(in: folder) { try? FileManager.default.removeItem(atPath: path) }
    }

    private static func drafts(in folder: String) -> [String] {
        // A young one is not touched: its maker is about to claim it.
        names(folder).filter { $0.hasPrefix(".vsdb-new-") }.map { folder + "/" + $0 }
            .filter { path in
                // Whoever makes one shares a claim on it, however long it takes.
                guard isOldDraft(path),
                    let claim = try? LibraryLock(path, .alone, waitSeconds: 0, "delete it")
                else { return false }
                withExtendedLifetime(claim) {}
                return true
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

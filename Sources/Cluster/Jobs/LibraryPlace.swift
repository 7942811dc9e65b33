internal import Glibc
internal import Store

/// The file by which a library is known, to notice that it was moved or deleted while it is open.
struct LibraryPlace {
    private let path: String
    private let file: (device: UInt64, inode: UInt64)

    init(_ library: Library) throws {
        path = library.path
        guard let file = Self.file(path) else {
            throw ClusterError(.failed, "\"\(path)\" is no library any more")
        }
        self.file = file
    }

    /// Refuses to go on with a library that is not there any more: what it takes would be lost.
    ///
    /// - Throws: `ClusterError`, `.failed`.
    func check(_ folder: JobFolder) throws {
        guard let now = Self.file(path), now == file else {
            throw ClusterError(
                .failed,
                "library \"\(path)\" was moved or deleted; what tasks published stays in \"\(folder.path)/done\": "
                    + "put the library back and attach again, or take it with vsdb import"
            )
        }
    }

    private static func file(_ path: String) -> (device: UInt64, inode: UInt64)? {
        var facts = stat()
        guard stat(path + "/library.json", &facts) == 0 else { return nil }
        return (UInt64(facts.st_dev), UInt64(facts.st_ino))
    }
}

internal import Store

/// The file by which a library is known, to notice that it was moved or deleted while it is open.
struct LibraryPlace {
    private let path: String
    private let file: FileIdentity?

    init(_ library: Library) {
        path = library.path
        file = FileIdentity(path + "/library.json")
    }

    /// Refuses to go on with a library that is not there any more: what it takes would be lost.
    ///
    /// - Throws: `ClusterError`, `.failed`.
    func check(_ folder: JobFolder) throws {
        guard let now = FileIdentity(path + "/library.json"), now == file else {
            throw ClusterError(
                .failed,
                "library \"\(path)\" was moved or deleted; what tasks published stays in \"\(folder.path)/done\": "
                    + "put the library back and attach again, or take it with vsdb import"
            )
        }
    }
}

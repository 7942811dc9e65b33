internal import Foundation
internal import Packs
internal import Search
public import Store

extension Session {
    /// What is wrong with the packs of the library: files that lack, or are not what was added.
    ///
    /// - Parameter readingWeights: Whether all files are read and hashed, and every network is built.
    /// - Returns: A problem for each pack that cannot be used.
    /// - Throws: `StoreError` if the catalogue cannot be read.
    public func packProblems(readingWeights: Bool) throws -> [LibraryProblem] {
        try library.packs().compactMap { record in
            do {
                let pack = try self.pack(record.fingerprint).pack
                let lacking = pack.fileNames.first { fileByteCount(pack.folder + "/" + $0) == 0 }
                if let lacking {
                    return LibraryProblem(
                        .pack(record.name),
                        "pack \"\(record.name)\": \"\(pack.folder)/\(lacking)\" is missing or empty; put "
                            + "its files back with vsdb pack add DIR"
                    )
                }
                try pack.checkSizes()
                if readingWeights { _ = try pack.verify() }
                return nil
            } catch {
                // Whatever the reason, the pack cannot be used, which is what is asked.
                let isThere = (error as? PackError)?.kind == .notReadable
                return LibraryProblem(
                    .pack(record.name),
                    "\(error)" + (isThere ? "" : "; put its files back with vsdb pack add DIR")
                )
            }
        }
    }

    /// What is to be known about search indexes, which are derived: damage is no loss.
    ///
    /// - Parameter reads: Whether every row is read and compared with its checksum.
    /// - Returns: A sentence for each index that the next search builds anew.
    /// - Throws: `StoreError`, `SearchError`; `PackError` for a pack that `packProblems` tells.
    public func indexNotes(reads: Bool) throws -> [String] {
        let all: [IndexStatus]
        do { all = try indexStatus(reads: reads, measures: false) } catch let error as SearchError {
            guard error.kind == .failed else { throw error }
            // The library is what is checked; its indexes are derived.
            return ["the indexes cannot be read now: \(error)"]
        }
        let damaged = all.filter { $0.state == .damaged || $0.damaged ?? 0 > 0 }
        return damaged.map { index in
            "the index of \(index.pack) by \(index.aspect.rawValue) is damaged; it is derived: build it "
                + "anew with vsdb index rebuild"
        }
    }
}

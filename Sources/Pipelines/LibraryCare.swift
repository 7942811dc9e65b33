internal import Foundation
internal import Packs
public import Store

extension Session {
    /// What is wrong with the packs of the library: files that lack, or are not what was added.
    ///
    /// - Parameter readingWeights: Whether all files are read and hashed, and every network is built.
    /// - Returns: A problem for each pack that cannot be used.
    public func packProblems(readingWeights: Bool) -> [LibraryProblem] {
        guard let records = try? library.packs() else { return [] }
        return records.compactMap { record in
            do {
                let pack = try self.pack(record.fingerprint).pack
                let lacking = pack.fileNames.filter { name in
                    let facts = try? FileManager.default.attributesOfItem(
                        atPath: URL(fileURLWithPath: pack.folder + "/" + name)
                            .resolvingSymlinksInPath().path
                    )
                    return (facts?[.size] as? Int ?? 0) == 0
                }
                if let name = lacking.first {
                    return LibraryProblem(
                        .pack(record.name),
                        "pack \"\(record.name)\": \"\(pack.folder)/\(name)\" is missing or empty; put its "
                            + "files back with vsdb pack add DIR"
                    )
                }
                if readingWeights { _ = try pack.verify() }
                return nil
            } catch {
                return LibraryProblem(
                    .pack(record.name),
                    "\(error); put its files back with vsdb pack add DIR"
                )
            }
        }
    }

    /// What is to be known about search indexes, which are derived: damage is no loss.
    ///
    /// - Parameter reads: Whether every row is read and compared with its checksum.
    /// - Returns: A sentence for each index that the next search builds anew.
    public func indexNotes(reads: Bool) -> [String] {
        guard let indexes = try? indexStatus(reads: reads) else { return [] }
        return indexes.filter { $0.state == .damaged || $0.damaged ?? 0 > 0 }.map { index in
            "the index of \(index.pack) by \(index.aspect.rawValue) is damaged; it is derived: build it "
                + "anew with vsdb index rebuild"
        }
    }
}

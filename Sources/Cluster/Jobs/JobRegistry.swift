internal import Foundation
internal import Glibc
public import Store

/// The jobs of a library: where their folders are.
public struct JobRegistry: Sendable {
    private let library: Library

    /// The entry of a job, in `jobs/ID.json` of the library.
    private struct Entry: Codable {
        let id: String
        let folder: String
    }

    /// The jobs of a library.
    public init(_ library: Library) { self.library = library }

    private var folder: JobFolder { JobFolder(path: library.path) }

    /// Notes a job before its folder is made.
    func add(_ id: String, _ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: library.path + "/jobs",
            withIntermediateDirectories: true
        )
        try folder.write(Entry(id: id, folder: path), to: "jobs/\(id).json")
    }

    /// Forgets a job.
    func remove(_ id: String) throws {
        try FileManager.default.removeItem(atPath: library.path + "/jobs/\(id).json")
    }

    /// Deletes the folder of a job and forgets the job.
    ///
    /// - Throws: `ClusterError`, `.failed`; an error of Foundation.
    func discard(_ id: String, _ job: JobFolder) throws {
        // At once, so that nobody takes half of it for a job.
        guard rename(job.path, job.draftPath) == 0 else {
            throw ClusterError(
                .failed,
                "\"\(job.path)\" cannot be renamed: \(String(cString: strerror(errno)))"
            )
        }
        try FileManager.default.removeItem(atPath: job.draftPath)
        try remove(id)
    }

    /// The ids of all jobs with their folders, in no order; without those that are being made.
    public func all() throws -> [(id: String, folder: String)] {
        try entries().filter { !JobFolder(path: $0.folder).isDraft }
    }

    private func entries() throws -> [(id: String, folder: String)] {
        try folder.names(in: "jobs").compactMap { name in
            guard name.hasSuffix(".json"),
                let entry = try folder.read(Entry.self, "jobs/" + name)
            else { return nil }
            return (entry.id, entry.folder)
        }
    }

    /// Finds a job by the first digits of its id.
    ///
    /// - Throws: `ClusterError`, `.unknownJob`.
    public func find(_ reference: String) throws -> (id: String, folder: String) {
        let jobs = try all()
        let found = jobs.filter { $0.id.hasPrefix(reference.lowercased()) }
        guard found.count == 1, !reference.isEmpty else {
            let known = jobs.map(\.id).sorted().prefix(5).joined(separator: ", ")
            throw ClusterError(
                .unknownJob,
                found.isEmpty
                    ? "library \"\(library.path)\" has no job \"\(reference)\""
                        + (known.isEmpty
                            ? "; vsdb ingest --cluster slurm makes one" : "; it has \(known)")
                    : "\"\(reference)\" is the beginning of \(found.count) jobs: "
                        + found.map(\.id).sorted().joined(separator: ", ")
            )
        }
        return found[0]
    }

    /// Deletes folders of jobs that were being made, or deleted, when their process died, and forgets the jobs.
    ///
    /// - Parameter isDryRun: Whether only to tell what would be deleted.
    /// - Returns: The folders with their size in bytes; what cannot be listed or resists is left for the next time.
    @discardableResult
    public func deleteDrafts(isDryRun: Bool = false) -> [(path: String, byteCount: Int)] {
        ((try? entries()) ?? []).compactMap { entry in
            let job = JobFolder(path: entry.folder)
            // Whoever makes or deletes it holds its claim, however long it takes; a young one may be about to be claimed.
            guard job.isDraft, isOldDraft(job.draftPath), let claim = try? claim(entry.id) else {
                return nil
            }
            defer { withExtendedLifetime(claim) {} }
            let byteCount = treeByteCount(job.draftPath)
            if !isDryRun {
                do {
                    try FileManager.default.removeItem(atPath: job.draftPath)
                    try remove(entry.id)
                } catch { return nil }  // It resists.
            }
            return (job.draftPath, byteCount)
        }
    }

    /// Keeps other processes from following a job as long as the result lives.
    ///
    /// - Throws: `StoreError`, `.locked` naming who follows it.
    func claim(_ id: String) throws -> LibraryLock {
        try LibraryLock(alone: "\(library.path)/jobs/\(id).json", "follow job \(id)")
    }
}

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

    /// Notes a job before its folder has a name.
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

    /// The ids of all jobs with their folders, in no order.
    public func all() throws -> [(id: String, folder: String)] {
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

    /// Keeps other processes from following a job as long as the result lives.
    ///
    /// - Throws: `StoreError`, `.locked` naming who follows it.
    func claim(_ id: String) throws -> LibraryLock {
        try LibraryLock(alone: "\(library.path)/jobs/\(id).json", "follow job \(id)")
    }
}

internal import Foundation
public import Pipelines
internal import Store

extension Session {
    /// What is known of a job, from its folder and from Slurm.
    ///
    /// - Throws: `ClusterError`.
    public func jobState(_ reference: String, slurm: Slurm = Slurm()) throws -> JobState {
        let folder = JobFolder(path: try JobRegistry(library).find(reference).folder)
        var inspector = JobInspector(folder, try folder.job(), slurm)
        return try inspector.state()
    }

    /// The job of a folder, without asking Slurm.
    ///
    /// - Returns: The job, how many of its tasks are collected, and whether it was cancelled.
    /// - Throws: `ClusterError`.
    public func job(in folder: String) throws -> (
        job: ClusterJob, collected: Int, isCancelled: Bool
    ) {
        let place = JobFolder(path: folder)
        return (
            try place.job(),
            try place.names(in: "collected").count { $0.hasSuffix(".json") },
            fileExists(folder + "/cancelled")
        )
    }

    /// Takes a job's tasks out of Slurm's queue, and ends those that run; what they published stays.
    ///
    /// - Returns: The job's id.
    /// - Throws: `ClusterError`, errors of the disk.
    public func cancelJob(_ reference: String, slurm: Slurm = Slurm()) throws -> String {
        let entry = try JobRegistry(library).find(reference)
        var obstacle: (any Error)?
        // First: whoever follows it must not send again what is taken away. Without its folder nobody follows it.
        if fileExists(entry.folder + "/job.json") {
            do { try JobFolder(path: entry.folder).write(Date(), to: "cancelled") } catch {
                obstacle = error
            }
        }
        try slurm.cancel(jobNamed: ClusterJob.slurmName(entry.id))
        if let obstacle { throw obstacle }
        return entry.id
    }

    /// Allows the tasks of a job that are not done to be tried again.
    ///
    /// - Returns: The tasks that failed for good, or were cancelled, before.
    /// - Throws: `ClusterError`.
    public func allowRetry(_ reference: String, slurm: Slurm = Slurm()) throws -> [Int] {
        let folder = JobFolder(path: try JobRegistry(library).find(reference).folder)
        let job = try folder.job()
        var inspector = JobInspector(folder, job, slurm)
        let state = try inspector.state()
        if let silence = state.silence { throw ClusterError(.engine, silence) }
        let sent = try folder.names(in: "sent").compactMap {
            try folder.read(SentTasks.self, "sent/" + $0)
        }
        var cancellations = try Cancellations(folder)
        // Of a cancelled job, some may be coming to their end yet.
        let phases: Set<JobState.Phase> =
            state.isCancelled
            ? [.unsent, .failed, .cancelled, .waiting, .running] : [.unsent, .failed, .cancelled]
        var again: [Int] = []
        for task in state.tasks where phases.contains(task.phase) {
            let sendings = sent.count { $0.tasks.contains(task.number) }
            try folder.write(
                max(task.attempts, sendings) + job.retries + 1,
                to: "allowed/\(JobFolder.name(task.number)).json"
            )
            if let array = task.array, [.cancelled, .waiting, .running].contains(task.phase) {
                try cancellations.release(task.number, array)
            }
            again.append(task.number)
        }
        // Whoever follows it may send again.
        if state.isCancelled {
            try FileManager.default.removeItem(atPath: folder.path + "/cancelled")
        }
        return again
    }

    /// Deletes the folder of a job that is over, with its logs.
    ///
    /// - Throws: `ClusterError`, `.badRequest` if tasks of it may still run; errors of the disk.
    public func removeJob(_ reference: String, slurm: Slurm = Slurm()) throws {
        let registry = JobRegistry(library)
        let entry = try registry.find(reference)
        let claim = try registry.claim(entry.id)
        defer { withExtendedLifetime(claim) {} }
        let folder = JobFolder(path: entry.folder)
        if fileExists(folder.path + "/job.json") {
            var inspector = JobInspector(folder, try folder.job(), slurm)
            let state = try inspector.state()
            if let silence = state.silence { throw ClusterError(.engine, silence) }
            guard state.count(.running) + state.count(.waiting) == 0 else {
                throw ClusterError(
                    .badRequest,
                    "job \(entry.id) has tasks that run or wait; vsdb jobs cancel \(entry.id) first"
                )
            }
            guard state.count(.published) == 0 else {
                throw ClusterError(
                    .badRequest,
                    "job \(entry.id) has results that are not in the library yet; vsdb jobs attach \(entry.id) first"
                )
            }
            try FileManager.default.removeItem(atPath: folder.path)
        }
        try registry.remove(entry.id)
    }
}

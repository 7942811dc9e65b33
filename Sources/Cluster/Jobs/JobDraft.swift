internal import Foundation
internal import Packs
internal import Pipelines
internal import Store

/// The folder of a job while it is made: it gets its name when everything is in it and on the disk.
struct JobDraft {
    let session: Session
    let options: JobOptions
    let id: String
    let folder: JobFolder
    private let draft: JobFolder

    init(_ session: Session, _ options: JobOptions) throws {
        try options.validate()
        (self.session, self.options) = (session, options)
        id = String(UUID().uuidString.prefix(8)).lowercased()
        let parent = URL(fileURLWithPath: options.folder).standardizedFileURL.path
        folder = JobFolder(path: "\(parent)/\(id)")
        draft = JobFolder(path: folder.draftPath)
    }

    /// The job's document.
    func job(
        taskCount: Int,
        ingest: ClusterJob.Ingest? = nil,
        render: ClusterJob.Render? = nil
    ) -> ClusterJob {
        ClusterJob(
            format: ClusterJob.currentFormat,
            id: id,
            created: Date(),
            library: session.library.path,
            libraryUUID: session.library.uuid,
            taskCount: taskCount,
            retries: options.retries,
            slurm: options.slurm,
            ingest: ingest,
            render: render
        )
    }

    /// What was planned.
    func planned(_ job: ClusterJob, tasks: [String]) -> PlannedJob {
        PlannedJob(job: job, folder: folder.path, script: script(job).text, tasks: tasks)
    }

    private func script(_ job: ClusterJob) -> SlurmScript {
        SlurmScript(job: job, folder: folder.path, program: options.program)
    }

    /// Writes the folder.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - tasks: What every task does.
    ///   - fill: Adds what the tasks need to the folder of that path.
    /// - Throws: What `fill` throws, `ClusterError`, errors of the disk; nothing is left then.
    func write(
        _ job: ClusterJob,
        tasks: [some Encodable],
        fill: (JobFolder) throws -> Void
    ) throws {
        let files = FileManager.default
        let registry = JobRegistry(session.library)
        registry.deleteDrafts()
        // Noted first: a folder that no library knows would be lost, and a draft that none knows would stay for ever.
        try registry.add(id, folder.path)
        let claim = try registry.claim(id)
        defer { withExtendedLifetime(claim) {} }
        do {
            for name in JobFolder.folders {
                try files.createDirectory(
                    atPath: draft.path + "/" + name,
                    withIntermediateDirectories: true
                )
            }
            for (number, task) in tasks.enumerated() {
                try draft.write(task, to: "tasks/\(JobFolder.name(number)).json")
            }
            try Data(script(job).text.utf8).write(to: URL(fileURLWithPath: draft.scriptPath))
            try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: draft.scriptPath)
            try fill(draft)
            try draft.write(job, to: "job.json")
            try syncTree(draft.path)
            guard rename(draft.path, folder.path) == 0 else {
                throw ClusterError(
                    .failed,
                    "\"\(folder.path)\" cannot be made: \(String(cString: strerror(errno)))"
                )
            }
        } catch {
            // A draft that resists is hidden, and nobody takes it for a job; it is collected as one of a dead process.
            try? files.removeItem(atPath: draft.path)
            if !fileExists(draft.path) { try? registry.remove(id) }
            throw error
        }
        try syncFolder(URL(fileURLWithPath: folder.path).deletingLastPathComponent().path)
    }
}

extension JobFolder {
    /// Copies the files of a pack to the tasks' disk.
    func copyPack(_ pack: Pack) throws {
        _ = try pack.verify()
        let files = FileManager.default
        try files.createDirectory(atPath: packPath, withIntermediateDirectories: false)
        for name in pack.fileNames {
            try files.copyItem(
                atPath: URL(fileURLWithPath: pack.folder + "/" + name).resolvingSymlinksInPath()
                    .path,
                toPath: packPath + "/" + name
            )
        }
    }
}

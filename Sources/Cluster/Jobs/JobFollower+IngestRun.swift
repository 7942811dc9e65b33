internal import Pipelines
internal import Store

/// An ingest on a cluster is one run in the library's log, as one here is, whoever followed it and how often.
extension JobFollower {
    /// The run of the job, to which its clips belong; nil for a render.
    func ingestRun() throws -> IngestRunID? {
        guard let ingest = job.ingest else { return nil }
        return try session.library.ingestRun(
            ofJob: job.id,
            requestJSON: try ingest.request.summaryJSON(fileCount: ingest.fileCount, job: job.id)
        )
    }

    /// Notes in the log that the ingest ended, unless that and what came of it stand there.
    func endIngestRun() throws {
        let library = session.library
        guard let id = try ingestRun(),
            let run = try library.ingestRuns().first(where: { $0.id == id })
        else { return }
        // Asked of the library: whoever took the clips may have been killed before it could say so. Clips that were
        // removed since had come in.
        let added = max(run.counts.added, try library.clipCount(of: id))
        let reports = try finalReports()
        let counts = IngestCounts(
            added: added,
            skipped: max(0, reports.reduce(0) { $0 + $1.clips + $1.known } - added),
            // A film in parts fails in each of them.
            failed: Set(reports.flatMap(\.failures).map { "\($0.path): \($0.reason)" }).count
        )
        guard run.finished == nil || run.counts != counts else { return }
        try library.finishIngestRun(id, counts: counts)
    }

    /// What each task had in the end, be it not all.
    private func finalReports() throws -> [TaskReport] {
        var reports: [Int: TaskReport] = [:]
        for name in try folder.names(in: "partial") {
            let part = JobFolder(path: "\(folder.path)/partial/\(name)")
            guard let report = try part.read(TaskReport.self, "report.json") else { continue }
            // A later attempt has the clips of the earlier ones.
            guard report.attempt > reports[report.task]?.attempt ?? 0 else { continue }
            reports[report.task] = report
        }
        for name in try folder.names(in: "collected") where name.hasSuffix(".json") {
            guard let report = try folder.read(TaskReport.self, "collected/" + name) else {
                continue
            }
            reports[report.task] = report
        }
        return Array(reports.values)
    }
}

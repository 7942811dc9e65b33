import ArgumentParser
import Cluster
import Foundation
import Pipelines

/// `vsdb jobs list`.
struct JobsListCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the jobs of the library, the newest first.",
        discussion: "Only the jobs' folders are read; vsdb jobs show asks Slurm."
    )

    @OptionGroup var shared: SharedOptions

    private struct JobRecord: Encodable {
        let id: String
        let kind: String
        let state: String
        let tasks: Int
        let collected: Int
        let created: Date?
        let folder: String
    }

    func run() throws {
        let session = try shared.openSession()
        let records = try JobRegistry(session.library).all().map { record($0, session) }
            .sorted { ($0.created ?? .distantPast) > ($1.created ?? .distantPast) }
        guard !shared.json else {
            try shared.console.print(JSONOutput.document(records))
            return
        }
        guard !records.isEmpty else {
            shared.console.note("no jobs yet; vsdb ingest --cluster slurm makes one")
            return
        }
        var table = TextTable([
            .left("JOB"), .left("WORK"), .left("STATE"), .right("TASKS"), .left("MADE"),
            .cut("FOLDER", to: 12),
        ])
        for record in records {
            table.add([
                record.id, record.kind, record.state, "\(record.collected)/\(record.tasks)",
                record.created?.formatted(.iso8601) ?? "", record.folder,
            ])
        }
        try shared.console.printTable(table)
    }

    /// A job whose folder cannot be read is listed all the same.
    private func record(_ entry: (id: String, folder: String), _ session: Session) -> JobRecord {
        do {
            let (job, collected, isCancelled) = try session.job(in: entry.folder)
            return JobRecord(
                id: entry.id,
                kind: job.ingest == nil ? "render" : "ingest",
                state: collected == job.taskCount ? "done" : isCancelled ? "cancelled" : "open",
                tasks: job.taskCount,
                collected: collected,
                created: job.created,
                folder: entry.folder
            )
        } catch {
            shared.console.warning("job \(entry.id): \(ExitStatus.message(of: error))")
            return JobRecord(
                id: entry.id,
                kind: "",
                state: "unreadable",
                tasks: 0,
                collected: 0,
                created: nil,
                folder: entry.folder
            )
        }
    }
}

import ArgumentParser
import Cluster
import Foundation

/// `vsdb jobs show`.
struct JobsShowCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what every task of a job is doing, and where its log is."
    )

    @OptionGroup var job: JobArgument
    @OptionGroup var shared: SharedOptions

    private struct Record: Encodable {
        let id: String
        let folder: String
        let fraction: Double
        let isCancelled: Bool
        let tasks: [JobState.Task]
    }

    func run() throws {
        let console = shared.console
        let state = try shared.openSession().jobState(job.id)
        if let silence = state.silence { console.warning(silence) }
        guard !shared.json else {
            try console.print(
                JSONOutput.document(
                    Record(
                        id: state.job.id,
                        folder: state.folder,
                        fraction: state.fraction,
                        isCancelled: state.isCancelled,
                        tasks: state.tasks
                    )
                )
            )
            return
        }
        try console.print("\(state.job.title)\nfolder  \(state.folder)")
        try console.print(
            "state   \(JobReporter.summary(of: state))\(state.isCancelled ? ", cancelled" : "")"
        )
        var table = TextTable([
            .right("TASK"), .left("STATE"), .right("DONE"), .right("TRIES"), .left("NODE"),
            .cut("REASON", to: 12), .left("LOG"),
        ])
        for task in state.tasks {
            let log = task.log.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }
            table.add([
                String(task.number), task.phase.rawValue, "\(Int(task.fraction * 100)) %",
                String(task.attempts), task.node ?? "", task.reason ?? "",
                log.map { ($0 as NSString).lastPathComponent } ?? "",
            ])
        }
        try console.printTable(table)
        console.detail("logs are in \(state.folder)/logs")
    }
}

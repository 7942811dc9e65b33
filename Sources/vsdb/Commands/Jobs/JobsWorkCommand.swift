import ArgumentParser
import Cluster
import Foundation
import Pipelines

/// `vsdb jobs work`: what the script of a job runs on a node.
struct JobsWorkCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "work",
        abstract: "Do one task of a job here; what the job's script runs on a node.",
        discussion: """
            Works in TMPDIR, or /tmp, which has to be a disk of the node's own. A task that is done \
            already is not done again. Asked to stop by SIGTERM, it hands in the clips it has, and \
            the next attempt goes on from there.
            """
    )

    @Argument(help: ArgumentHelp("The job's folder.", valueName: "folder"))
    var folder: String

    @Argument(help: ArgumentHelp("The task's number.", valueName: "task"))
    var task: Int

    @OptionGroup var shared: SharedOptions

    func run() throws {
        if let threads = shared.threads { Pipelines.setThreadCount(threads) }
        let console = shared.console
        let worker = try TaskWorker(
            folder: folder,
            task: task,
            environment: ProcessInfo.processInfo.environment,
            cancellation: Interruption.install()
        ) { text in
            console.note("\(Date().formatted(.iso8601)) \(text)")
        }
        switch try worker.run() {
        case .done: return
        case .partial: throw Interruption.status
        case .givenUp: throw ExitStatus.failed
        }
    }
}

import ArgumentParser
import Cluster

/// `vsdb jobs cancel`.
struct JobsCancelCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "End the tasks of a job; what they published stays.",
        discussion:
            "vsdb jobs attach takes what was published, vsdb jobs retry goes on with the rest."
    )

    @OptionGroup var job: JobArgument
    @OptionGroup var shared: SharedOptions

    func run() throws {
        let id = try shared.openSession().cancelJob(job.id)
        shared.console.note(
            "job \(id) is cancelled; vsdb jobs attach \(id) takes what was published"
        )
    }
}

import ArgumentParser
import Cluster

/// `vsdb jobs remove`.
struct JobsRemoveCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Delete the folder of a job that is over, with its logs.",
        discussion: "Clips that came into the library stay there."
    )

    @OptionGroup var job: JobArgument
    @OptionGroup var shared: SharedOptions

    func run() throws {
        try shared.openSession().removeJob(job.id)
        shared.console.note("removed")
    }
}

import ArgumentParser
import Cluster

/// `vsdb jobs attach`.
struct JobsAttachCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Follow a job again: take its results, send again what failed.",
        discussion: """
            Whatever happened to the one who followed it before, nothing is done twice and nothing \
            is lost. Ctrl-C leaves the job to itself.
            """
    )

    @OptionGroup var job: JobArgument
    @OptionGroup var shared: SharedOptions

    func run() throws {
        let session = try shared.openSession()
        try ClusterWork(session: session, shared: shared).follow(job.id, Interruption.install())
    }
}

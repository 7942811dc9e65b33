import ArgumentParser
import Cluster

/// `vsdb jobs retry`.
struct JobsRetryCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract:
            "Send the tasks of a job again that failed for good or were cancelled, and follow it.",
        discussion: "The job's script, job.sh in its folder, may have been edited in between."
    )

    @OptionGroup var job: JobArgument

    @Flag(help: "Send the tasks and leave; vsdb jobs attach takes their results later.")
    var detach = false

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let session = try shared.openSession()
        let cancellation = Interruption.install()
        let again = try session.allowRetry(job.id)
        guard !again.isEmpty else {
            shared.console.note("no task of the job failed; vsdb jobs attach \(job.id) follows it")
            return
        }
        guard detach else {
            try ClusterWork(session: session, shared: shared).follow(job.id, cancellation)
            return
        }
        let follower = try JobFollower(session, job: job.id)
        let reporter = JobReporter(console: shared.console, isJSON: shared.json)
        try follower.send { try reporter.report($0) }
    }
}

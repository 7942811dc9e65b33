import ArgumentParser

/// `vsdb jobs`.
struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Look after the work that a cluster does for the library.",
        discussion: """
            vsdb ingest --cluster slurm and vsdb render --cluster slurm make jobs. The one who \
            started a job may leave with Ctrl-C: its tasks go on, and what they publish waits in \
            the job's folder.

              vsdb jobs list
              vsdb jobs show 3f2a
              vsdb jobs attach 3f2a
              vsdb jobs retry 3f2a
            """,
        subcommands: [
            JobsListCommand.self, JobsShowCommand.self, JobsAttachCommand.self,
            JobsCancelCommand.self, JobsRetryCommand.self, JobsRemoveCommand.self,
            JobsWorkCommand.self,
        ]
    )
}

/// A command about one job.
struct JobArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The job's id, or its first digits.", valueName: "job"))
    var id: String
}

/// How work is sent to a cluster.
public struct JobOptions: Sendable {
    /// How many tasks are wanted; nil for as many as are worth it.
    public var taskCount: Int?
    /// What the job asks of Slurm.
    public var slurm = SlurmOptions()
    /// How often a task that failed is tried again.
    public var retries = 2
    /// The folder for the job's folder, on a disk that every node sees.
    public var folder: String
    /// The vsdb that tasks run, on a disk that every node sees.
    public var program: String

    /// The largest number of tasks, and of retries.
    static let (taskLimit, retryLimit) = (ShardPlan.shardLimit, 100)

    /// Jobs in a folder, done by a program.
    public init(folder: String, program: String) {
        (self.folder, self.program) = (folder, program)
    }

    /// Refuses options that cannot be carried out.
    func validate() throws {
        try slurm.validate()
        // Slurm has a meaning of its own for them in the names of files.
        guard folder.allSatisfy({ !"%\\\"".contains($0) && !$0.isNewline }) else {
            throw ClusterError(
                .badRequest,
                "--job-folder \"\(folder)\": Slurm takes no folder with %, \\, \" or a line break in its name"
            )
        }
        if let taskCount, !(1...Self.taskLimit).contains(taskCount) {
            throw ClusterError(
                .badRequest,
                "--shards \(taskCount): give a number from 1 to \(Self.taskLimit), the size of an array in Slurm"
            )
        }
        guard (0...Self.retryLimit).contains(retries) else {
            throw ClusterError(
                .badRequest,
                "--retries \(retries): give a number from 0 to \(Self.retryLimit)"
            )
        }
    }
}

/// A job that was planned.
public struct PlannedJob: Sendable {
    /// What it is.
    public let job: ClusterJob
    /// Its folder; not there yet if it was only planned.
    public let folder: String
    /// The script that Slurm runs.
    public let script: String
    /// What every task does, in a line.
    public let tasks: [String]
}

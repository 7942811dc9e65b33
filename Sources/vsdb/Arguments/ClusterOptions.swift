import ArgumentParser
import Cluster
import Foundation

/// The engines that can do the work instead of this machine.
enum EngineArgument: String, ExpressibleByArgument, CaseIterable {
    case slurm
}

/// Whether work goes to a cluster, and what is asked of it.
struct ClusterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Let a cluster do the work, in tasks; the engine's name.",
            valueName: "engine"
        )
    )
    var cluster: EngineArgument?

    @Option(
        help: ArgumentHelp(
            "How many tasks; as many as are worth a minute or more if not given.",
            valueName: "n"
        )
    )
    var shards: Int?

    @Option(help: ArgumentHelp("The partition; else the cluster's default.", valueName: "name"))
    var partition: String?

    @Option(
        help: ArgumentHelp(
            "The longest time of a task, as sbatch takes it: minutes, or 2:00:00.",
            valueName: "time"
        )
    )
    var time: String?

    @Option(help: ArgumentHelp("Memory of a task, as sbatch takes it: 4G.", valueName: "size"))
    var mem: String?

    @Option(help: ArgumentHelp("Cores of a task; 2 if not given.", valueName: "n"))
    var cpus: Int?

    @Option(
        name: .customLong("sbatch-arg"),
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A further argument of sbatch, as --account=film; repeatable.",
            valueName: "argument"
        )
    )
    var sbatchArguments: [String] = []

    @Option(
        help: ArgumentHelp(
            "How often a failed task is tried again; 2 if not given.",
            valueName: "n"
        )
    )
    var retries: Int?

    @Option(
        name: .customLong("job-folder"),
        help: ArgumentHelp(
            "Where jobs keep their files, on a disk that every node sees; ./vsdb-jobs if not given.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var jobFolder: String?

    @Flag(help: "Send the tasks and leave; vsdb jobs attach takes their results later.")
    var detach = false

    @Flag(help: "Print the script that Slurm would run, and write nothing.")
    var dryRun = false

    mutating func validate() throws {
        guard cluster == nil else { return }
        let given: [(String, Bool)] = [
            ("--shards", shards != nil), ("--partition", partition != nil), ("--time", time != nil),
            ("--mem", mem != nil), ("--cpus", cpus != nil),
            ("--sbatch-arg", !sbatchArguments.isEmpty), ("--retries", retries != nil),
            ("--job-folder", jobFolder != nil), ("--detach", detach), ("--dry-run", dryRun),
        ]
        if let option = given.first(where: \.1)?.0 {
            throw ValidationError("\(option) is for work on a cluster: give --cluster slurm too")
        }
    }

    /// The same for the planner.
    func options() throws -> JobOptions {
        let folder = URL(fileURLWithPath: jobFolder ?? "vsdb-jobs").standardizedFileURL.path
        var options = JobOptions(folder: folder, program: try Self.program())
        options.taskCount = shards
        options.retries = retries ?? options.retries
        options.slurm.partition = partition
        options.slurm.time = time
        options.slurm.memory = mem
        options.slurm.cores = cpus ?? options.slurm.cores
        options.slurm.arguments = sbatchArguments
        return options
    }

    /// This program, as tasks start it.
    private static func program() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}

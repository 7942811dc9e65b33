/// What a job asks of Slurm.
public struct SlurmOptions: Codable, Sendable, Hashable {
    /// The partition; nil for the cluster's default.
    public var partition: String?
    /// The longest time of a task as sbatch takes it, such as `30` minutes or `2:00:00`.
    public var time: String?
    /// Memory of a task, such as `4G`.
    public var memory: String?
    /// Cores of a task.
    public var cores = 2
    /// Further arguments of sbatch, each as `--key=value`.
    public var arguments: [String] = []

    /// Two cores a task and the cluster's defaults.
    public init() {}

    /// Refuses what would break out of its line of the script.
    func validate() throws {
        guard (1...1_024).contains(cores) else {
            throw ClusterError(.badRequest, "--cpus \(cores): give a number from 1 to 1024")
        }
        for (flag, value) in [
            ("--partition", partition), ("--time", time), ("--mem", memory),
        ] {
            guard let value else { continue }
            guard !value.isEmpty, value.allSatisfy({ !$0.isWhitespace && $0 != "'" && $0 != "\"" })
            else {
                throw ClusterError(
                    .badRequest,
                    "\(flag) \"\(value)\": give one word, as sbatch takes it"
                )
            }
        }
        for argument in arguments {
            let isOne = argument.allSatisfy { !$0.isWhitespace && !"\"'\\#".contains($0) }
            guard argument.hasPrefix("-"), isOne else {
                throw ClusterError(
                    .badRequest,
                    "--sbatch-arg \"\(argument)\": give an argument of sbatch without white space or quotes, such "
                        + "as --account=film; others can be written into the job's script"
                )
            }
            let key = argument.prefix { $0 != "=" }
            guard !["--array", "-a", "--job-name", "-J", "--output", "-o"].contains(key) else {
                throw ClusterError(
                    .badRequest,
                    "--sbatch-arg \"\(argument)\": vsdb sets that itself"
                )
            }
        }
    }
}

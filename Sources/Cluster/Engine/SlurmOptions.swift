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

extension SlurmOptions {
    /// How long before its time limit a task is asked to stop and to hand in what it has.
    ///
    /// A minute; of a limit under four minutes a quarter, so that most of it is left for work. Slurm looks at its tasks
    /// twice a minute and may ask half a minute earlier.
    package var noticeSeconds: Int { min(60, (limitSeconds ?? .max) / 4) }

    /// The time limit as sbatch reads it, in whole minutes; nil for none, or for what is not a time.
    private var limitSeconds: Int? {
        let key = "--time="
        // A later line of the script holds.
        let argument = arguments.last { $0.hasPrefix(key) }?.dropFirst(key.count)
        guard let text = argument.map(String.init) ?? time else { return nil }
        let halves = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers =
            halves.last?.split(separator: ":", omittingEmptySubsequences: false)
            .map { UInt32($0).map(Double.init) } ?? []
        let given = numbers.compactMap { $0 }
        guard given.count == numbers.count, halves.count <= 2, (1...3).contains(given.count) else {
            return nil
        }
        var seconds = 0.0
        if halves.count == 2 {
            // Days, hours, minutes, seconds.
            guard let days = UInt32(halves[0]) else { return nil }
            seconds = Double(days) * 86_400
            for (value, unit) in zip(given, [3_600.0, 60, 1]) { seconds += value * unit }
        } else {
            // Minutes, or minutes and seconds, or hours too.
            let units = given.count == 3 ? [3_600.0, 60, 1] : [60, 1]
            for (value, unit) in zip(given, units) { seconds += value * unit }
        }
        return seconds == 0 ? nil : Int((seconds / 60).rounded(.up)) * 60
    }
}

internal import Foundation

/// The engine, by its own programs: sbatch, squeue, sacct, scancel.
///
/// A job is asked for by its name, which holds its id and is nobody else's: what was sent is found again even if
/// whoever sent it was killed before it could note the number.
public struct Slurm: Sendable {
    /// A task of an array as the controller or the accounting knows it.
    struct QueuedTask: Sendable, Hashable {
        let task: Int
        /// The array's number.
        let array: String
        /// As `RUNNING`.
        let state: String
        let node: String?
        /// Why it waits or ended, as `NodeDown`.
        let reason: String?

        /// Whether it runs or will run.
        var isActive: Bool { !Self.ended.contains(state) }

        private static let ended: Set<String> = [
            "BOOT_FAIL", Slurm.cancelled, "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL",
            "OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT",
        ]
    }

    /// The state of a task that was taken out of the queue, or ended, by scancel.
    static let cancelled = "CANCELLED"

    /// How long a program may take; the controller of a large cluster is busy at times.
    private static let patience = 60.0

    /// The engine on this machine's PATH.
    public init() {}

    /// Refuses work while the engine's programs are not there.
    ///
    /// - Throws: `ClusterError`, `.engine`.
    public func requireClient() throws {
        // It asks nobody, but waits a minute for a configuration that is not there.
        let result = try Invocation.run("sbatch", ["--version"], seconds: 10)
        guard result.status == 0 else {
            throw ClusterError(.engine, "sbatch: \(Self.message(result))")
        }
    }

    /// Sends tasks of a job.
    ///
    /// - Parameters:
    ///   - script: The job's script.
    ///   - tasks: Their numbers.
    ///   - job: The job.
    ///   - nodes: Where they should not run, if there are others.
    /// - Returns: The array's number.
    /// - Throws: `ClusterError`: `.refused` with what sbatch said, or `.engine`.
    func submit(
        _ script: String,
        tasks: [Int],
        of job: ClusterJob,
        avoiding nodes: Set<String>
    ) throws -> String {
        var arguments = [
            "--parsable", "--array=\(Self.ranges(tasks))", "--job-name=\(job.slurmName)",
        ]
        if !nodes.isEmpty, !usableNodes(job).isSubset(of: nodes) {
            arguments.append("--exclude=\(nodes.sorted().joined(separator: ","))")
        }
        let result = try Invocation.run("sbatch", arguments + [script], seconds: Self.patience)
        // "17" or "17;cluster"
        let number = result.output.split(whereSeparator: { $0 == ";" || $0.isWhitespace }).first
        guard result.status == 0 else {
            throw ClusterError(.refused, "sbatch refused job \(job.id): \(Self.message(result))")
        }
        guard let number, Int(number) != nil else {
            throw ClusterError(
                .engine,
                "sbatch took job \(job.id) and answered \"\(result.output)\", not the number of an array; see "
                    + "squeue, then vsdb jobs attach \(job.id)"
            )
        }
        return String(number)
    }

    /// The nodes of the job's partition that are up; none if that cannot be found out.
    private func usableNodes(_ job: ClusterJob) -> Set<String> {
        let partition = job.slurm.partition.map { ["--partition=\($0)"] } ?? []
        guard
            let result = try? Invocation.run(
                "sinfo",
                ["--noheader", "--Node", "--format=%N", "--states=idle,alloc,mix"] + partition,
                seconds: Self.patience
            ), result.status == 0
        else { return [] }
        return Set(result.output.split(whereSeparator: \.isWhitespace).map(String.init))
    }

    /// The tasks of a job that the controller knows; it forgets ended ones after some minutes.
    ///
    /// - Throws: `ClusterError`, `.engine` if it does not answer.
    func queue(of job: ClusterJob) throws -> [QueuedTask] {
        let result = try Invocation.run(
            "squeue",
            [
                "--array", "--noheader", "--states=all", "--name=\(job.slurmName)",
                "--format=%K|%F|%T|%N|%r",
            ],
            seconds: Self.patience
        )
        guard result.status == 0 else {
            throw ClusterError(.engine, "squeue: \(Self.message(result))")
        }
        return result.output.split(separator: "\n").compactMap { line in
            let words = line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard words.count == 5, let task = Int(words[0]) else { return nil }
            return QueuedTask(
                task: task,
                array: words[1],
                state: words[2],
                node: words[3].isEmpty ? nil : words[3],
                reason: ["", "None"].contains(words[4]) ? nil : words[4]
            )
        }
    }

    /// The ended tasks of a job from the accounting; empty where the cluster keeps none.
    func accounted(_ job: ClusterJob) -> [QueuedTask] {
        let began = job.created.formatted(
            .verbatim(
                "\(year: .defaultDigits)-\(month: .twoDigits)-\(day: .twoDigits)",
                timeZone: .gmt,
                calendar: Calendar(identifier: .gregorian)
            )
        )
        guard
            let result = try? Invocation.run(
                "sacct",
                [
                    "--noheader", "--parsable2", "--allocations", "--array",
                    "--name=\(job.slurmName)", "--starttime=\(began)",
                    "--format=JobID,State,NodeList",
                ],
                seconds: Self.patience
            ), result.status == 0
        else { return [] }
        return result.output.split(separator: "\n").compactMap { line in
            let words = line.split(separator: "|", omittingEmptySubsequences: false)
            // "17_3|TIMEOUT|n1", "17_4|CANCELLED by 0|None assigned"
            guard words.count == 3 else { return nil }
            let numbers = words[0].split(separator: "_")
            guard numbers.count == 2, let task = Int(numbers[1]) else { return nil }
            return QueuedTask(
                task: task,
                array: String(numbers[0]),
                state: words[1].split(separator: " ").first.map(String.init) ?? "",
                node: words[2].hasPrefix("None") ? nil : String(words[2]),
                reason: nil
            )
        }
    }

    /// Takes all tasks of a job out of the queue and ends those that run.
    ///
    /// - Throws: `ClusterError`, `.engine` with what scancel said.
    func cancel(jobNamed name: String) throws {
        let result = try Invocation.run(
            "scancel",
            ["--name=\(name)"],
            seconds: Self.patience
        )
        guard result.status == 0 else {
            throw ClusterError(.engine, "scancel: \(Self.message(result))")
        }
    }

    private static func message(_ result: Invocation.Outcome) -> String {
        let lines = result.errors.split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        return lines.isEmpty ? "it ended with \(result.status)" : lines.joined(separator: "; ")
    }

    /// Numbers as sbatch takes them, as in `0-3,7`.
    package static func ranges(_ numbers: [Int]) -> String {
        var parts: [ClosedRange<Int>] = []
        for number in Set(numbers).sorted() {
            if let last = parts.last, last.upperBound + 1 == number {
                parts[parts.count - 1] = last.lowerBound...number
            } else {
                parts.append(number...number)
            }
        }
        return parts.map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
        }
        .joined(separator: ",")
    }
}

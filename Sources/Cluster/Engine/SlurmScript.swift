internal import Foundation

/// The script that Slurm runs for every task of a job, for people to read and to edit.
struct SlurmScript {
    let job: ClusterJob
    /// The job's folder, which every node sees.
    let folder: String
    /// The vsdb that the tasks run, which every node sees.
    let program: String

    /// The text of the file.
    var text: String {
        var lines = ["#!/bin/bash", "# \(job.title)"]
        lines += [
            "#",
            "# Edit this file as you like; tasks that are sent from now on use it (vsdb jobs retry \(job.id)).",
            "# Every array task is one task of the job: tasks/NNNN.json says what it does.",
            "",
            "#SBATCH --job-name=\(job.slurmName)",
            "#SBATCH --output=\(Self.quoted(folder + "/logs/%a.%A.log"))",
            "#SBATCH --open-mode=append",
            "#SBATCH --requeue",
            "#SBATCH --ntasks=1",
            "#SBATCH --cpus-per-task=\(job.slurm.cores)",
            "#SBATCH --signal=B:TERM@\(job.slurm.noticeSeconds)",
        ]
        for (key, value) in [
            ("partition", job.slurm.partition), ("time", job.slurm.time), ("mem", job.slurm.memory),
        ] {
            if let value { lines.append("#SBATCH --\(key)=\(value)") }
        }
        lines += job.slurm.arguments.map { "#SBATCH \($0)" }
        lines += [
            "",
            "set -euo pipefail",
            "vsdb=\(Self.shellQuoted(program))",
            "job=\(Self.shellQuoted(folder))",
            "",
            "# vsdb stands in the shell's place, so that Slurm's signals reach it.",
            "# It works in TMPDIR, or /tmp, which has to be a disk of the node's own.",
            "exec \"$vsdb\" jobs work \"$job\" \"$SLURM_ARRAY_TASK_ID\" --threads \"${SLURM_CPUS_PER_TASK:-\(job.slurm.cores)}\"",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// As sbatch reads it in a comment.
    private static func quoted(_ path: String) -> String {
        path.contains(where: { $0.isWhitespace || $0 == "#" }) ? "\"\(path)\"" : path
    }

    private static func shellQuoted(_ text: String) -> String {
        "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}

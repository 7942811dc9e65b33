import Foundation

/// Programs called sbatch, squeue and scancel that run the tasks of an array here, one after another.
///
/// They stand in for Slurm where it is not installed: `make test-cluster` runs on the real one. Before each task they
/// source `hook`, in which a test can make the task fail, wait or die; `$task`, `$run` (counted from 0) and `$state`
/// are set.
final class StandInSlurm: Sendable {
    let folder: String

    init(in workspace: Workspace) throws {
        folder = workspace.path("slurm")
        let files = FileManager.default
        try files.createDirectory(atPath: folder + "/state", withIntermediateDirectories: true)
        for (name, text) in [
            ("sbatch", Self.sbatch), ("squeue", Self.squeue), ("scancel", Self.scancel),
            ("sacct", "#!/bin/bash\necho accounting is disabled >&2; exit 1\n"),
        ] {
            let path = folder + "/" + name
            try Data(text.utf8).write(to: URL(filePath: path))
            try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        try hook("")
    }

    deinit { try? run("scancel", ["--all"]) }

    /// What a command needs to find the programs.
    var environment: [String: String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return ["PATH": folder + ":" + path]
    }

    /// Replaces what is done before each task.
    func hook(_ text: String) throws {
        // The last command of a sourced file may stand in the subshell's place, and end it: it is one that does nothing.
        try Data((text + "\n:\n").utf8)
            .write(to: URL(filePath: folder + "/hook"), options: .atomic)
    }

    /// Lets sbatch refuse what it gets, or take it again.
    func refuse(_ reason: String?) throws {
        let file = URL(filePath: folder + "/refuse")
        if let reason {
            try Data(reason.utf8).write(to: file)
        } else {
            try FileManager.default.removeItem(at: file)
        }
    }

    /// Cancels one task, as `scancel 101_1` does.
    func cancel(_ task: Int) throws { try run("scancel", ["101_\(task)"]) }

    /// Forgets the tasks that ended, as the controller does after some minutes.
    func forget() throws {
        let state = folder + "/state"
        for name in try FileManager.default.contentsOfDirectory(atPath: state) {
            let line = try String(contentsOfFile: state + "/" + name, encoding: .utf8)
            guard name.wholeMatch(of: /\d+\.\d+/) != nil,
                !line.contains("|PENDING|"), !line.contains("|RUNNING|")
            else { continue }
            try FileManager.default.removeItem(atPath: state + "/" + name)
        }
    }

    /// How many tasks were started so far.
    var startCount: Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/state")) ?? []
        return names.count { $0.hasSuffix(".run") }
    }

    private func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: folder + "/" + program)
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
    }

    private static let sbatch = """
        #!/bin/bash
        # State of task N of array A: state/A.N holds "name|STATE|node".
        [[ $1 == --version ]] && { echo a stand-in; exit; }
        here=$(cd "$(dirname "$0")" && pwd); state=$here/state
        for argument in "$@"; do
            case $argument in
            --array=*) array=${argument#--array=} ;;
            --job-name=*) name=${argument#--job-name=} ;;
            --*) ;;
            *) script=$argument ;;
            esac
        done
        # A controller that times out answers nobody.
        grep -qs "timed out" "$here/refuse" && : > "$here/silent"
        [[ -e $here/refuse ]] && { echo "sbatch: error: Batch job submission failed: $(cat "$here/refuse")" >&2; exit 1; }
        id=$(( $(cat "$state/last" 2> /dev/null || echo 100) + 1 )); echo $id > "$state/last"
        tasks=$(for part in ${array//,/ }; do seq "${part%-*}" "${part#*-}"; done)
        output=$(sed -n 's/^#SBATCH --output=//p' "$script" | tr -d '"')
        for task in $tasks; do echo "$name|PENDING|" > "$state/$id.$task"; done
        # A session of its own, so that who sends may be killed with all its group.
        export id name script output state here tasks
        setsid bash -c '
            echo $$ > "$state/$id.runner"
            # Who sent counts as running as long as somebody holds what it inherited.
            for file in /proc/self/fd/*; do
                number=${file##*/}; (( number > 2 )) && eval "exec $number>&-"
            done
            for task in $tasks; do
                [[ $(cut -d"|" -f2 "$state/$id.$task") == PENDING ]] || continue
                node=n$((task % 2 + 1)); log=${output//%A/$id}; log=${log//%a/$task}
                run=$(ls "$state" | grep -c "\\.$task\\.run$"); : > "$state/$id.$task.run"
                echo "$name|RUNNING|$node" > "$state/$id.$task"
                (
                    echo $BASHPID > "$state/$id.$task.process"
                    source "$here/hook"
                    export SLURM_ARRAY_JOB_ID=$id SLURM_ARRAY_TASK_ID=$task SLURMD_NODENAME=$node
                    exec bash "$script"
                ) >> "$log" 2>&1 && result=COMPLETED || result=FAILED
                [[ $(cut -d"|" -f2 "$state/$id.$task") == RUNNING ]] && echo "$name|$result|$node" > "$state/$id.$task"
            done' < /dev/null > /dev/null 2>&1 &
        echo $id

        """

    private static let squeue = """
        #!/bin/bash
        here=$(cd "$(dirname "$0")" && pwd); state=$here/state
        [[ -e $here/silent ]] && { echo "squeue: error: Unable to contact slurm controller" >&2; exit 1; }
        for argument in "$@"; do
            case $argument in --name=*) wanted=${argument#--name=} ;; esac
        done
        for file in "$state"/*.*; do
            [[ $(basename "$file") =~ ^[0-9]+\\.[0-9]+$ ]] || continue
            IFS='|' read -r name phase node < "$file"
            base=$(basename "$file")
            [[ $name == "$wanted" ]] && echo "${base#*.}|${base%.*}|$phase|$node|None"
        done
        exit 0

        """

    private static let scancel = """
        #!/bin/bash
        here=$(cd "$(dirname "$0")" && pwd); state=$here/state
        for argument in "$@"; do
            case $argument in
            --name=*) wanted=${argument#--name=} ;;
            --all) wanted=.all ;;
            *_*)
                task=$state/${argument/_/.}
                IFS='|' read -r name phase node < "$task"
                echo "$name|CANCELLED|$node" > "$task"
                [[ $phase == RUNNING ]] || exit 0
                until [[ -s $task.process ]]; do sleep 0.05; done
                # The shell of the hook does not hear the first.
                process=$(cat "$task.process")
                kill "$process"; sleep 1; kill -9 "$process" 2> /dev/null
                exit 0
                ;;
            esac
        done
        for file in "$state"/*.runner; do
            [[ -e $file ]] || continue
            array=$(basename "$file" .runner)
            mine=no
            for task in "$state/$array".*; do
                [[ $(basename "$task") =~ ^[0-9]+\\.[0-9]+$ ]] || continue
                IFS='|' read -r name phase node < "$task"
                [[ $name == "$wanted" || $wanted == .all ]] || continue
                mine=yes
                [[ $phase == PENDING || $phase == RUNNING ]] && echo "$name|CANCELLED|$node" > "$task"
            done
            # The session of the runner, with whatever it started.
            [[ $mine == yes ]] && pkill -9 -s "$(cat "$file")" 2> /dev/null
        done
        exit 0

        """
}

import Foundation
import Store
import Testing

/// `--cluster` and `vsdb jobs`, on programs that stand in for Slurm's.
struct ClusterCommandTests {
    private let slurm: StandInSlurm
    private let cluster: ClusterWorkspace

    init() throws {
        let workspace = try Workspace()
        slurm = try StandInSlurm(in: workspace)
        cluster = try ClusterWorkspace(workspace, environment: slurm.environment)
    }

    @Test func anIngestInTasksGivesTheRowsOfOneHere() throws {
        let result = try cluster.ingest("--shards", "3", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let collected = try result.jsonLines().filter { $0["event"] as? String == "collected" }
        #expect(collected.count == 3)
        #expect(collected.reduce(0) { $0 + ($1["added"] as? Int ?? 0) } == 9)
        try cluster.expectSameAsHere()
        // What the library has is not sent again.
        let again = try cluster.ingest("--shards", "2")
        #expect(again.status == 0)
        #expect(again.output.contains("0 clips added"))
        #expect(again.errors.contains("0 clips added, 9 known already"))
        let scratch = try FileManager.default.contentsOfDirectory(atPath: "/tmp")
        let job = try cluster.job()
        #expect(!scratch.contains { $0.hasPrefix("vsdb-\(job)") }, "no scratch folder is left")
    }

    @Test func aDryRunPrintsTheScriptAndWritesNothing() throws {
        let result = try cluster.ingest(
            "--dry-run",
            "--time",
            "30",
            "--mem",
            "4G",
            "--partition",
            "long",
            "--sbatch-arg=--account=film",
            "--cpus",
            "3"
        )
        #expect(result.status == 0, "\(result.errors)")
        for line in [
            "#SBATCH --time=30", "#SBATCH --mem=4G", "#SBATCH --partition=long",
            "#SBATCH --account=film", "#SBATCH --cpus-per-task=3", "#SBATCH --requeue",
            "#SBATCH --signal=B:TERM@60",
        ] { #expect(result.output.contains(line + "\n")) }
        #expect(result.output.hasPrefix("#!/bin/bash\n"))
        #expect(!cluster.workspace.has("jobs") && slurm.startCount == 0)
        #expect(try cluster.run(["jobs", "list", "--json"]).output == "[\n\n]\n")
    }

    @Test func aTaskThatFailsIsTriedAgain() throws {
        try slurm.hook("[[ $task == 1 && $run == 0 ]] && exit 7")
        let result = try cluster.ingest("--shards", "2")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("task 1 is sent again"))
        #expect(slurm.startCount == 3)
        try cluster.expectSameAsHere()
    }

    /// A node without a place to work in, and one whose disk has no room.
    @Test(arguments: ["export TMPDIR=$state/none", "ulimit -f 100"])
    func aNodeThatCannotWorkIsNotTheEnd(fault: String) throws {
        try slurm.hook("[[ $task == 0 && $run == 0 ]] && \(fault)")
        let result = try cluster.ingest("--shards", "2")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("task 0 is sent again"))
        #expect(slurm.startCount == 3)
        try cluster.expectSameAsHere()
    }

    @Test func aTaskThatFailsForGoodIsListedAndNothingElseIsLost() throws {
        try slurm.hook("[[ $task == 0 ]] && { echo no disk here; exit 7; }")
        let result = try cluster.ingest("--shards", "2", "--retries", "1")
        #expect(result.status == 3, "\(result.errors)")
        #expect(slurm.startCount == 3, "it was tried twice")
        let log = try #require(result.errors.firstMatch(of: /its log: (\S+)/)?.1)
        #expect(try String(contentsOfFile: String(log), encoding: .utf8).contains("no disk here"))
        #expect(try !cluster.facts("cluster").isEmpty)
        let job = try cluster.job()
        let shown = try cluster.run(["jobs", "show", job, "--json"]).json() as? [String: Any]
        let tasks = try #require(shown?["tasks"] as? [[String: Any]])
        #expect(tasks.map { $0["phase"] as? String } == ["failed", "collected"])

        try slurm.hook("")
        let retried = try cluster.run(["jobs", "retry", job])
        #expect(retried.status == 0, "\(retried.errors)")
        try cluster.expectSameAsHere()
        #expect(try cluster.run(["jobs", "remove", job]).status == 0)
        #expect(try cluster.workspace.names().contains("jobs"))
        #expect(!cluster.workspace.has("jobs/\(job)"))
    }

    @Test func theOneWhoFollowsCanBeKilledAndAnotherGoesOn() throws {
        try slurm.hook("sleep 1")
        let first = try cluster.start(
            ["ingest"] + cluster.request + [
                "--cluster", "slurm", "--job-folder", "jobs", "--shards", "3",
            ]
        )
        wait(for: "a collected task") { first.output.contains("task 0") || !first.isRunning }
        let job = try cluster.job()
        let beside = try cluster.run(["jobs", "attach", job])
        #expect(beside.status == 11, "one at a time: \(beside.errors)")
        first.send(SIGKILL)
        _ = try first.finish(by: SIGKILL)
        let second = try cluster.run(["jobs", "attach", job])
        #expect(second.status == 0, "\(second.errors)")
        #expect(slurm.startCount == 3, "nothing was sent twice")
        try cluster.expectSameAsHere()
    }

    @Test func aJobIsOneRunOfTheLogWhoeverFollowedIt() throws {
        try slurm.hook("sleep 1")
        let first = try cluster.start(
            ["ingest"] + cluster.request + [
                "--cluster", "slurm", "--job-folder", "jobs", "--shards", "3",
            ]
        )
        wait(for: "a collected task") { first.output.contains("task 0") || !first.isRunning }
        first.send(SIGKILL)
        _ = try first.finish(by: SIGKILL)
        let job = try cluster.job()
        let begun = try cluster.ingestRuns()
        #expect(begun.count == 1 && begun[0].finished == nil, "it goes on")
        #expect(try cluster.run(["jobs", "attach", job]).status == 0)
        let ended = try cluster.ingestRuns()
        #expect(ended.count == 1 && ended[0].id == begun[0].id)
        #expect(ended[0].counts == IngestCounts(added: 9), "those of before are its clips, too")
        #expect(ended[0].finished != nil && ended[0].started == begun[0].started)
        #expect(ended[0].requestJSON == #"{"files":4,"job":"\#(job)","tags":["dance"]}"#)
        #expect(try cluster.run(["jobs", "attach", job]).status == 0)
        #expect(try cluster.ingestRuns() == ended, "nothing happened since")

        try slurm.hook("")
        try cluster.workspace.write("no film", to: "films/bad.mp4")
        #expect(try cluster.ingest("--shards", "2").status == 3)
        let runs = try cluster.ingestRuns()
        #expect(runs.count == 2)
        #expect(runs[0].counts == IngestCounts(added: 0, skipped: 9, failed: 1))
    }

    @Test func whoLeavesWithControlCLeavesTheTasks() throws {
        try slurm.hook("sleep 0.5")
        let first = try cluster.start(
            ["ingest"] + cluster.request + [
                "--cluster", "slurm", "--job-folder", "jobs", "--shards", "2",
            ]
        )
        wait(for: "the array") { first.errors.contains("sent") || !first.isRunning }
        first.send(SIGINT)
        let left = try first.finish()
        #expect(left.status == 130)
        let job = try cluster.job()
        #expect(left.errors.contains("vsdb jobs attach \(job)"))
        try wait(for: "the results") {
            try FileManager.default.contentsOfDirectory(
                atPath: cluster.workspace.path("jobs/\(job)/done")
            ).count == 2
        }
        #expect(try cluster.run(["jobs", "attach", job]).status == 0)
        #expect(slurm.startCount == 2)
        try cluster.expectSameAsHere()
    }

    /// As at a time limit: what is done is handed in, and the next attempt goes on from there.
    @Test func aTaskThatIsAskedToStopHandsInWhatItHas() throws {
        let workspace = try Workspace()
        let slurm = try StandInSlurm(in: workspace)
        let cluster = try ClusterWorkspace(
            workspace,
            environment: slurm.environment,
            clipsOfLongFilm: 60
        )
        // As Slurm's --signal does it, once the first attempt has got somewhere; vsdb stands in the script's place.
        try slurm.hook(
            """
            progress=$here/../jobs/*/progress/0000.json
            own=$BASHPID
            [[ $run == 0 ]] && ( until ls $progress; do sleep 0.1; done; kill -TERM $own ) &
            """
        )
        // No retry is allowed, and none is needed: who got somewhere did not fail.
        let result = try cluster.ingest("--shards", "1", "--retries", "0")
        #expect(result.status == 0, "\(result.errors)")
        #expect(slurm.startCount == 2)
        let job = try cluster.job()
        let logs = try FileManager.default.contentsOfDirectory(
            atPath: workspace.path("jobs/\(job)/logs")
        ).map {
            try String(contentsOfFile: workspace.path("jobs/\(job)/logs/\($0)"), encoding: .utf8)
        }
        #expect(logs.contains { $0.contains("asked to stop") })
        #expect(logs.contains { $0.contains("clips of attempt 1 taken over") })
        #expect(result.output.contains("clips added before it was stopped"))
        #expect(result.errors.contains("63 clips added"), "parts count: \(result.errors)")
        #expect(try cluster.ingestRuns().map(\.counts) == [IngestCounts(added: 63)])
        try cluster.expectSameAsHere()
    }

    /// Slurm may begin a task anew whose node it lost sight of, and that goes on all the same.
    @Test func twoAttemptsAtOnceAddNothing() throws {
        try slurm.hook("exit 9")
        #expect(try cluster.ingest("--shards", "1", "--detach", "--retries", "5").status == 0)
        let job = try cluster.job()
        let folder = cluster.workspace.path("jobs/\(job)")
        try wait(for: "the end of the array") {
            try cluster.run(["jobs", "show", job]).output.contains("waiting") == false
        }
        let attempts = try (0..<2).map { _ in
            try cluster.workspace.start(["jobs", "work", folder, "0"])
        }
        for attempt in attempts {
            let result = try attempt.finish()
            #expect(result.status == 0, "\(result.errors)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/done") == ["0000"])
        let third = try cluster.workspace.run(["jobs", "work", folder, "0"])
        #expect(third.status == 0 && third.errors.contains("done already"))
        let attached = try cluster.run(["jobs", "attach", job])
        #expect(
            attached.status == 0 && attached.output.contains("9 clips added"),
            "\(attached.errors)"
        )
        try cluster.expectSameAsHere()
    }

    @Test func aRenderInTasksHasTheBytesOfOneHere() throws {
        #expect(try cluster.run(["ingest"] + cluster.request).status == 0)
        for (name, content) in [("one", "figure00_motion00"), ("two", "figure02_motion02")] {
            let saved = try cluster.run([
                "compose", "--content", content, "--motion", "figure01_motion01", "--frames", "37",
                "--fps", "20", "--save", name,
            ])
            #expect(saved.status == 0, "\(saved.errors)")
        }
        let places = { (folder: String) in
            ["-o", "\(folder)/{name}.mp4", "--sheet", "\(folder)/{name}.png"]
        }
        for folder in ["a", "b"] {
            try FileManager.default.createDirectory(
                atPath: cluster.workspace.path(folder),
                withIntermediateDirectories: false
            )
        }
        #expect(try cluster.run(["render", "one", "two"] + places("a")).status == 0)
        let result = try cluster.run(
            ["render", "one", "two", "--cluster", "slurm", "--job-folder", "jobs", "--shards", "7"]
                + places("b")
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(slurm.startCount > 6, "frames of a film come from several tasks")
        for name in ["one.mp4", "two.mp4", "one.png", "two.png"] {
            let (here, there) = (
                FileManager.default.contents(atPath: cluster.workspace.path("a/" + name)),
                FileManager.default.contents(atPath: cluster.workspace.path("b/" + name))
            )
            #expect(here != nil && here == there, "\(name)")
        }
    }
}

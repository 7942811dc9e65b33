import Foundation
import Store
import Testing

/// Jobs that are cancelled, refused or lose what they work with, on programs that stand in for Slurm's.
struct ClusterTroubleTests {
    private let slurm: StandInSlurm
    private let cluster: ClusterWorkspace

    init() throws {
        let workspace = try Workspace()
        slurm = try StandInSlurm(in: workspace)
        cluster = try ClusterWorkspace(workspace, environment: slurm.environment)
    }

    // MARK: Cancelled

    @Test func aCancelledJobCanGoOn() throws {
        try slurm.hook("[[ $task -gt 0 ]] && sleep 600")
        let sent = try cluster.ingest("--shards", "3", "--detach")
        #expect(sent.status == 0, "\(sent.errors)")
        let job = try cluster.job()
        try wait(for: "the first results") {
            try FileManager.default.contentsOfDirectory(
                atPath: cluster.workspace.path("jobs/\(job)/done")
            ).count == 1
        }
        #expect(try cluster.run(["jobs", "cancel", job]).status == 0)
        try slurm.hook("")
        let taken = try cluster.run(["jobs", "attach", job])
        #expect(taken.status == 1)
        #expect(taken.errors.contains("cancelled"))
        #expect(try !cluster.facts("cluster").isEmpty, "what was published is taken")
        let retried = try cluster.run(["jobs", "retry", job])
        #expect(retried.status == 0, "\(retried.errors)")
        try cluster.expectSameAsHere()
    }

    private struct ShownTask: Decodable {
        let number: Int
        let phase: String
        let reason: String?
    }

    /// What `vsdb jobs show` tells of a job's tasks.
    private func tasks(_ job: String) throws -> [ShownTask] {
        struct Shown: Decodable { let tasks: [ShownTask] }
        let shown = try cluster.run(["jobs", "show", job, "--json"])
        return try JSONDecoder().decode(Shown.self, from: Data(shown.output.utf8)).tasks
    }

    /// Whether Slurm knows of it or has forgotten it.
    @Test(arguments: [false, true])
    func aTaskThatWasCancelledBeforeItBeganIsToldSo(isForgotten: Bool) throws {
        try slurm.hook("[[ $task == 0 ]] && sleep 600")
        #expect(try cluster.ingest("--shards", "3", "--detach", "--retries", "0").status == 0)
        let job = try cluster.job()
        try wait(for: "the first task") { try tasks(job)[0].phase == "running" }
        #expect(try cluster.run(["jobs", "cancel", job]).status == 0)
        if isForgotten { try slurm.forget() }
        let cancelled = try tasks(job)
        #expect(cancelled.map(\.phase) == ["cancelled", "cancelled", "cancelled"])
        #expect(cancelled[2].reason == "it was cancelled before its first attempt began")
        let attached = try cluster.run(["jobs", "attach", job])
        #expect(attached.status == 1 && attached.errors.contains("3 cancelled"))
        #expect(!attached.errors.contains("failed after"), "\(attached.errors)")
        try slurm.hook("")
        let retried = try cluster.run(["jobs", "retry", job])
        #expect(retried.status == 0, "\(retried.errors)")
        #expect(slurm.startCount == 4)
        try cluster.expectSameAsHere()
    }

    /// Somebody who cancels a task by hand does not want it to be sent again.
    @Test func aTaskThatIsCancelledByHandIsNotSentAgain() throws {
        try slurm.hook("[[ $task == 1 && $run == 0 ]] && sleep 600")
        let running = try cluster.start(
            ["ingest"] + cluster.request + [
                "--cluster", "slurm", "--job-folder", "jobs", "--shards", "4",
            ]
        )
        wait(for: "a collected task") { running.output.contains("task 0") || !running.isRunning }
        let job = try cluster.job()
        try wait(for: "the task") { try tasks(job)[1].phase == "running" || !running.isRunning }
        // One that waits and one that runs.
        for task in [3, 1] { try slurm.cancel(task) }
        let result = try running.finish()
        #expect(result.status == 3, "\(result.errors)")
        let words = "it was cancelled outside of vsdb; vsdb jobs retry \(job) sends it again"
        for task in [1, 3] { #expect(result.errors.contains("task \(task): \(words)")) }
        #expect(slurm.startCount == 3)

        // Slurm forgets it, vsdb does not.
        try slurm.forget()
        let attached = try cluster.run(["jobs", "attach", job])
        #expect(attached.status == 3 && attached.errors.contains(words), "\(attached.errors)")
        #expect(slurm.startCount == 3)
        #expect(
            try tasks(job).map(\.phase) == ["collected", "cancelled", "collected", "cancelled"]
        )
        let retried = try cluster.run(["jobs", "retry", job])
        #expect(retried.status == 0, "\(retried.errors)")
        #expect(retried.errors.contains("task 1 is sent again: it was cancelled"))
        #expect(slurm.startCount == 5)
        try cluster.expectSameAsHere()
    }

    // MARK: Lost, silent, refused

    /// What a library takes that is not there any more would be lost: it stays where tasks published it.
    @Test func aLibraryThatIsMovedAwayGetsNothing() throws {
        try slurm.hook("[[ $task -gt 0 ]] && sleep 3")
        let running = try cluster.start(
            ["ingest"] + cluster.request + [
                "--cluster", "slurm", "--job-folder", "jobs", "--shards", "2",
            ]
        )
        wait(for: "a collected task") { running.output.contains("task 0") || !running.isRunning }
        let job = try cluster.job()
        let (library, aside) = (cluster.workspace.path("cluster"), cluster.workspace.path("aside"))
        try FileManager.default.moveItem(atPath: library, toPath: aside)
        let result = try running.finish()
        #expect(result.status == 1 && result.errors.contains("was moved or deleted"))
        #expect(!FileManager.default.fileExists(atPath: library), "nothing new stands in its place")
        try FileManager.default.moveItem(atPath: aside, toPath: library)
        #expect(try cluster.run(["jobs", "attach", job]).status == 0)
        try cluster.expectSameAsHere()
    }

    @Test func aSilentControllerIsAskedAgain() throws {
        try slurm.hook("sleep 0.5")
        let first = try cluster.start(
            ["ingest"] + cluster.request + [
                "--cluster", "slurm", "--job-folder", "jobs", "--shards", "2",
            ]
        )
        wait(for: "the array") { first.errors.contains("sent") || !first.isRunning }
        let silent = slurm.folder + "/silent"
        try Data().write(to: URL(filePath: silent))
        wait(for: "a word about it") { first.errors.contains("asking again") || !first.isRunning }
        try FileManager.default.removeItem(atPath: silent)
        let result = try first.finish()
        #expect(result.status == 0, "\(result.errors)")
        #expect(slurm.startCount == 2, "silence is no failure of tasks")
        try cluster.expectSameAsHere()
    }

    /// A job of which nothing was sent leaves nothing behind, and what else lies beside it stays.
    @Test(arguments: [[], ["--detach"]])
    func whatCannotBeSentIsSaid(options: [String]) throws {
        try slurm.refuse("invalid partition specified: long")
        let request = ["ingest"] + cluster.request + ["--cluster", "slurm", "--partition", "long"]
        let own = cluster.workspace.path("jobs")
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: false)
        try cluster.workspace.write("mine", to: "jobs/note.txt")
        for (folder, place) in [("jobs", "jobs"), ("made/for/it", "made")] {
            let refused = try cluster.run(request + ["--job-folder", folder] + options)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("invalid partition specified: long"))
            #expect(refused.errors.contains("nothing was sent, and the job's folder is deleted"))
            #expect(cluster.workspace.has(place) == (folder == "jobs"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: own) == ["note.txt"])
        #expect(try cluster.run(["jobs", "list", "--json"]).output == "[\n\n]\n")
        #expect(slurm.startCount == 0)
        try slurm.refuse(nil)
        #expect(try cluster.ingest("--partition", "long").status == 0)
        try cluster.expectSameAsHere()
    }

    /// What was sent before goes on, and needs its folder.
    @Test func aRefusalInTheMiddleKeepsTheJob() throws {
        try slurm.hook(
            "[[ $task == 0 && $run == 0 ]] && { echo over quota > $here/refuse; exit 7; }"
        )
        let refused = try cluster.ingest("--shards", "2")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("over quota; tasks that were sent before go on"))
        let job = try cluster.job()
        #expect(refused.errors.contains("send the others with vsdb jobs retry \(job)"))
        let again = try cluster.run(["jobs", "attach", job])
        #expect(again.status == 1 && again.errors.contains("over quota"), "\(again.errors)")
        try slurm.refuse(nil)
        #expect(try cluster.run(["jobs", "retry", job]).status == 0)
        try cluster.expectSameAsHere()
    }

    /// Slurm may have taken what it could not answer for.
    @Test func aRefusalThatSlurmDoesNotStandByKeepsTheJob() throws {
        try slurm.refuse("Socket timed out on send/recv operation")
        let refused = try cluster.ingest("--shards", "2")
        #expect(refused.status == 1 && refused.errors.contains("the job's folder stays"))
        try FileManager.default.removeItem(atPath: slurm.folder + "/silent")
        try slurm.refuse(nil)
        #expect(try cluster.run(["jobs", "retry", try cluster.job()]).status == 0)
        try cluster.expectSameAsHere()
    }

    /// What a planner leaves that is killed just before its draft gets its name is collected by the next one, or by gc.
    @Test func theDraftOfAKilledPlannerIsCollected() throws {
        let files = FileManager.default
        try slurm.hook("exit 9")
        func draft(hoursOld hours: Double) throws -> (job: String, path: String) {
            #expect(try cluster.ingest("--detach").status == 0)
            let job = try cluster.job()
            let path = cluster.workspace.path("jobs/.\(job).draft")
            try files.moveItem(atPath: cluster.workspace.path("jobs/\(job)"), toPath: path)
            try files.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -3600 * hours)],
                ofItemAtPath: path
            )
            return (job, path)
        }
        let young = try draft(hoursOld: 0.9)
        let held = try draft(hoursOld: 30)
        // As its maker holds it, until the kernel sees the end of it.
        let claim = open(cluster.workspace.path("cluster/jobs/\(held.job).json"), O_RDONLY)
        #expect(claim >= 0 && flock(claim, LOCK_EX) == 0)
        let old = try draft(hoursOld: 1.1)
        #expect(try cluster.run(["jobs", "list", "--json"]).output == "[\n\n]\n")
        let dry = try cluster.run(["gc", "--dry-run", "--json"]).json() as? [String: Any]
        let found = try #require(dry?["leftovers"] as? [String])
        #expect(found.map { ($0 as NSString).lastPathComponent } == [".\(old.job).draft"])
        #expect(files.fileExists(atPath: old.path))

        #expect(try cluster.ingest("--detach").status == 0)
        let left = { (drafts: [(job: String, path: String)]) in
            drafts.filter { draft in
                let entry = cluster.workspace.path("cluster/jobs/\(draft.job).json")
                let isThere = files.fileExists(atPath: draft.path)
                #expect(files.fileExists(atPath: entry) == isThere, "it goes with its entry")
                return isThere
            }.map(\.path)
        }
        #expect(left([young, held, old]) == [young.path, held.path])
        close(claim)
        let collected = try cluster.run(["gc"])
        #expect(collected.output.contains("/jobs/.\(held.job).draft\n"), "\(collected.output)")
        #expect(left([young, held]) == [young.path])
    }

    @Test func aMachineWithoutSlurmIsTold() throws {
        let absent = try cluster.workspace.run(
            ["ingest"] + cluster.request + [
                "--cluster", "slurm", "--job-folder", "jobs", "--library", "here",
            ],
            environment: ["PATH": "/nonexistent"]
        )
        #expect(absent.status == 1 && absent.errors.contains("slurm-client"), "\(absent.errors)")
    }

    @Test(
        arguments: [
            (["jobs", "attach", "00000000"], 12, "no job"),
            (["jobs", "show", "x"], 12, "no job"),
            (["jobs", "work", "nowhere", "0"], 12, "no folder of a job"),
            (["ingest", "films", "--shards", "2"], 64, "give --cluster slurm too"),
            (["ingest", "films", "--cluster", "slurm", "--shards", "0"], 64, "--shards 0"),
            (["ingest", "films", "--cluster", "slurm", "--time", "a b"], 64, "--time"),
            (["ingest", "films", "--cluster", "slurm", "--retries", "-1"], 64, "--retries"),
            (
                ["ingest", "films", "--cluster", "slurm", "--sbatch-arg", "account"], 64,
                "--sbatch-arg"
            ),
            (
                ["ingest", "films", "--cluster", "slurm", "--sbatch-arg=--array=1"], 64,
                "sets that itself"
            ),
            (["ingest", "films", "--cluster", "slurm", "--job-folder", "a%j"], 64, "--job-folder"),
            (["ingest", "none", "--cluster", "pbs"], 64, "pbs"),
            (["render", "none", "--cluster", "slurm", "-o", "x.mp4"], 12, "none"),
        ]
    )
    func badRequestsAreRefused(_ arguments: [String], _ status: Int32, _ words: String) throws {
        let result = try cluster.run(arguments)
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains(words), "\(result.errors)")
        #expect(slurm.startCount == 0)
    }

    /// A bad film is its own failure, and the rest of its shard goes on.
    @Test func aBadFilmIsNamed() throws {
        try cluster.workspace.write("no film", to: "films/bad.mp4")
        let result = try cluster.ingest("--shards", "2")
        #expect(result.status == 3)
        #expect(result.errors.contains("films/bad.mp4"))
        #expect(result.errors.contains("9 clips added, 1 file failed"))
    }
}

import Foundation
import Testing

/// `--cluster` and `vsdb jobs` on a Slurm of two nodes, which `make test-cluster` brings up.
@Suite(
    .serialized,
    .enabled(
        if: ProcessInfo.processInfo.environment["VSDB_SLURM"] != nil,
        "no Slurm here; make test-cluster brings one up"
    )
)
struct RealSlurmTests {
    private let cluster: ClusterWorkspace
    private let place = ProcessInfo.processInfo.environment["VSDB_SLURM"] ?? ""

    /// Work enough for eight tasks of some seconds each.
    init() throws {
        cluster = try ClusterWorkspace(Workspace(), environment: [:], clipsOfLongFilm: 80)
    }

    private func slurm(_ arguments: String...) throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "cluster/slurm.sh").path
        let words = [arguments[0], place] + arguments.dropFirst()
        let result = try cluster.workspace.shell("'\(script)' \(words.joined(separator: " "))")
        #expect(result.status == 0, "\(result.errors)")
    }

    private func startIngest() throws -> RunningCommand {
        try cluster.start(
            ["ingest"] + cluster.request + [
                "--cluster", "slurm", "--job-folder", "jobs", "--shards", "8", "--json",
            ]
        )
    }

    private struct Attempt: Decodable {
        let node: String
        let started: Date
        let outcome: String?
    }

    /// All attempts of a job's tasks.
    private func attempts(_ job: String) throws -> [Attempt] {
        let folder = cluster.workspace.path("jobs/\(job)/attempts")
        return try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".json") }
            .compactMap { name in
                let data = try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
                let decoder = JSONDecoder()
                decoder.dateDecodingStrategy = .iso8601
                // A claim is empty for a moment.
                return data.isEmpty ? nil : try decoder.decode(Attempt.self, from: data)
            }
    }

    @Test func anIngestInEightShards() throws {
        let result = try startIngest().finish()
        #expect(result.status == 0, "\(result.errors)")
        let nodes = Set(try attempts(try cluster.job()).map(\.node))
        #expect(nodes == ["n1", "n2"], "both nodes worked")
        try cluster.expectSameAsHere()
    }

    /// Waits until a node has begun a task, of some seconds, while the job is on its way.
    private func waitForWork(on node: String, _ running: RunningCommand) throws {
        while running.isRunning {
            if running.output.contains(#""event":"collected""#) {
                let job = try cluster.job()
                let hasBegun = try attempts(job).contains {
                    $0.node == node && $0.outcome == nil && $0.started.timeIntervalSinceNow > -2
                }
                if hasBegun { return }
            }
            usleep(20_000)
        }
        Issue.record("the job was over before \(node) could be killed")
    }

    @Test func aNodeIsLostInTheMiddle() throws {
        let running = try startIngest()
        try waitForWork(on: "n2", running)
        try slurm("kill", "n2", "all")
        let result = try running.finish()
        #expect(result.status == 0, "\(result.errors)")
        let died = try attempts(try cluster.job()).filter { $0.outcome == nil }
        #expect(!died.isEmpty && died.allSatisfy { $0.node == "n2" }, "its task died with it")
        try cluster.expectSameAsHere()
        try slurm("node", "n2")
    }

    /// Slurm loses sight of the node, whose task goes on and publishes.
    @Test func onlyTheDaemonOfANodeDies() throws {
        let running = try startIngest()
        try waitForWork(on: "n2", running)
        try slurm("kill", "n2")
        let result = try running.finish()
        #expect(result.status == 0, "\(result.errors)")
        #expect(try attempts(try cluster.job()).allSatisfy { $0.outcome == "done" })
        try cluster.expectSameAsHere()
        try slurm("node", "n2")
    }

    @Test func aCancelledJobGoesOn() throws {
        let running = try startIngest()
        try waitForWork(on: "n1", running)
        let job = try cluster.job()
        #expect(try cluster.run(["jobs", "cancel", job]).status == 0)
        let cancelled = try running.finish()
        #expect(cancelled.status == 1 && cancelled.errors.contains("cancelled"))
        let retried = try cluster.run(["jobs", "retry", job])
        #expect(retried.status == 0, "\(retried.errors)")
        try cluster.expectSameAsHere()
    }

    @Test func aTaskThatIsCancelledByHandIsNotSentAgain() throws {
        let running = try startIngest()
        try waitForWork(on: "n1", running)
        let job = try cluster.job()
        let cancelled = try cluster.workspace.shell(
            "scancel $(squeue -h --array --states=running --name=vsdb-\(job) --nodelist=n1 --format=%i)"
        )
        #expect(cancelled.status == 0, "\(cancelled.errors)")
        let result = try running.finish()
        #expect(result.status == 3 && result.errors.contains("cancelled outside of vsdb"))
        let retried = try cluster.run(["jobs", "retry", job])
        #expect(retried.status == 0, "\(retried.errors)")
        try cluster.expectSameAsHere()
    }

    @Test func aRenderHasTheBytesOfOneHere() throws {
        #expect(try cluster.run(["ingest"] + cluster.request).status == 0)
        let saved = try cluster.run([
            "compose", "--content", "figure00_motion00", "--motion", "figure01_motion01",
            "--frames", "240", "--fps", "100", "--save", "walk",
        ])
        #expect(saved.status == 0, "\(saved.errors)")
        #expect(try cluster.run(["render", "walk", "-o", "here.mp4"]).status == 0)
        let result = try cluster.run([
            "render", "walk", "-o", "there.mp4", "--cluster", "slurm", "--job-folder", "jobs",
            "--shards", "6",
        ])
        #expect(result.status == 0, "\(result.errors)")
        let films = ["here.mp4", "there.mp4"].map {
            FileManager.default.contents(atPath: cluster.workspace.path($0))
        }
        #expect(films[0] != nil && films[0] == films[1])
    }
}

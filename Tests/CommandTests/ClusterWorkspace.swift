import Foundation
import Store
import Testing

/// A workspace with films, a library in which they were ingested here, and one that a cluster fills.
struct ClusterWorkspace {
    /// Everything that a clip is, but for when it was added and by which number.
    struct ClipFacts: Hashable {
        let id: String
        let name: String
        let range: Range<Double>
        let caption: String?
        let tags: [String]
        let settings: String
        let source: String
        let path: String
        /// Kind, shape and checksum of each tensor, and how it was made.
        let assets: [String]
    }

    let workspace: Workspace
    let environment: [String: String]

    /// Films from the samples: some short, one of many clips.
    init(_ workspace: Workspace, environment: [String: String], clipsOfLongFilm: Int = 6) throws {
        (self.workspace, self.environment) = (workspace, environment)
        let files = FileManager.default
        try files.createDirectory(
            atPath: workspace.path("films"),
            withIntermediateDirectories: true
        )
        let names = ["figure00_motion00", "figure01_motion01", "figure02_motion02"]
        for name in names {
            try files.copyItem(
                atPath: Workspace.clip(name),
                toPath: workspace.path("films/\(name).mp4")
            )
        }
        let list = (0..<clipsOfLongFilm).map { "file '\(Workspace.clip(names[$0 % 3]))'\n" }
        try workspace.write(list.joined(), to: "list.txt")
        let made = try workspace.shell(
            "ffmpeg -v error -f concat -safe 0 -i list.txt -c copy films/long.mp4"
        )
        #expect(made.status == 0, "\(made.errors)")
        try workspace.write(#"{"figure01_motion01": "a doll"}"#, to: "captions.json")
        for library in ["here", "cluster"] {
            try workspace.expectSuccess("init", library)
            try workspace.expectSuccess(
                "pack",
                "add",
                Workspace.samples + "/packs/paper-doll",
                "--library",
                library
            )
        }
    }

    /// What is ingested, and how.
    let request = ["films", "--captions", "captions.json", "--tag", "dance"]

    /// Runs a command on the library that a cluster fills.
    func run(_ arguments: [String]) throws -> RunResult {
        try workspace.run(arguments + ["--library", "cluster"], environment: environment)
    }

    /// Starts a command on that library.
    func start(_ arguments: [String]) throws -> RunningCommand {
        try workspace.start(arguments + ["--library", "cluster"], environment: environment)
    }

    /// Ingests on the cluster.
    func ingest(_ options: String...) throws -> RunResult {
        try run(["ingest"] + request + ["--cluster", "slurm", "--job-folder", "jobs"] + options)
    }

    /// The id of the newest job.
    func job() throws -> String {
        let jobs = try run(["jobs", "list", "--json"]).json() as? [[String: Any]]
        return try #require(jobs?.first?["id"] as? String)
    }

    /// The ingest runs of the library that a cluster fills, the newest first.
    func ingestRuns() throws -> [IngestRun] {
        try Library.open(at: workspace.path("cluster")).ingestRuns()
    }

    /// The clips of a library.
    func facts(_ library: String) throws -> Set<ClipFacts> {
        let library = try Library.open(at: workspace.path(library))
        return Set(
            try library.clips().map { clip in
                ClipFacts(
                    id: clip.id.hex,
                    name: clip.name,
                    range: clip.start..<clip.end,
                    caption: clip.caption,
                    tags: clip.tags,
                    settings: clip.settings,
                    source: clip.source.sha256,
                    path: clip.source.path,
                    assets: try library.assets(of: clip.id).map {
                        "\($0.kind) \($0.shape) \($0.checksum) \($0.provenanceJSON)"
                    }
                )
            }
        )
    }

    /// Ingests the same here and compares the libraries row by row.
    func expectSameAsHere(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let result = try workspace.run(["ingest"] + request + ["--library", "here"])
        #expect(result.status == 0, "\(result.errors)", sourceLocation: sourceLocation)
        let (here, there) = (try facts("here"), try facts("cluster"))
        #expect(here.count > 3, sourceLocation: sourceLocation)
        // Not the sets themselves, which are pages long when they are printed.
        let isSame = there == here
        #expect(
            isSame,
            """
            too many: \(there.subtracting(here).map(\.name)), \
            missing: \(here.subtracting(there).map(\.name))
            """,
            sourceLocation: sourceLocation
        )
        let check = try run(["check", "--read-data"])
        #expect(check.status == 0, "\(check.output)", sourceLocation: sourceLocation)
    }
}

/// Waits two minutes at the most until something is so.
func wait(
    for what: String,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () throws -> Bool
) rethrows {
    let end = ContinuousClock.now + .seconds(120)
    while try !condition() {
        guard ContinuousClock.now < end else {
            Issue.record("\(what) did not come", sourceLocation: sourceLocation)
            return
        }
        usleep(50_000)
    }
}

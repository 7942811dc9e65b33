import ArgumentParser
import Cluster
import Foundation
import Pipelines

/// `vsdb ingest`.
struct IngestCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Turn videos and images into clips: content, motion, style and thumbnails.",
        usage: """
            vsdb ingest <path> ... [<options>]
            vsdb ingest - [<options>] < list
            """,
        discussion: """
            Every path is a file or a folder. With a single minus sign, or with no path and a \
            pipe, one path a line is read from standard input. Long videos are cut into clips. The same bytes with the \
            same pack are not ingested again. A file that fails does not stop the others.

            Frames must be framed as the pack was trained. Boxes, in pixels of the upright frame, \
            cut them out; other boxes make other clips. A clip that the generator cannot redraw is \
            reported as unaligned.

              vsdb ingest clips/
              vsdb ingest anna.mp4 --caption "a woman in a red dress" --tag walk
              vsdb ingest interviews/ --boxes faces.csv
              find ~/films -name '*.mkv' | vsdb ingest --segment 2 --align center
              vsdb ingest films/ --cluster slurm --shards 40 --time 30 --cpus 4
            """
    )

    @Argument(help: "Files and folders; - for a list on standard input.", completion: .file())
    var paths: [String] = []

    @Option(
        help: ArgumentHelp(
            "The pack to encode with; the library's default if not given.",
            valueName: "name"
        )
    )
    var pack: String?

    @Option(
        help: ArgumentHelp(
            "How frames get the generator's shape; else the pack's way.",
            valueName: "how"
        )
    )
    var align: AlignArgument?

    @Option(
        help: ArgumentHelp(
            "Cut videos into clips of so many seconds, or none; else the pack's clip length.",
            valueName: "seconds"
        )
    )
    var segment: SegmentArgument?

    @Option(help: ArgumentHelp("Where in the source to begin.", valueName: "seconds"))
    var start: Double?

    @Option(help: ArgumentHelp("Where in the source to end.", valueName: "seconds"))
    var end: Double?

    @Option(
        help: ArgumentHelp(
            "What to call the clip; for one file only. Else the file's name.",
            valueName: "text"
        )
    )
    var name: String?

    @Option(help: ArgumentHelp("A sentence about every clip.", valueName: "text"))
    var caption: String?

    @Option(
        help: ArgumentHelp(
            "Captions by file name: a JSON object, or CSV with file,caption.",
            valueName: "file"
        ),
        completion: .file(extensions: ["json", "csv"])
    )
    var captions: String?

    @Option(
        help: ArgumentHelp(
            "Boxes by file name: JSON, or CSV with file,x,y,width,height and, if wanted, start,end.",
            valueName: "file"
        ),
        completion: .file(extensions: ["json", "csv"])
    )
    var boxes: String?

    @OptionGroup var tags: NewTagsOption

    @OptionGroup(title: "Cluster") var clusterOptions: ClusterOptions

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        try requireNumber("--start", start, in: 0 ... .greatestFiniteMagnitude, "seconds from 0 up")
        try requireNumber("--end", end, in: 0 ... .greatestFiniteMagnitude, "seconds from 0 up")
        if let start, let end, end <= start {
            throw ValidationError(
                "--end \(Wording.trimmed(end)) does not lie behind "
                    + "--start \(Wording.trimmed(start))"
            )
        }
        guard name == nil || paths.count <= 1 else {
            throw ValidationError("--name fits one file only, \(paths.count) were given")
        }
        guard paths.isEmpty || paths == ["-"] || !paths.contains("-") else {
            throw ValidationError("- stands alone: give paths, or a list on standard input")
        }
    }

    func run() throws {
        let request = try request()
        let session = try shared.openSession()
        let cancellation = Interruption.install()
        guard clusterOptions.cluster == nil else {
            try ingestOnCluster(request, session, cancellation)
            return
        }
        let reporter = IngestReporter(console: shared.console, isJSON: shared.json)
        do {
            let report = try session.ingest(request, cancellation: cancellation) { event in
                reporter.report(event)
            }
            try reporter.finish(report)
            if report.failures.isEmpty { return }
            throw report.added + report.skipped > 0 ? ExitStatus.someFailed : ExitStatus.failed
        } catch let error as InterruptedError {
            try reporter.stop()
            throw error
        }
    }

    private func ingestOnCluster(
        _ request: IngestRequest,
        _ session: Session,
        _ cancellation: Cancellation
    ) throws {
        let progress = ProgressLine("look", shared.console)
        try ClusterWork(session: session, shared: shared).start(clusterOptions, cancellation) {
            options in
            try session.planIngest(
                request,
                options,
                isDryRun: clusterOptions.dryRun,
                cancellation: cancellation
            ) { progress.countFiles($0, $1) }
        }
    }

    private func request() throws -> IngestRequest {
        var request = IngestRequest(inputs: try inputs())
        request.pack = pack
        request.alignment = align?.value
        request.segment = segment?.value ?? .packLength
        request.start = start
        request.end = end
        request.name = name
        request.caption = caption
        request.captions = try captions.map { try CaptionFile.read($0) } ?? [:]
        request.boxes = try boxes.map { try BoxFile.read($0) } ?? [:]
        request.tags = tags.words
        return request
    }

    private func inputs() throws -> [String] {
        guard paths.isEmpty || paths == ["-"] else { return paths }
        guard paths == ["-"] || isatty(0) == 0 else {
            throw ValidationError("nothing to ingest: name files or folders, or pipe a list in")
        }
        var lines: [String] = []
        while let line = readLine() {
            if !line.isEmpty { lines.append(line) }
        }
        guard !lines.isEmpty else {
            throw ValidationError("nothing to ingest: the list on standard input is empty")
        }
        return lines
    }
}

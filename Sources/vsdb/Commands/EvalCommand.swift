import ArgumentParser
import Foundation
import Packs
import Pipelines
import Tensors

/// `vsdb eval`.
struct EvalCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Measure how well a pack takes clips apart and puts them together.",
        usage: """
            vsdb eval [<clip> ...] [<options>]
            vsdb eval --samples <dir> [--pack <pack>] [<options>]
            """,
        discussion: """
            Without --samples: clips of the library, by what needs no truth. Reconstructions \
            are compared with the clips' own frames; Frechet distances and the class score use \
            the pack's own CLIP, so that they compare with nothing but the same pack.

            With --samples: what a pack makes is compared with drawn truth; the folder's \
            samples.json says what is known. Judges that were trained apart read joints and \
            see edits. --pack may then be a folder, and no library is needed. docs/evaluation.md \
            says what every number means.

              vsdb eval
              vsdb eval anna bert --frames 12 --rate 10
              vsdb eval --samples set --judges Samples/judges --sheet sheet.png
              vsdb eval --samples set --pack new-pack -o report.html --sheet sheet.png
            """
    )

    @Argument(help: "Clips of the library; all that move if none is named.")
    var clips: [String] = []

    @Option(
        help: ArgumentHelp("A folder with samples.json.", valueName: "dir"),
        completion: .directory
    )
    var samples: String?

    @Option(
        help: ArgumentHelp(
            "A pack of the library, or with --samples a folder with pack.json.",
            valueName: "pack"
        )
    )
    var pack: String?

    @Option(
        help: ArgumentHelp(
            "A folder of judges; else the one samples.json names.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var judges: String?

    @Option(help: ArgumentHelp("With --samples: compare one of n frames.", valueName: "n"))
    var stride: Int?

    @Option(help: ArgumentHelp("With --samples: the strength of text edits.", valueName: "number"))
    var alpha: Double?

    @Option(
        help: ArgumentHelp("With --samples: a sheet of results (.png or .jpg).", valueName: "file"),
        completion: .file(extensions: ["png", "jpg"])
    )
    var sheet: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The report as a page too, with the sheet (.html).", valueName: "file"),
        completion: .file(extensions: ["html"])
    )
    var output: String?

    @Option(help: ArgumentHelp("Of the library: frames of each clip.", valueName: "n"))
    var frames: Int?

    @Option(help: ArgumentHelp("Of the library: frames a second.", valueName: "number"))
    var rate: Double?

    @Option(
        help: ArgumentHelp(
            "Of the library: descriptions for the class score, one a line; else the captions.",
            valueName: "file"
        ),
        completion: .file()
    )
    var classes: String?

    @Option(
        help: ArgumentHelp(
            "What the generator multiplies in: f32 or bf16; else as vsdb render chooses.",
            valueName: "format"
        )
    )
    var precision: Precision?

    @OptionGroup var shared: SharedOptions

    private struct ProgressReport: Encodable {
        let event = "progress"
        let done: Int
        let total: Int
        let stage: String
        let elapsedSeconds: Double
    }

    private struct DoneLine: Encodable {
        let event = "done"
        let report: EvaluationReport
    }

    func validate() throws {
        let ofSamples = [
            ("--judges", judges != nil), ("--stride", stride != nil), ("--alpha", alpha != nil),
            ("--sheet", sheet != nil),
        ]
        if samples == nil, let option = ofSamples.first(where: \.1)?.0 {
            throw ValidationError("\(option) belongs to --samples DIR")
        }
        let ofLibrary = [
            ("clips", !clips.isEmpty), ("--frames", frames != nil), ("--rate", rate != nil),
            ("--classes", classes != nil),
        ]
        if samples != nil, let option = ofLibrary.first(where: \.1)?.0 {
            throw ValidationError("\(option) and --samples exclude each other")
        }
        if let stride, !(1...1000).contains(stride) {
            throw ValidationError("--stride \(stride): give 1 to 1000")
        }
        if let frames, !(2...1000).contains(frames) {
            throw ValidationError("--frames \(frames): give 2 to 1000")
        }
        try requireNumber("--rate", rate, in: 0.01...1000, "frames a second from 0.01 to 1000")
        try requireNumber("--alpha", alpha, in: -100...100, "a number from -100 to 100")
        if let output, !output.lowercased().hasSuffix(".html") {
            throw ValidationError("-o \(output): reports are written as .html")
        }
        guard sheet != "-" else { throw ValidationError("--sheet -: give a file, as sheet.png") }
    }

    func run() throws {
        let request = try request()
        let cancellation = Interruption.install()
        let console = shared.console
        let progress = ProgressLine("eval", console)
        var lastLine = 0.0
        var outputError: (any Error)?
        let report = try measure(request, cancellation) { state in
            let elapsed = progress.elapsed
            progress.update(
                ProgressLine.State(
                    fraction: Double(state.done - 1) / Double(max(1, state.total)),
                    text: "\(state.done)/\(state.total) \(state.stage)"
                )
            )
            guard shared.json, elapsed - lastLine >= 1 else { return }
            lastLine = elapsed
            let line = ProgressReport(
                done: state.done,
                total: state.total,
                stage: state.stage,
                elapsedSeconds: elapsed
            )
            do { try console.print(JSONOutput.line(line)) } catch {
                outputError = outputError ?? error
            }
        }
        ProgressLine.clear()
        if let outputError { throw outputError }
        if let output { try EvaluationHTML(report).write(to: output) }
        if shared.json {
            try console.print(JSONOutput.line(DoneLine(report: report)))
        } else {
            try EvaluationPage(report).print(console)
            if let output { try console.report(output) }
        }
    }

    private func measure(
        _ request: EvaluationRequest,
        _ cancellation: Cancellation,
        _ onProgress: (EvaluationProgress) -> Void
    ) throws -> EvaluationReport {
        guard samples != nil else {
            return try shared.openSession()
                .evaluate(request, cancellation: cancellation, onProgress: onProgress)
        }
        return try SampleEvaluator.evaluate(
            try loadedPack(),
            request,
            cancellation: cancellation,
            onProgress: onProgress
        )
    }

    /// The pack in a folder, or that of the library.
    private func loadedPack() throws -> LoadedPack {
        if let threads = shared.threads { Pipelines.setThreadCount(threads) }
        if let pack, FileManager.default.fileExists(atPath: pack + "/" + Pack.manifestName) {
            return try LoadedPack.open(folder: pack, logger: shared.console.logger)
        }
        return try shared.openSession().pack(pack)
    }

    private func request() throws -> EvaluationRequest {
        var request = EvaluationRequest()
        (request.samples, request.judges, request.clips) = (samples, judges, clips)
        (request.pack, request.precision, request.sheet) = (pack, precision, sheet)
        request.stride = stride ?? request.stride
        request.alpha = alpha ?? request.alpha
        request.frameCount = frames ?? request.frameCount
        request.frameRate = rate ?? request.frameRate
        guard let classes else { return request }
        guard let data = FileManager.default.contents(atPath: classes) else {
            throw ValidationError("--classes \"\(classes)\" cannot be read")
        }
        request.classes = String(decoding: data, as: UTF8.self).split(separator: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        guard Set(request.classes).count > 1 else {
            throw ValidationError("--classes \"\(classes)\" holds fewer than two descriptions")
        }
        return request
    }
}

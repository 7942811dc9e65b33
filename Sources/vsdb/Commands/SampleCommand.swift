import ArgumentParser
import Foundation
import Pipelines

/// `vsdb sample`.
struct SampleCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Draw content codes from the generator's mapping network and store them.",
        usage: """
            vsdb sample --seed <n> [--count <n>] [--psi <number>] [<options>]
            """,
        discussion: """
            A sample is a clip without motion: someone who was never filmed, to be moved with \
            compose --motion. The same seed, psi and pack give the same code bit for bit, and it \
            is stored once. With --count the seeds follow one another. Psi below 1 pulls codes \
            towards the average that the weights state, else towards the mean of 4096 samples.

              vsdb sample --seed 7 --psi 0.7 -o seven.png
              vsdb sample --seed 1 --count 32 --sheet people.png --tag drawn
              vsdb compose --content sample-7 --motion walk -o seven-walks.mp4
            """
    )

    @Option(help: ArgumentHelp("What the first code is drawn from.", valueName: "n"))
    var seed: UInt64

    @Option(help: ArgumentHelp("How many codes, each of the next seed.", valueName: "n"))
    var count = 1

    @Option(
        help: ArgumentHelp(
            "How far codes stay from the average: 1 is no truncation, 0 the average.",
            valueName: "number"
        )
    )
    var psi = 0.7

    @Option(
        help: ArgumentHelp(
            "Pull only the first so many layers; all if not given.",
            valueName: "n"
        )
    )
    var cutoff: Int?

    @Option(
        help: ArgumentHelp("The pack; the library's default if not given.", valueName: "name")
    )
    var pack: String?

    @Option(
        help: ArgumentHelp(
            "What to call it, else sample-SEED; with --count the seed is added.",
            valueName: "text"
        )
    )
    var name: String?

    @Option(help: ArgumentHelp("A sentence about every sample.", valueName: "text"))
    var caption: String?

    @OptionGroup var tags: NewTagsOption

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A picture of the one sample (.png or .jpg).", valueName: "file"),
        completion: .file(extensions: ["png", "jpg"])
    )
    var output: String?

    @Option(
        help: ArgumentHelp("A sheet of all samples (.png or .jpg).", valueName: "file"),
        completion: .file(extensions: ["png", "jpg"])
    )
    var sheet: String?

    @OptionGroup var shared: SharedOptions

    private struct SampleLine: Encodable {
        let event = "sample"
        let sample: SampledContent
    }

    private struct DoneLine: Encodable {
        let event = "done"
        let report: SampleReport
        @OrNull var output: String?
        @OrNull var sheet: String?
    }

    func validate() throws {
        guard (1...SampleRequest.countLimit).contains(count) else {
            throw ValidationError("--count \(count): give 1 to \(SampleRequest.countLimit)")
        }
        try requireNumber("--psi", psi, in: -100...100, "a number from -100 to 100; 0.7 is usual")
        let last = SampleRequest.seedLimit - UInt64(count)
        guard seed <= last else { throw ValidationError("--seed \(seed): give 0 to \(last)") }
        guard output == nil || count == 1 else {
            throw ValidationError("-o shows one sample, \(count) are asked for; use --sheet FILE")
        }
        for path in [output, sheet] where path == "-" {
            throw ValidationError("pictures go to files, as sample.png, not to standard output")
        }
    }

    func run() throws {
        let session = try shared.openSession()
        let cancellation = Interruption.install()
        let console = shared.console
        var outputError: (any Error)?
        let report = try session.sample(request, cancellation: cancellation) { sample in
            do { try tell(sample) } catch { outputError = outputError ?? error }
        }
        if let outputError { throw outputError }
        if shared.json {
            let line = DoneLine(report: report, output: output, sheet: sheet)
            try console.print(JSONOutput.line(line))
        } else {
            for path in [output, sheet].compactMap({ $0 }) { try console.report(path) }
        }
        console.note(Self.summary(of: report))
    }

    private var request: SampleRequest {
        var request = SampleRequest(seed: seed)
        (request.count, request.psi, request.cutoff) = (count, psi, cutoff)
        (request.pack, request.name, request.caption) = (pack, name, caption)
        request.tags = tags.words
        (request.picture, request.sheet) = (output, sheet)
        return request
    }

    private func tell(_ sample: SampledContent) throws {
        let console = shared.console
        if !sample.isNew, let name, !sample.name.hasPrefix(name) {
            console.warning(
                "seed \(sample.seed) is in the library already, as \(sample.name); --name \(name) is "
                    + "not used"
            )
        }
        guard !shared.json else {
            try console.print(JSONOutput.line(SampleLine(sample: sample)))
            return
        }
        let state = sample.isNew ? console.styled("added", .success) : console.styled("known", .dim)
        let id = sample.id.prefix(12)
        try console.report("\(state)  \(id)  \(sample.name)  seed \(sample.seed)  content only")
    }

    private static func summary(of report: SampleReport) -> String {
        var parts = ["\(Wording.count(report.added, "sample")) added"]
        if report.skipped > 0 { parts.append("\(report.skipped) known already") }
        if report.psi == 1 {
            parts.append("no truncation")
        } else {
            let layers = report.cutoff.map { " in \(Wording.count($0, "layer"))" } ?? ""
            let source =
                report.average == "weights" ? "the weights' average" : "the mean of 4096 samples"
            parts.append("psi \(Wording.trimmed(report.psi))\(layers) towards \(source)")
        }
        return parts.joined(separator: ", ")
    }
}

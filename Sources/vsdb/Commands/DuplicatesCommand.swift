public import ArgumentParser
import Media
public import Pipelines
import Store

extension DuplicateRequest.Basis: ExpressibleByArgument {}

/// `vsdb duplicates`.
struct DuplicatesCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "duplicates",
        abstract: "Find clips that are the same, group by group.",
        usage: """
            vsdb duplicates [--by motion|content|both] [<options>]
            """,
        discussion: """
            Copies of a film are alike in content and motion, whatever their size, frame rate, \
            quality or brightness, and their pictures agree moment by moment. --by motion finds who does the same, --by content the same \
            figure in like poses. Of clips that stand still only the content is compared. \
            Nothing is removed: the copy marked keep is the longest, of those the largest \
            picture, of those the first one added.

              vsdb duplicates
              vsdb duplicates --tag dance --sheet copies.png
              vsdb duplicates --by motion --threshold 0.95 --json
              vsdb duplicates --format csv > copies.csv
            """
    )

    @Option(help: ArgumentHelp("In what they are alike.", valueName: "aspect"))
    var by = DuplicateRequest.Basis.both

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The least score of two that are the same, 0 to 1; content \(Self.shown(.both, \.content)) "
                + "and motion \(Self.shown(.both, \.motion)) if not given, --by motion "
                + "\(Self.shown(.motion, \.motion)).",
            valueName: "score"
        )
    )
    var threshold: Double?

    @OptionGroup var conditions: ConditionOptions

    @Flag(help: "Compare every clip with every other one; slower, and never misses one.")
    var exact = false

    @Option(help: ArgumentHelp("How the groups are shown.", valueName: "form"))
    var format = FindOptions.Format.table

    @Option(
        help: ArgumentHelp("Draw the groups into a contact sheet.", valueName: "file"),
        completion: .file(extensions: ["png", "jpg"])
    )
    var sheet: String?

    @OptionGroup var shared: SharedOptions

    private static func shown(
        _ basis: DuplicateRequest.Basis,
        _ aspect: KeyPath<(motion: Double, content: Double), Double>
    ) -> String {
        Wording.trimmed(basis.thresholds[keyPath: aspect])
    }

    func validate() throws {
        try requireNumber("--threshold", threshold, in: 0...1, "a score from 0 to 1")
        guard sheet != "-" else { throw ValidationError("--sheet -: give a file, as sheet.png") }
    }

    func run() throws {
        var request = DuplicateRequest()
        (request.basis, request.threshold, request.isExact) = (by, threshold, exact)
        request.pack = conditions.pack
        request.filter = try conditions.conditions()
        if let sheet { try StillImage.check(path: sheet) }
        let session = try shared.openSession()
        let progress = ProgressLine("duplicates", shared.console)
        let report = try session.duplicates(request, cancellation: Interruption.install()) {
            progress.update(
                ProgressLine.State(fraction: Double($0) / Double($1), text: "\($0)/\($1) clips")
            )
        }
        ProgressLine.clear()
        let format = shared.json ? .json : format
        try DuplicateListing(report, by).print(format, shared.console)
        for note in report.notes { shared.console.note(note) }
        if report.clipCount == 0, report.stillCount == 0 {
            shared.console.note(conditions.emptiness(pack: report.pack))
        }
        guard let sheet else { return }
        guard !report.groups.isEmpty else { return shared.console.note("\(sheet) was not written") }
        let count = report.groups.reduce(0) { $0 + $1.clips.count }
        try SheetFile.write(try session.sheet(report), to: sheet, of: count, shared.console)
    }
}

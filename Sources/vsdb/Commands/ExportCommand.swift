import ArgumentParser
import Foundation
import Pipelines
import Store

/// `vsdb export`.
struct ExportCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write clips with all that is known of them into a bundle for another library.",
        usage: """
            vsdb export [<ref> ...] -o <dir> [--with-packs] [<options>]
            vsdb export --where <condition> -o <dir> [--with-packs] [<options>]
            """,
        discussion: """
            All clips if none is chosen. Saved compositions and collections come along if the \
            bundle has all of their clips. A bundle is a folder of JSON and safetensors; it \
            appears whole or not at all, and other processes may use the library meanwhile. See \
            docs/bundles.md.

              vsdb export -o all.vsdbundle --with-packs
              vsdb export anna walk -o two.vsdbundle
              vsdb export --collection reel --collection trailer -o reels.vsdbundle
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Names, segments or first digits of ids; a name alone stands for all its segments.",
            valueName: "ref"
        )
    )
    var references: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder to make, as dance.vsdbundle.", valueName: "dir"),
        completion: .directory
    )
    var output: String

    @Flag(help: "Copy the packs too, so that the other library needs nothing.")
    var withPacks = false

    @OptionGroup var filter: FilterOption

    @OptionGroup var tags: TagsOption

    @Option(
        name: .customLong("collection"),
        help: ArgumentHelp(
            "Only clips of this collection; repeatable for several.",
            valueName: "name"
        )
    )
    var collections: [String] = []

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        let isFiltered = filter.condition != nil || !tags.words.isEmpty || !collections.isEmpty
        guard references.isEmpty || !isFiltered else {
            throw ValidationError(
                "clips are named or chosen with --where, --tag and --collection, not both"
            )
        }
        guard output != "-", !output.allSatisfy(\.isWhitespace) else {
            throw ValidationError("-o: a bundle is a folder; name one, as dance.vsdbundle")
        }
    }

    func run() throws {
        let request = try request()
        let session = try shared.openSession()
        let cancellation = Interruption.install()
        let console = shared.console
        let progress = ProgressLine("export", console)
        let report = try session.export(request, cancellation: cancellation) { done, all in
            progress.update(
                .init(fraction: Double(done) / Double(max(all, 1)), text: "\(done)/\(all) clips")
            )
        }
        for item in report.leftOut {
            console.note("\(item.kind) \(item.name) stays behind: \(item.reason)")
        }
        guard !shared.json else {
            try console.print(JSONOutput.document(report))
            return
        }
        try console.report(report.output)
        console.note(Self.summary(of: report))
    }

    private func request() throws -> ExportRequest {
        var request = ExportRequest(output: output)
        (request.references, request.withPacks) = (references, withPacks)
        var conditions = ClipFilter()
        conditions.expression = try filter.expression()
        conditions.tags = tags.words
        request.filters = collections.map { name in
            var filter = conditions
            filter.collection = name
            return filter
        }
        if collections.isEmpty, conditions != ClipFilter() { request.filters = [conditions] }
        return request
    }

    private static func summary(of report: ExportReport) -> String {
        let packs = report.packs.joined(separator: ", ")
        let parts = [
            Wording.count(report.clips, "clip"), Wording.count(report.tensors, "tensor"),
            Wording.bytes(report.bytes),
            report.compositions.isEmpty
                ? nil : Wording.count(report.compositions.count, "composition"),
            report.collections.isEmpty
                ? nil : Wording.count(report.collections.count, "collection"),
            report.withPacks ? "with pack \(packs)" : "needs pack \(packs)",
        ]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }
}

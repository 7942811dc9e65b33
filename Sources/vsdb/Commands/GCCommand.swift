import ArgumentParser
import Cluster
import Store

/// `vsdb gc`.
struct GCCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract:
            "Delete what no clip names: tensors of removed clips, and drafts of commands that died.",
        usage: """
            vsdb gc [--dry-run] [<options>]
            """,
        discussion: """
            The room is used again by the next clips; vsdb compact gives it back to the disk. \
            Nothing that a clip, composition or pack needs is touched.

              vsdb gc --dry-run
              vsdb gc
            """
    )

    @Flag(help: "Only say what would be deleted.")
    var dryRun = false

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let dryRun: Bool
        let tensors: Int
        let tensorBytes: Int
        let leftovers: [String]
        let leftoverBytes: Int
    }

    func run() throws {
        let library = try shared.openLibrary()
        let report = try library.collectGarbage(dryRun: dryRun)
        let drafts = JobRegistry(library).deleteDrafts(isDryRun: dryRun)
        let leftovers = report.leftovers + drafts.map(\.path)
        guard !shared.json else {
            let output = Output(
                dryRun: dryRun,
                tensors: report.tensorCount,
                tensorBytes: report.byteCount,
                leftovers: leftovers,
                leftoverBytes: drafts.reduce(report.leftoverByteCount) { $0 + $1.byteCount }
            )
            try shared.console.print(JSONOutput.document(output))
            return
        }
        let verb = dryRun ? "would delete" : "deleted"
        let tensors = Wording.count(report.tensorCount, "tensor")
        let lines =
            ["\(verb) \(tensors), \(Wording.bytes(report.byteCount))"]
            + leftovers.map { "\(verb) \($0)" }
        for line in lines { try dryRun ? shared.console.print(line) : shared.console.report(line) }
    }
}

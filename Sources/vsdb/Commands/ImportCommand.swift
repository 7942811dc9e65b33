import ArgumentParser
import Foundation
import Pipelines

/// `vsdb import`.
struct ImportCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take the clips of bundles into the library.",
        usage: """
            vsdb import <bundle> ... [--dry-run] [<options>]
            """,
        discussion: """
            Every bundle is checked from its first byte to its last before the library is touched. \
            A clip that the library has already is left as it is, but gets the bundle's tags, and \
            its caption if it has none. A name that belongs to other content gets a number, as in \
            walk-2. Importing again changes nothing; after an interruption it does the rest.

              vsdb import dance.vsdbundle
              vsdb import monday.vsdbundle tuesday.vsdbundle --dry-run
            """
    )

    @Argument(
        help: ArgumentHelp("Folders that vsdb export made.", valueName: "bundle"),
        completion: .directory
    )
    var bundles: [String]

    @Flag(help: "Only check the bundles and say what would come in.")
    var dryRun = false

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let session = try shared.openSession()
        let cancellation = Interruption.install()
        let console = shared.console
        let progress = ProgressLine("import", console)
        try session.importBundles(
            bundles,
            isDryRun: dryRun,
            cancellation: cancellation,
            onProgress: { state in
                progress.update(
                    .init(
                        fraction: Double(state.done) / Double(max(state.all, 1)),
                        text: "\(state.step.rawValue) \(state.done)/\(state.all) clips"
                    )
                )
            },
            onReport: { try MergeListing(report: $0).print(shared) }
        )
    }
}

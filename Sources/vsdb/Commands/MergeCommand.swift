import ArgumentParser
import Pipelines

/// `vsdb merge`.
struct MergeCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Take the clips of other libraries into this one.",
        usage: """
            vsdb merge <library> ... [--with-packs] [--dry-run] [<options>]
            """,
        discussion: """
            The others are read as they are at one moment, and not changed; a copied folder or a \
            backup will do. A clip that is here already is left as it is, but gets the other's \
            tags, and its caption if it has none. A name that belongs to other content gets a \
            number, as in walk-2, and that is said. Clips fit only the pack that encoded them: a \
            pack that this library lacks, by its fingerprint, is refused, or copied with \
            --with-packs. Merging again changes nothing; after an interruption it does the rest.

              vsdb merge /mnt/usb/archive
              vsdb merge node1/.vsdb node2/.vsdb --dry-run
            """
    )

    @Argument(
        help: ArgumentHelp("Libraries, or folders that hold one as .vsdb.", valueName: "library"),
        completion: .directory
    )
    var libraries: [String]

    @Flag(help: "Copy packs too that this library lacks.")
    var withPacks = false

    @Flag(help: "Only say what would come in.")
    var dryRun = false

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let session = try shared.openSession()
        let progress = ProgressLine("merge", shared.console)
        try session.merge(
            libraries,
            withPacks: withPacks,
            isDryRun: dryRun,
            cancellation: Interruption.install(),
            onProgress: { done, all in
                progress.update(
                    .init(
                        fraction: Double(done) / Double(max(all, 1)),
                        text: "\(done)/\(all) clips"
                    )
                )
            },
            onReport: { try MergeListing(report: $0).print(shared) }
        )
    }
}

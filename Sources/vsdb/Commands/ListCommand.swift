import ArgumentParser
import Foundation
import Store

/// `vsdb list`.
struct ListCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the clips of the library, or those that meet all conditions.",
        usage: """
            vsdb list [--where <condition>] [--tag <word>] [<options>]
            """,
        discussion: """
            vsdb recipes lists saved compositions.

              vsdb list
              vsdb list --tag walk --name anna
              vsdb list --where 'duration >= 2 and caption contains "dress"'
              vsdb list --collection reel --json
              vsdb list --format csv > clips.csv
            """
    )

    @OptionGroup var filter: FilterOption

    @OptionGroup var tags: TagsOption

    @Option(
        name: .customLong("name"),
        help: ArgumentHelp("Only clips with this text in their name.", valueName: "text")
    )
    var part: String?

    @Option(help: ArgumentHelp("Only clips of this collection, in its order.", valueName: "name"))
    var collection: String?

    @Option(help: ArgumentHelp("How the clips are shown.", valueName: "form"))
    var format = FindOptions.Format.table

    @OptionGroup var shared: SharedOptions

    func run() throws {
        var conditions = ClipFilter()
        conditions.expression = try filter.expression()
        conditions.tags = tags.words
        conditions.nameContains = part?.precomposedStringWithCanonicalMapping
        conditions.collection = collection
        let isFiltered = conditions != ClipFilter()
        try ClipListing(try shared.openLibrary(), conditions).print(
            shared,
            format,
            ifEmpty: isFiltered ? "no clip fits" : "no clips yet; add some with vsdb ingest PATH"
        )
    }
}

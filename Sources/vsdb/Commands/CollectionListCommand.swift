import ArgumentParser
import Foundation
import Store

/// `vsdb collection list`.
struct CollectionListCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the collections, or the clips of one in its order.",
        usage: """
            vsdb collection list [<name>] [<options>]
            """,
        discussion: """
            vsdb list --collection lists the clips of one too, with conditions.

              vsdb collection list
              vsdb collection list reel --json
            """
    )

    @Argument(help: ArgumentHelp("The collection.", valueName: "name"))
    var name: String?

    @OptionGroup var shared: SharedOptions

    private struct CollectionRecord: Encodable {
        let name: String
        let clips: Int
        let seconds: Double
        let added: Date
    }

    func run() throws {
        let library = try shared.openLibrary()
        if let name {
            var filter = ClipFilter()
            filter.collection = name
            try ClipListing(library, filter).print(shared, ifEmpty: "collection \(name) is empty")
        } else {
            try list(library.collections())
        }
    }

    private func list(_ collections: [ClipCollection]) throws {
        guard !shared.json else {
            let records = collections.map { collection in
                CollectionRecord(
                    name: collection.name,
                    clips: collection.clipCount,
                    seconds: collection.seconds,
                    added: collection.added
                )
            }
            try shared.console.print(JSONOutput.document(records))
            return
        }
        guard !collections.isEmpty else {
            shared.console.note("no collections yet; make one with vsdb collection add NAME CLIP")
            return
        }
        var table = TextTable([
            .name("NAME"), .right("CLIPS"), .right("LENGTH"), .left("MADE"),
        ])
        for collection in collections {
            table.add([
                collection.name,
                String(collection.clipCount),
                Wording.seconds(collection.seconds),
                collection.added.formatted(.iso8601),
            ])
        }
        try shared.console.printTable(table)
    }
}

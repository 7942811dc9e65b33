import ArgumentParser

/// `vsdb collection`.
struct CollectionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collection",
        abstract: "Keep named, ordered sets of clips.",
        discussion: """
            A clip may be in several collections. They hold no files: deleting one leaves its \
            clips in the library.

              vsdb collection add reel anna walk
              vsdb collection add long --where 'duration >= 2'
              vsdb collection list
              vsdb collection list reel
              vsdb collection remove reel walk
              vsdb collection delete reel
            """,
        subcommands: [
            CollectionAddCommand.self, CollectionRemoveCommand.self, CollectionListCommand.self,
            CollectionDeleteCommand.self,
        ]
    )
}

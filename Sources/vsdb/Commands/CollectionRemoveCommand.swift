import ArgumentParser
import Store

/// `vsdb collection remove`.
struct CollectionRemoveCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take clips out of a collection; they stay in the library.",
        usage: """
            vsdb collection remove <name> <ref> ... [<options>]
            vsdb collection remove <name> --where <condition> [<options>]
            """,
        discussion: """
            All clips go out or none. The others keep their order.

              vsdb collection remove reel walk
              vsdb collection remove reel --where 'duration < 1s'
            """,
        aliases: ["rm"]
    )

    @Argument(help: ArgumentHelp("The collection.", valueName: "name"))
    var name: String

    @OptionGroup var selection: ClipSelection

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let (library, clips) = try selection.open(shared, collection: name)
        let changed = try library.remove(clips.map(\.id), fromCollection: name)
        try ChangeReport(of: clips, changed: changed).print(
            shared,
            { "removed \($0) from \(name)" },
            rest: "had no place in it"
        )
    }
}

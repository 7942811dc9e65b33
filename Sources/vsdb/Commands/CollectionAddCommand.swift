import ArgumentParser
import Store

/// `vsdb collection add`.
struct CollectionAddCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Put clips at the end of a collection, which is made if there is none.",
        usage: """
            vsdb collection add <name> <ref> ... [<options>]
            vsdb collection add <name> --where <condition> [<options>]
            """,
        discussion: """
            All clips come in or none, in the order in which they are named; those of a condition \
            in the order of vsdb list. A clip that is in it already stays at its place.

              vsdb collection add reel anna walk
              vsdb collection add long --where 'duration >= 2 and tag = dance'
            """
    )

    @Argument(help: ArgumentHelp("The collection.", valueName: "name"))
    var name: String

    @OptionGroup var selection: ClipSelection

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let (library, clips) = try selection.open(shared)
        let changed = clips.isEmpty ? [] : try library.add(clips.map(\.id), toCollection: name)
        try ChangeReport(of: clips, changed: changed).print(
            shared,
            { "added \($0) to \(name)" },
            rest: "had a place in it already"
        )
    }
}

import ArgumentParser
import Store
import Tensors

/// `vsdb collection delete`.
struct CollectionDeleteCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete collections; their clips stay in the library.",
        usage: """
            vsdb collection delete <name> ... [<options>]
            """,
        discussion: """
            All or none are deleted.

              vsdb collection delete reel
            """
    )

    @Argument(help: ArgumentHelp("The collections.", valueName: "name"))
    var names: [String]

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let deleted: [String]
    }

    func run() throws {
        let library = try shared.openLibrary()
        try library.deleteCollections(names)
        guard !shared.json else {
            try shared.console.print(JSONOutput.document(Output(deleted: names)))
            return
        }
        for name in names {
            try shared.console.report("deleted collection \(name)".withoutControls)
        }
    }
}

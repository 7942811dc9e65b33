import ArgumentParser
import Foundation
import Pipelines
import Store

/// `vsdb recipes`.
struct RecipesCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "recipes",
        abstract: "List the saved compositions with their clips, effects and dates.",
        usage: """
            vsdb recipes [--name <text>] [<options>]
            """,
        discussion: """
            vsdb show prints one of them, vsdb show --lineage what it is made of, vsdb diff in \
            what two differ, and vsdb render makes it a film.

              vsdb recipes
              vsdb recipes --name anna --json
            """
    )

    @Option(
        name: .customLong("name"),
        help: ArgumentHelp("Only those with this text in their name.", valueName: "text")
    )
    var part: String?

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let library = try shared.openLibrary()
        let recipes = try library.compositions()
            .filter { composition in
                part.map { composition.name.lowercased().contains($0.lowercased()) } ?? true
            }
            .map { try CompositionRecord($0, library) }
        guard !shared.json else {
            try shared.console.print(JSONOutput.document(recipes))
            return
        }
        guard !recipes.isEmpty else {
            shared.console.note(
                part == nil
                    ? "no compositions yet; save one with vsdb compose --save NAME"
                    : "no composition fits"
            )
            return
        }
        var table = TextTable([
            .left("HASH"), .name("NAME"), .left("SAVED"), .cut("CONTENT", to: 12),
            .cut("MOTION", to: 12), .cut("EFFECTS", to: 8),
        ])
        for recipe in recipes {
            table.add([
                String(recipe.hash.prefix(12)),
                recipe.name,
                recipe.added.formatted(.iso8601),
                recipe.names(.content).joined(separator: ", "),
                recipe.names(.motion).joined(separator: ", "),
                recipe.effects,
            ])
        }
        try shared.console.printTable(table)
    }
}

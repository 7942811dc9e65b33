import ArgumentParser
import Foundation
import Pipelines
import Store

/// `vsdb diff`.
struct DiffCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Say in what two compositions differ.",
        usage: """
            vsdb diff <recipe> <recipe> [<options>]
            """,
        discussion: """
            Recipes are the same if they render to the same frames, whatever they and their clips \
            are called. Ends with 0 if they are the same and with 1 if they differ, as diff does. \
            For two files no library is needed.

              vsdb diff anna-walks anna-runs
              vsdb diff anna-walks recipe.json --json
            """
    )

    @Argument(
        help: ArgumentHelp(
            "The first: a saved composition's name or hash, or a file.",
            valueName: "recipe"
        ),
        completion: .file(extensions: ["json"])
    )
    var left: String

    @Argument(
        help: ArgumentHelp("The second.", valueName: "recipe"),
        completion: .file(extensions: ["json"])
    )
    var right: String

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        struct Difference: Encodable {
            let field: String
            @OrNull var left: String?
            @OrNull var right: String?
        }

        let same: Bool
        let left: String
        let right: String
        let differences: [Difference]
    }

    func run() throws {
        let recipes = try recipes()
        let differences = recipes.0.differences(from: recipes.1)
        if shared.json {
            let output = Output(
                same: differences.isEmpty,
                left: left,
                right: right,
                differences: differences.map {
                    .init(field: $0.field, left: $0.left, right: $0.right)
                }
            )
            try shared.console.print(JSONOutput.document(output))
        } else if differences.isEmpty {
            shared.console.note("\(left) and \(right) are the same")
        } else {
            var table = TextTable([
                .left("FIELD"), .cut(left, to: 12), .cut(right, to: 12),
            ])
            for difference in differences {
                table.add([difference.field, difference.left ?? "-", difference.right ?? "-"])
            }
            try shared.console.printTable(table)
        }
        guard differences.isEmpty else { throw ExitStatus.failed }
    }

    private func recipes() throws -> (Recipe, Recipe) {
        let session: Session
        do { session = try shared.openSession() } catch let error as StoreError {
            guard error.kind == .noLibrary, shared.libraryPath == nil else { throw error }
            return (try file(left, error), try file(right, error))
        }
        return (try session.recipe(left), try session.recipe(right))
    }

    /// The recipe of a file, where there is no library.
    private func file(_ path: String, _ noLibrary: StoreError) throws -> Recipe {
        guard let data = FileManager.default.contents(atPath: path) else { throw noLibrary }
        return try Recipe.decode(String(decoding: data, as: UTF8.self), name: path)
    }
}

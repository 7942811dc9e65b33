import ArgumentParser
import Pipelines

/// `vsdb render`.
struct RenderCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Render a saved composition or a recipe file again.",
        usage: """
            vsdb render <recipe> [-o <file>] [--sheet <file>] [<options>]
            """,
        discussion: """
            On the same machine and build the frames are the same, bit for bit.

              vsdb render anna-walks -o anna-walks.mp4
              vsdb render recipe.json -o preview.gif --size 128 --sheet sheet.png
            """
    )

    @Argument(
        help: ArgumentHelp("A saved composition's name or hash, or a file.", valueName: "recipe"),
        completion: .file(extensions: ["json"])
    )
    var recipe: String

    @OptionGroup(title: "Output") var output: OutputOptions

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard output.isGiven else {
            throw ValidationError("nothing to make: give -o FILE, --sheet FILE or both")
        }
        guard !(shared.json && output.output == "-") else {
            throw ValidationError("--json and -o - both want standard output: write a file")
        }
    }

    func run() throws {
        let session = try shared.openSession()
        let cancellation = Interruption.install()
        let job = RenderJob(session: session, options: output.options, shared: shared)
        try job.run(try session.recipe(recipe), cancellation)
    }
}

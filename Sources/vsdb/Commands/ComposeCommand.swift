import ArgumentParser
import Foundation
import Pipelines

/// `vsdb compose`.
struct ComposeCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "compose",
        abstract: "Put content, motions and texts together, and render or save the result.",
        usage: """
            vsdb compose --content <ref> [--motion <ref>] [<options>]
            """,
        discussion: """
            Clips are named NAME, NAME@2s-4s or by the first digits of their id. Without -o, \
            --sheet and --save the recipe is printed as JSON; vsdb render takes it.

              vsdb compose --content anna --motion walk -o new.mp4 --sheet sheet.png
              vsdb compose --content a.png --motion walk --blend wave --mask right-arm \\
                -o new.mp4
              vsdb compose --content anna --motion walk --mix jump:0.3 --save jumpy
              vsdb compose --content anna --from "a red dress" --to "a blue dress" \\
                --alpha 1.5 -o blue.gif
            """
    )

    @OptionGroup(title: "Composition") var composition: CompositionOptions

    @OptionGroup(title: "Time") var timing: TimingOptions

    @OptionGroup(title: "Output") var output: OutputOptions

    @Option(help: ArgumentHelp("Save the recipe in the library.", valueName: "name"))
    var save: String?

    @Flag(help: "With --save, overwrite a recipe of that name.")
    var replace = false

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard !replace || save != nil else {
            throw ValidationError("--replace belongs to --save NAME")
        }
        if let option = output.optionOfRenders, !output.isGiven {
            throw ValidationError("\(option) belongs to -o FILE or --sheet FILE")
        }
        guard !(shared.json && output.output == "-") else {
            throw ValidationError("--json and -o - both want standard output: write a file")
        }
    }

    func run() throws {
        let session = try shared.openSession()
        let cancellation = Interruption.install()
        let console = shared.console
        let composed = try session.compose(
            composition.request(timing.timing),
            cancellation: cancellation
        ) { event in
            if case .clip(let clip) = event, clip.isNew { console.note("ingested \(clip.name)") }
        }
        for note in composed.notes { console.note(note) }
        if let save {
            try session.save(composed.recipe, as: save, replace: replace)
            console.note("saved \(save) (\(try composed.recipe.hash().prefix(12)))")
        }
        guard output.isGiven else {
            if save == nil || shared.json { try console.print(composed.recipe.encoded()) }
            return
        }
        let job = RenderJob(session: session, options: output.options, shared: shared)
        try job.run(composed.recipe, cancellation)
    }
}

import ArgumentParser
import Foundation
import Pipelines

/// `vsdb compose`.
struct ComposeCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "compose",
        abstract: "Put content, motions and texts together, and render or save the result.",
        discussion: """
            Clips are named NAME, NAME@2s-4s or by the first digits of their id. Without -o, \
            --sheet and --save the recipe is printed as JSON; vsdb render takes it.

              vsdb compose --content anna --motion walk -o anna-walks.mp4 --sheet sheet.png
              vsdb compose --content photo.png --motion walk --blend wave --mask right-arm -o a.mp4
              vsdb compose --content anna --motion walk --mix jump:0.3 --fps 50 --save slow-walk
              vsdb compose --content anna --from "a red dress" --to "a blue dress" --alpha 1.5 \
            -o blue.gif
            """
    )

    @Option(help: ArgumentHelp("Who is seen: a clip or an image file.", valueName: "ref"))
    var content: String

    @Option(help: ArgumentHelp("Whose motion; the content's own if not given.", valueName: "ref"))
    var motion: String?

    @Option(
        name: .customLong("mix"),
        help: ArgumentHelp("Add a share of another motion; repeatable.", valueName: "ref:weight")
    )
    var mixes: [MixArgument] = []

    @Option(
        name: .customLong("blend"),
        help: ArgumentHelp("Take this motion where --mask is; repeatable.", valueName: "ref")
    )
    var blends: [String] = []

    @Option(
        name: .customLong("mask"),
        help: ArgumentHelp(
            "Where to blend: a region of the pack, left-half and the like, cells r,c-r,c, or a grey "
                + "picture; :0.5 weakens it, commas unite. The n-th goes with the n-th --blend; "
                + "a single --blend takes all.",
            valueName: "region[:weight]"
        )
    )
    var masks: [MaskArgument] = []

    @Option(
        name: .customLong("from"),
        help: ArgumentHelp("How the content looks now; repeatable with --to.", valueName: "text")
    )
    var sources: [String] = []

    @Option(
        name: .customLong("to"),
        help: ArgumentHelp("How it should look.", valueName: "text")
    )
    var targets: [String] = []

    @Option(
        name: .customLong("alpha"),
        help: ArgumentHelp("How strongly the look changes; 1 if not given.", valueName: "x")
    )
    var alphas: [Double] = []

    @OptionGroup(title: "Time") var timing: TimingOptions

    @Option(help: ArgumentHelp("The seed of the generator's noise.", valueName: "n"))
    var seed: UInt64?

    @OptionGroup(title: "Output") var output: OutputOptions

    @Option(help: ArgumentHelp("Save the recipe in the library.", valueName: "name"))
    var save: String?

    @Flag(help: "With --save, overwrite a recipe of that name.")
    var replace = false

    @OptionGroup(title: "Shared") var shared: SharedOptions

    func validate() throws {
        try validateBlends()
        try validateEdits()
        for mix in mixes {
            try requireNumber("--mix \(mix.reference)", mix.weight, in: -10...10, "-10 to 10")
        }
        guard !replace || save != nil else {
            throw ValidationError("--replace belongs to --save NAME")
        }
        guard output.rows == nil || output.isGiven else {
            throw ValidationError("--size belongs to -o FILE or --sheet FILE")
        }
        guard !(shared.json && output.output == "-") else {
            throw ValidationError("--json and -o - both want standard output: write a file")
        }
    }

    private func validateBlends() throws {
        guard masks.isEmpty || !blends.isEmpty else {
            throw ValidationError("--mask belongs to --blend CLIP: name the motion to take there")
        }
        guard blends.isEmpty || !masks.isEmpty else {
            throw ValidationError(
                "--blend needs a --mask: say where its motion is taken, such as --mask right-arm"
            )
        }
        guard blends.count <= 1 || masks.count == blends.count else {
            throw ValidationError(
                "\(blends.count) times --blend and \(masks.count) times --mask: give one --mask "
                    + "for each; commas unite regions"
            )
        }
    }

    private func validateEdits() throws {
        guard sources.count == targets.count else {
            throw ValidationError(
                "--from and --to go together: \(sources.count) and \(targets.count) were given"
            )
        }
        guard alphas.isEmpty || !targets.isEmpty else {
            throw ValidationError("--alpha belongs to --from TEXT --to TEXT")
        }
        guard alphas.count <= 1 || alphas.count == targets.count else {
            throw ValidationError("--alpha: give one for all edits, or one for each --to")
        }
        for alpha in alphas { try requireNumber("--alpha", alpha, in: -100...100, "-100 to 100") }
        guard !(sources + targets).contains(where: \.isBlank) else {
            throw ValidationError("--from and --to need a description, not an empty text")
        }
    }

    func run() throws {
        let session = try shared.openSession()
        let cancellation = Interruption.install()
        let console = shared.console
        let composed = try session.compose(request, cancellation: cancellation) { event in
            if case .clip(let clip) = event, clip.isNew { console.note("ingested \(clip.name)") }
        }
        for note in composed.notes { console.note(note) }
        if let save {
            try session.save(composed.recipe, as: save, replace: replace)
            console.note("saved \(save) (\(composed.recipe.hash.prefix(12)))")
        }
        guard output.isGiven else {
            if save == nil || shared.json { try console.print(composed.recipe.encoded()) }
            return
        }
        let job = RenderJob(session: session, options: output.options, shared: shared)
        try job.run(composed.recipe, cancellation)
    }

    /// What was asked, without a look at the library.
    var request: CompositionRequest {
        var request = CompositionRequest(content: content)
        request.motion = motion
        request.mixes = mixes.map { .init(reference: $0.reference, weight: $0.weight) }
        request.blends = blends.enumerated().map { index, reference in
            let own = blends.count == 1 ? masks[...] : masks[index...index]
            return .init(reference: reference, masks: own.flatMap(\.parts))
        }
        request.edits = zip(sources, targets).enumerated().map { index, texts in
            let alpha = alphas.count > 1 ? alphas[index] : alphas.first
            return StyleEdit(
                from: texts.0,
                to: texts.1,
                alpha: alpha ?? StyleEdit.defaultAlpha
            )
        }
        request.timing = timing.timing
        request.seed = seed
        return request
    }
}

extension String {
    fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}

import ArgumentParser
import Pipelines

/// What a composition is made of.
struct CompositionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Who is seen: a clip or an image file.", valueName: "ref"))
    var content: String

    @Option(help: ArgumentHelp("Whose motion; the content's own if not given.", valueName: "ref"))
    var motion: String?

    @Option(
        name: .customLong("mix"),
        help: ArgumentHelp(
            "Add a share of another motion, as jump:0.3; repeatable.",
            valueName: "ref:weight"
        )
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
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("How strongly the look changes; 1 if not given.", valueName: "x")
    )
    var alphas: [Double] = []

    @Option(help: ArgumentHelp("The seed of the generator's noise.", valueName: "n"))
    var seed: UInt64?

    mutating func validate() throws {
        try validateBlends()
        try validateEdits()
        for mix in mixes {
            try requireNumber("--mix \(mix.reference)", mix.weight, in: -10...10, "-10 to 10")
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

    /// What was asked, without a look at the library.
    func request(_ timing: CompositionRequest.Timing) -> CompositionRequest {
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
        request.timing = timing
        request.seed = seed
        return request
    }
}

extension String {
    fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}

import ArgumentParser
import Pipelines
import Store

/// `vsdb similar`.
struct SimilarCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "similar",
        abstract: "Find clips that move like another one, or look like it.",
        usage: """
            vsdb similar <ref> [--by motion|content|look] [-k <n>] [--mask <region>]
                [<options>]
            """,
        discussion: """
            REF is a clip, a saved composition, a recipe file, or a film or picture that need \
            not be in the library; a part of one is written with seconds behind an @. Motion ignores who moves; content ignores \
            what is done; look is CLIP's view of the frames. Scores are cosines: 1 is \
            the same.

              vsdb similar walk
              vsdb similar walk --mask right-arm -k 5 --sheet arms.png
              vsdb similar walk@1s-2s --anywhere
              vsdb similar new.mp4@0.5s-1.5s --anywhere
              vsdb similar new.mp4 --by content --where 'duration >= 2'
            """
    )

    @Argument(
        help: ArgumentHelp(
            "A clip, a composition or a file, or a part of one (walk@1s-2s).",
            valueName: "ref"
        )
    )
    var reference: String

    @Option(help: ArgumentHelp("What is compared.", valueName: "aspect"))
    var by = SearchAspect.motion

    @Option(
        name: .customLong("mask"),
        help: ArgumentHelp(
            "Only the motion of a part counts: a region of the pack, cells or a picture, as in compose, "
                + "with commas between several; repeatable.",
            valueName: "region"
        )
    )
    var masks: [MaskArgument] = []

    @Flag(
        help:
            "Find the best part of each clip, as long as the reference, instead of comparing whole clips."
    )
    var anywhere = false

    @OptionGroup var options: FindOptions
    @OptionGroup var shared: SharedOptions

    func run() throws {
        var request = try options.request()
        request.reference = reference
        request.aspect = by
        request.masks = masks.flatMap(\.parts)
        request.anywhere = anywhere
        let session = try shared.openSession()
        let result = try session.find(request, cancellation: Interruption.install())
        try FoundClips(
            request: request,
            result: result,
            session: session,
            options: options,
            shared: shared
        ).show()
    }
}

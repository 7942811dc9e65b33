import ArgumentParser
import Pipelines
import Store

/// `vsdb search`.
struct SearchCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find clips by words, by tags and conditions, or by words and a clip together.",
        usage: """
            vsdb search <words> [--like <ref>] [--weight <w>] [<options>]
            vsdb search [--tag <word>] [--where <condition>] [<options>]
            """,
        discussion: """
            Words are compared with what CLIP sees in the frames. With --like, clips are ranked by both: \
            each counts in standard deviations above the library's mean. Without words, clips that meet \
            the conditions are listed as vsdb list does, all of them without -k.

              vsdb search "a woman in a purple dress"
              vsdb search "a red dress" --like walk --by motion --weight 0.3
              vsdb search --tag dance --where 'duration >= 2 and caption contains "dress"'
            """
    )

    @Argument(help: ArgumentHelp("What is seen, in words.", valueName: "words"))
    var words: [String] = []

    @Option(
        help: ArgumentHelp("Like this clip too, which is written as in similar.", valueName: "ref")
    )
    var like: String?

    @Option(
        help: ArgumentHelp(
            "What is compared with --like; motion if not given.",
            valueName: "aspect"
        )
    )
    var by: SearchAspect?

    @Option(
        help: ArgumentHelp(
            "How much the words count beside --like, 0 to 1; 0.5 if not given.",
            valueName: "w"
        )
    )
    var weight: Double?

    @Option(
        name: .customLong("mask"),
        help: ArgumentHelp(
            "Only the motion of a part of --like counts; repeatable.",
            valueName: "region"
        )
    )
    var masks: [MaskArgument] = []

    @OptionGroup var options: FindOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        try requireNumber("--weight", weight, in: 0...1, "a number from 0 to 1")
        guard weight == nil || (like != nil && !words.isEmpty) else {
            throw ValidationError("--weight fits words together with --like")
        }
        guard like != nil || by == nil else {
            throw ValidationError("--by fits --like: words are compared with the look of clips")
        }
        guard like != nil || !options.exact || !words.isEmpty else {
            throw ValidationError("--exact fits words or --like: conditions are always exact")
        }
        guard like != nil || masks.isEmpty else {
            throw ValidationError("--mask fits --like: words have no motion")
        }
        guard !words.isEmpty || like != nil || options.conditions.isFiltered else {
            throw ValidationError("nothing to look for: give words, --like REF, --tag or --where")
        }
    }

    func run() throws {
        guard !words.isEmpty || like != nil else { return try list() }
        var request = try options.request()
        request.text = words.isEmpty ? nil : words.joined(separator: " ")
        request.reference = like
        if let by { request.aspect = by }
        request.masks = masks.flatMap(\.parts)
        if let weight { request.textWeight = weight }
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

    private func list() throws {
        guard options.thumbnails == nil else {
            throw ValidationError(
                "--thumbnails fits words or --like; --sheet shows the clips of a list"
            )
        }
        try options.checkOutputs()
        var filter = try options.conditions.conditions()
        filter.limit = options.count
        let session = try shared.openSession()
        let clips = try session.library.clips(filter)
        try ClipListing(session.library, clips, filter)
            .print(shared, options.format, ifEmpty: "no clip fits")
        guard let sheet = options.sheet else { return }
        guard !clips.isEmpty else { return shared.console.note("\(sheet) was not written") }
        let drawn = try session.sheet(of: clips, title: Wording.count(clips.count, "clip"))
        try SheetFile.write(drawn, to: sheet, of: clips.count, shared.console)
    }
}

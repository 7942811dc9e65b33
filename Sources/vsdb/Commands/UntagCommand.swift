import ArgumentParser
import Store

/// `vsdb untag`.
struct UntagCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "untag",
        abstract: "Take tags from clips.",
        usage: """
            vsdb untag <word>[,<word>] <ref> ... [<options>]
            vsdb untag <word>[,<word>] --where <condition> [<options>]
            """,
        discussion: """
            All clips lose them or none. A clip without the tag stays as it is.

              vsdb untag dance anna walk
              vsdb untag dance,night --where 'tag = night'
            """
    )

    @Argument(help: ArgumentHelp("The tag, or several with commas.", valueName: "word"))
    var tags: WordList

    @OptionGroup var selection: ClipSelection

    @OptionGroup var shared: SharedOptions

    func validate() throws { try tags.validate() }

    func run() throws {
        let (library, clips) = try selection.open(shared)
        let changed = try library.untag(clips.map(\.id), from: tags.words)
        try ChangeReport(of: clips, changed: changed).print(
            shared,
            { "took \(tags.shown) from \($0)" },
            rest: "did not have \(tags.words.count == 1 ? "it" : "any of them")"
        )
    }
}

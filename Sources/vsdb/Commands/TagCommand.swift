import ArgumentParser
import Store

/// `vsdb tag`.
struct TagCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Give clips tags, words to find them by.",
        usage: """
            vsdb tag <word>[,<word>] <ref> ... [<options>]
            vsdb tag <word>[,<word>] --where <condition> [<options>]
            """,
        discussion: """
            All clips get them or none. A clip that has a tag already keeps it.

              vsdb tag dance anna walk
              vsdb tag dance,night 3fa9
              vsdb tag long --where 'duration >= 2 and kind = video'
            """
    )

    @Argument(help: ArgumentHelp("The tag, or several with commas.", valueName: "word"))
    var tags: WordList

    @OptionGroup var selection: ClipSelection

    @OptionGroup var shared: SharedOptions

    func validate() throws { try tags.validate() }

    func run() throws {
        let (library, clips) = try selection.open(shared)
        let changed = try library.tag(clips.map(\.id), with: tags.words)
        try ChangeReport(of: clips, changed: changed).print(
            shared,
            { "tagged \($0) with \(tags.shown)" },
            rest: "had \(tags.words.count == 1 ? "it" : "them") already"
        )
    }
}

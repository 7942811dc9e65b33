import ArgumentParser

/// `--tag`, wherever clips are chosen by their tags.
struct TagsOption: ParsableArguments {
    @Option(
        name: .customLong("tag"),
        help: ArgumentHelp(
            "Only clips with these tags, with commas between; repeatable.",
            valueName: "word"
        )
    )
    var lists: [WordList] = []

    func validate() throws { try lists.validate() }

    /// The tags of all of them; empty if none is given.
    var words: [String] { lists.words }
}

/// `--tag`, wherever clips come into the library.
struct NewTagsOption: ParsableArguments {
    @Option(
        name: .customLong("tag"),
        help: ArgumentHelp(
            "Words to filter by, with commas between; repeatable.",
            valueName: "word"
        )
    )
    var lists: [WordList] = []

    func validate() throws { try lists.validate() }

    /// The tags of all of them; empty if none is given.
    var words: [String] { lists.words }
}

import Testing

/// Arguments that are refused before anything is opened: exit code 64, and what to do instead.
struct UsageTests {
    static let refused: [(arguments: [String], message: String)] = [
        (["frobnicate"], "frobnicate"),
        (["list", "--frob"], "--frob"),
        (["list", "--threads", "0"], "give a number from 1"),
        (["list", "--wait", "nan"], "--wait nan"),
        (["list", "--wait", "-1"], "--wait"),
        (["list", "--color", "blue"], "'auto', 'always' or 'never'"),
        (["list", "-q", "-v"], "exclude each other"),
        (["tag", "walk"], "choose them with --where"),
        (["tag", "walk,,run", "a"], "one of them is empty"),
        (["tag", "", "a"], "one of them is empty"),
        (["similar", "a", "-k", "-1"], "a number from 1 up"),
        (["search", "dress", "--by", "content"], "--by fits --like"),
        (["untag", "walk", "a", "--where", "id = 3fa9"], "not both"),
        (["collection", "add", "reel"], "choose them with --where"),
        (["caption", "anna"], "put the caption in quotes"),
        (["caption", "anna", "a", "red", "dress"], "4 arguments were given"),
        (["caption", "anna", " "], "use --clear"),
        (["caption", "--clear"], "choose them with --where"),
        (["caption", "anna", "--file", "captions.json"], "nothing beside it"),
        (["caption", "--where", "id = 3fa9", "anna", "a dress"], "one caption is expected"),
        (["caption", "--file", "/nonexistent"], "--file \"/nonexistent\": no readable file"),
        (["rename", "anna"], "<name>"),
        (["rename", "a", "b", "--composition", "--collection"], "exclude each other"),
        (["ingest", "a.mp4", "--tag", "walk,"], "one of them is empty"),
        (["show", "a", "--lineage", "--thumbnails", "a.jpg"], "exclude each other"),
        (["duplicates", "--threshold", "1.5"], "a score from 0 to 1"),
        (["duplicates", "--threshold", "nan"], "--threshold nan"),
        (["duplicates", "--threshold", "-1"], "a score from 0 to 1"),
        (["duplicates", "--by", "look"], "'motion', 'content' or 'both'"),
        (["duplicates", "--sheet", "-"], "give a file"),
        (["duplicates", "--where", "nome = x"], "did you mean name?"),
        (["map", "-o", "map.pdf"], "written as .html, .png or .jpg"),
        (["map", "--by", "both"], "'motion', 'content' or 'look'"),
        (["map", "--seed", "-1"], "--seed"),
        (["list", "--where", "duration >"], "a number of seconds (2, 1.5s"),
        (["init", "a", "--library", "b"], "give the folder once"),
        (["ingest", "a.mp4", "--start", "nan"], "seconds from 0 up"),
        (["ingest", "a.mp4", "--end", "inf"], "seconds from 0 up"),
        (["ingest", "a.mp4", "--start", "5", "--end", "3"], "--end 3 does not lie behind"),
        (["ingest", "a.mp4", "--segment", "0"], "--segment"),
        (["ingest", "a.mp4", "--segment", "nan"], "--segment"),
        (["ingest", "a.mp4", "--align", "left"], "'none', 'center' or 'pad'"),
        (["ingest", "a.mp4", "b.mp4", "--name", "x"], "one file only"),
        (["ingest", "a.mp4", "-"], "stands alone"),
        (["ingest", "a.mp4", "--captions", "/nonexistent"], "no readable file"),
        (["ingest"], "the list on standard input is empty"),
        (["show", "a", "--composition", "--thumbnails", "a.jpg"], "--thumbnails fits clips"),
        (["remove"], "choose them with --where"),
        (["remove", "a", "--where", "id = 3fa9"], "not both"),
        (["export"], "--output"),
        (["export", "-o", "-"], "a bundle is a folder"),
        (["export", "a", "--tag", "walk", "-o", "b"], "not both"),
        (["export", "--where", "nome = x", "-o", "b"], "did you mean name?"),
        (["import"], "<bundle>"),
        (["remove", "a", "--composition", "--force"], "fit clips"),
        (["compose"], "--content"),
        (["compose", "--content", "a", "--mask", "head"], "--mask belongs to --blend"),
        (["compose", "--content", "a", "--blend", "b"], "--blend needs a --mask"),
        (
            [
                "compose", "--content", "a", "--blend", "b", "--blend", "c", "--mask", "head",
            ],
            "2 times --blend and 1 times --mask"
        ),
        (["compose", "--content", "a", "--blend", "b", "--mask", "head,"], "--mask"),
        (["compose", "--content", "a", "--to", "x"], "go together"),
        (["compose", "--content", "a", "--from", "x", "--to", " "], "empty"),
        (["compose", "--content", "a", "--alpha", "1"], "--alpha belongs to"),
        (
            ["compose", "--content", "a", "--from", "x", "--to", "y", "--alpha", "nan"],
            "--alpha nan"
        ),
        (["compose", "--content", "a", "--mix", "b"], "--mix <ref:weight>"),
        (["compose", "--content", "a", "--mix", "b:inf"], "--mix <ref:weight>"),
        (["compose", "--content", "a", "--mix", "b:1e9"], "-10 to 10"),
        (["compose", "--content", "a", "--fps", "inf"], "--fps inf"),
        (["compose", "--content", "a", "--fps", "0"], "--fps 0"),
        (["compose", "--content", "a", "--frames", "0"], "--frames 0"),
        (["compose", "--content", "a", "--duration", "-1"], "--duration"),
        (["compose", "--content", "a", "--end", "2", "--frames", "5"], "give one of them"),
        (["compose", "--content", "a", "--replace"], "--replace belongs to --save"),
        (["compose", "--content", "a", "--size", "64"], "--size belongs to"),
        (["compose", "--content", "a", "--size", "100", "-o", "a.mp4"], "power of 2"),
        (["compose", "--content", "a", "--json", "-o", "-"], "standard output"),
        (["render", "a"], "nothing to make"),
        (["pack", "create", "a"], "at least one checkpoint"),
        (["pack", "create", "a/b", "f.pt"], "cannot be a pack's name"),
        (["pack", "create", "a", "f.pt", "--groups", "4,6"], "--groups"),
        (["pack", "create", "a", "f.pt", "--frame-size", "128"], "--frame-size"),
        (["pack", "create", "a", "f.pt", "--modulation-heads", "0"], "--modulation-heads 0"),
        (["pack", "create", "a", "f.pt", "--frame-rate", "nan"], "--frame-rate nan"),
        (["pack", "create", "a", "f.pt", "-o", "b", "--default"], "--default belongs to"),
        (["pack", "create", "a", "--clip", "f", "--without", "clip"], "exclude each other"),
    ]

    /// All commands of `--tag` read its words alike.
    static let withTags = [
        ["export", "-o", "a"], ["list"], ["ingest", "a"], ["sample", "--seed", "1"],
        ["pack", "calibrate"], ["train", "dynamics"], ["search", "a"], ["duplicates"], ["map"],
    ]

    @Test(arguments: withTags)
    func emptyTagsAreRefused(arguments: [String]) throws {
        let result = try Workspace().run(arguments + ["--tag", "dance,,night"])
        #expect(result.status == 64, "\(arguments): \(result.errors)")
        #expect(result.errors.contains("one of them is empty"), "\(arguments): \(result.errors)")
    }

    @Test(arguments: refused.indices)
    func wrongUsageIsRefusedWithAReason(index: Int) throws {
        let (arguments, message) = Self.refused[index]
        let result = try Workspace().run(arguments)
        #expect(result.status == 64, "\(arguments): \(result.errors)")
        #expect(result.errors.hasPrefix("vsdb: error: "))
        #expect(result.errors.contains(message), "\(arguments): \(result.errors)")
        #expect(result.output.isEmpty)
    }
}

public import ArgumentParser
import Foundation
public import Pipelines
import Store

extension SearchAspect: ExpressibleByArgument {}

/// Which clips may be found, how many, and in which form they are shown.
struct FindOptions: ParsableArguments {
    /// The form of what was found.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, csv, json
    }

    @Option(name: .customShort("k"), help: ArgumentHelp("How many clips.", valueName: "n"))
    var count = 10

    @Flag(help: "Compare every clip by all its numbers; slower, and never misses one.")
    var exact = false

    @Option(
        name: [.customLong("where"), .customLong("filter")],
        help: ArgumentHelp(
            "Only clips that meet a condition, as 'duration > 2 and tag = walk'; see docs/filters.md.",
            valueName: "condition"
        )
    )
    var condition: String?

    @Option(
        name: .customLong("tag"),
        help: ArgumentHelp(
            "Only clips with these tags, with commas between; repeatable.",
            valueName: "word"
        )
    )
    var tags: [WordList] = []

    @Option(help: ArgumentHelp("Only clips of this collection.", valueName: "name"))
    var collection: String?

    @Option(
        help: ArgumentHelp(
            "The pack whose clips are searched; that of the clip, or the library's default.",
            valueName: "name"
        )
    )
    var pack: String?

    @Option(help: ArgumentHelp("How the clips are shown.", valueName: "form"))
    var format = Format.table

    @Option(
        help: ArgumentHelp("Draw the clips into a contact sheet.", valueName: "file"),
        completion: .file(extensions: ["png", "jpg"])
    )
    var sheet: String?

    @Option(
        help: ArgumentHelp(
            "Write each clip's strip of pictures into a folder, and list the paths.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var thumbnails: String?

    func validate() throws {
        guard count > 0 else { throw ValidationError("-k \(count): give a number from 1 up") }
    }

    /// Whether any condition is set.
    var isFiltered: Bool { condition != nil || !tags.isEmpty || collection != nil }

    /// The conditions.
    ///
    /// - Throws: `StoreError`, `.invalidValue`, with a caret under what is wrong.
    func filter() throws(StoreError) -> ClipFilter {
        var filter = ClipFilter()
        if let condition { filter.expression = try FilterExpression(condition) }
        filter.tags = tags.words
        filter.collection = collection
        return filter
    }

    /// A request with these options.
    ///
    /// - Throws: `StoreError`.
    func request() throws(StoreError) -> FindRequest {
        var request = FindRequest()
        (request.count, request.isExact, request.pack) = (count, exact, pack)
        request.filter = try filter()
        return request
    }
}

public import ArgumentParser
import Foundation
import Media
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

    @OptionGroup var conditions: ConditionOptions

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

    /// A request with these options, after a look at whether the sheet can be written.
    ///
    /// - Throws: `StoreError`, `MediaError`.
    func request() throws -> FindRequest {
        if let sheet { try StillImage.check(path: sheet) }
        var request = FindRequest()
        (request.count, request.isExact) = (count, exact)
        request.pack = conditions.pack
        request.filter = try conditions.conditions()
        return request
    }
}

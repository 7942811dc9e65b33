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

    @Option(
        name: .customShort("k", allowingJoined: true),
        parsing: .unconditional,
        help: ArgumentHelp("How many clips; 10 if not given.", valueName: "n")
    )
    var count: Int?

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
        if let count, count < 1 {
            throw ValidationError("-k \(count): give a number from 1 up")
        }
    }

    /// Looks, before the work begins, whether pictures can be written.
    ///
    /// - Throws: `MediaError`, `OutputError`.
    func checkOutputs() throws {
        if let sheet { try StillImage.check(path: sheet) }
        guard let thumbnails else { return }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: thumbnails, isDirectory: &isFolder),
            !isFolder.boolValue
        {
            throw OutputError(
                description: "--thumbnails \"\(thumbnails)\": that is a file; name a folder"
            )
        }
    }

    /// A request with these options, after a look at whether pictures can be written.
    ///
    /// - Throws: `StoreError`, `MediaError`, `OutputError`.
    func request() throws -> FindRequest {
        try checkOutputs()
        var request = FindRequest()
        if let count { request.count = count }
        request.isExact = exact
        request.pack = conditions.pack
        request.filter = try conditions.conditions()
        return request
    }
}

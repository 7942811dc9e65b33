import ArgumentParser
import Foundation
import Store

/// `vsdb init`.
struct InitCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make an empty library.",
        usage: """
            vsdb init [<dir>] [<options>]
            """,
        discussion: """
            Without DIR the library is the folder that --library or VSDB_LIBRARY names, else .vsdb \
            in the current one, where all commands find it from here and from the folders below.

              vsdb init
              vsdb init ~/films.vsdb
            """
    )

    @Argument(
        help: ArgumentHelp("The folder to make.", valueName: "dir"),
        completion: .directory
    )
    var folder: String?

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let path: String
        let uuid: String
    }

    func validate() throws {
        guard folder == nil || shared.libraryPath == nil else {
            throw ValidationError("give the folder once: as DIR or with --library")
        }
    }

    func run() throws {
        // The work of some milliseconds is brought to its end: a stop in the middle would leave a draft.
        _ = Interruption.install()
        let library = try Library.create(
            at: folder ?? shared.libraryPath
                ?? ProcessInfo.processInfo.environment["VSDB_LIBRARY"] ?? Library.hiddenName
        )
        if shared.json {
            let output = Output(path: library.path, uuid: library.uuid)
            try shared.console.print(JSONOutput.document(output))
        } else {
            try shared.console.report(library.path)
        }
        shared.console.note("an empty library; next, add weights: vsdb pack add DIR")
    }
}

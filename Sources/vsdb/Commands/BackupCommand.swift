import ArgumentParser
import Pipelines
import Store

/// `vsdb backup`.
struct BackupCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the library as it is at one moment, while others read and write.",
        usage: """
            vsdb backup <dir> [--read-data] [<options>]
            """,
        discussion: """
            The copy is a library as it stands, with its packs and without its search indexes, which \
            are made again. It appears whole or not at all, also when it is stopped with Ctrl-C, and is checked. \
            An empty folder stays the folder that it is, with its mode. To restore, put it in \
            the place of the library.

              vsdb backup /backups/films-monday
              vsdb list --library /backups/films-monday
            """
    )

    @Argument(
        help: ArgumentHelp("A folder that does not exist yet, or is empty.", valueName: "dir"),
        completion: .directory
    )
    var directory: String

    @Flag(help: "Read all numbers of the copy and compare their checksums.")
    var readData = false

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let path: String
        let clips: Int
        let bytes: Int
        let problems: [String]
    }

    func run() throws {
        let library = try shared.openLibrary()
        let cancellation = Interruption.install()
        let report = try library.backUp(
            to: directory,
            shouldStop: { cancellation.isCancelled }
        )
        Interruption.release()
        if !shared.json {
            // Before it is checked: whoever ends that has the copy, and should know.
            let clips = Wording.count(report.clipCount, "clip")
            try shared.console.report(
                "\(report.path): \(clips), \(Wording.bytes(report.byteCount))"
            )
        }
        let check = try Library.check(at: report.path, readData: readData)
        if shared.json {
            let output = Output(
                path: report.path,
                clips: report.clipCount,
                bytes: report.byteCount,
                problems: check.problems.map(\.description)
            )
            try shared.console.print(JSONOutput.document(output))
        }
        for problem in check.problems { shared.console.error(problem.description) }
        if !check.isSound {
            shared.console.error("what the library has that is damaged is damaged in its copy, too")
            throw ExitStatus.damaged
        }
    }
}

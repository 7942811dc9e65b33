import ArgumentParser
import Packs
import Pipelines
import Store

/// `vsdb pack verify`.
struct PackVerifyCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a pack's files against their hashes and build every network once.",
        usage: """
            vsdb pack verify [<name>] [<options>]
            """,
        discussion: """
            Without a name all packs are checked.

              vsdb pack verify
              vsdb pack verify paper-doll
            """
    )

    @Argument(help: "The name or the beginning of the fingerprint.")
    var name: String?

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let name: String
        let isSound: Bool
        @OrNull var problem: String?
    }

    func run() throws {
        let session = try shared.openSession()
        let records =
            try name.map { [try session.library.pack(named: $0)] }
            ?? session.library.packs()
        if records.isEmpty { shared.console.note("no packs yet; add one with vsdb pack add DIR") }
        var worst = ExitStatus.done
        var outputs: [Output] = []
        for record in records {
            var problem: String?
            do {
                _ = try session.pack(record.name).pack.verify()
            } catch {
                worst = ExitStatus(of: error)
                problem = ExitStatus.message(of: error)
            }
            outputs.append(Output(name: record.name, isSound: problem == nil, problem: problem))
            if let problem { shared.console.error(problem) }
            if !shared.json {
                let word =
                    problem == nil
                    ? shared.console.styled("sound", .success)
                    : shared.console.styled("not sound", .error)
                try shared.console.print("\(record.name)  \(word)")
            }
        }
        if shared.json { try shared.console.print(JSONOutput.document(outputs)) }
        if worst != .done { throw worst }
    }
}

import ArgumentParser
import Pipelines
import Store

/// `vsdb pack add`.
struct PackAddCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Verify a pack and copy it into the library.",
        usage: """
            vsdb pack add <dir> [--name <text>] [--default] [<options>]
            """,
        discussion: """
            A pack is a folder with pack.json and the weights that it names. The first pack of a \
            library becomes its default. A pack that the library has already is not added again; \
            files of it that are damaged or missing there are replaced.

              vsdb pack add Samples/packs/paper-doll
              vsdb pack add ~/packs/faces --name faces-256 --default
            """
    )

    @Argument(
        help: ArgumentHelp("The folder with pack.json.", valueName: "dir"),
        completion: .directory
    )
    var folder: String

    @Option(
        help: ArgumentHelp(
            "What to call it in this library; else as its pack.json says.",
            valueName: "text"
        )
    )
    var name: String?

    @Flag(name: .customLong("default"), help: "Use it whenever no pack is named.")
    var makesDefault = false

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let name: String
        let fingerprint: String
        let isNew: Bool
        let repaired: [String]
    }

    func run() throws {
        let session = try shared.openSession()
        let installed = try session.addPack(
            from: folder,
            name: name,
            makesDefault: makesDefault
        )
        let record = installed.record
        guard !shared.json else {
            let output = Output(
                name: record.name,
                fingerprint: record.fingerprint,
                isNew: installed.isNew,
                repaired: installed.repaired
            )
            try shared.console.print(JSONOutput.document(output))
            return
        }
        try shared.console.report("\(record.name)  \(record.fingerprint.prefix(12))")
        let state =
            installed.isNew
            ? "verified and added" : Wording.known(repaired: installed.repaired)
        let isDefault = try session.library.defaultPack()?.name == record.name
        shared.console.note(state + (isDefault ? "; it is the default" : ""))
    }
}

extension Wording {
    /// What became of a pack that the library had before.
    static func known(repaired: [String]) -> String {
        repaired.isEmpty
            ? "the library had it already"
            : "the library had it already; repaired \(repaired.joined(separator: ", "))"
    }
}

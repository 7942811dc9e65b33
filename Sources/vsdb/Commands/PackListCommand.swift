import ArgumentParser
import Pipelines
import Store

/// `vsdb pack list`.
struct PackListCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the packs of the library.",
        usage: """
            vsdb pack list [<options>]
            """,
        discussion: """
              vsdb pack list
              vsdb pack list --json
            """
    )

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let session = try shared.openSession()
        let chosen = try session.library.defaultPack()?.name
        let packs = try session.library.packs().map { record in
            try PackSummary(record, session: session, isDefault: record.name == chosen)
        }
        guard !shared.json else {
            try shared.console.print(JSONOutput.document(packs))
            return
        }
        guard !packs.isEmpty else {
            shared.console.note("no packs yet; add one with vsdb pack add DIR")
            return
        }
        var table = TextTable([
            .name("NAME"), .left("FINGERPRINT"), .left("FRAME"), .left("ROWS, COLUMNS"),
            .left("FOR"), .right("SIZE"), .cut("SUMMARY", to: 8),
        ])
        for pack in packs {
            table.add([
                pack.name + (pack.isDefault ? " *" : ""),
                String(pack.fingerprint.prefix(12)),
                "\(pack.frame[1])x\(pack.frame[0])",
                pack.grid.map { $0.map(String.init).joined(separator: ", ") } ?? "-",
                pack.uses,
                Wording.bytes(pack.bytes),
                pack.summary,
            ])
        }
        try shared.console.printTable(table)
        if chosen != nil { shared.console.note("* the default pack") }
    }
}

import ArgumentParser
import Foundation
import Pipelines
import Store

/// `vsdb index`.
struct IndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Look at the indexes that searches use, or build them anew.",
        discussion: """
            Indexes are derived from the library and kept in line with it by ingest, remove and every \
            search. Deleting the folder index/ loses nothing.

              vsdb index status
              vsdb index rebuild
            """,
        subcommands: [IndexStatusCommand.self, IndexRebuildCommand.self]
    )
}

/// `vsdb index status`.
struct IndexStatusCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show sizes, age and, with --verify, soundness and recall of each index.",
        usage: "vsdb index status [--verify] [<options>]",
        discussion: """
              vsdb index status
              vsdb index status --verify --json
            """
    )

    @Flag(help: "Read every row, compare it with its checksum, and measure recall against exact.")
    var verify = false

    @OptionGroup var shared: SharedOptions

    private struct Record: Encodable {
        let pack: String
        let by: SearchAspect
        let windows: Bool
        let state: IndexStatus.State
        let clips: Int
        let rows: Int
        let removed: Int
        let segments: Int
        let bytes: Int
        let numbers: Int
        let centreClips: Int
        @OrNull var written: Date?
        @OrNull var damagedRows: Int?
        @OrNull var recall: Double?
        @OrNull var compared: Double?
    }

    func run() throws {
        let session = try shared.openSession()
        let found = try session.indexStatus(
            reads: verify,
            cancellation: Interruption.install()
        )
        if shared.json {
            try shared.console.print(JSONOutput.document(found.map(record)))
        } else {
            try printTable(found)
        }
        if found.contains(where: { $0.state == .damaged }) {
            shared.console.note(
                "a damaged index is built anew by the next search, or by vsdb index rebuild"
            )
            throw ExitStatus.damaged
        }
    }

    private func record(_ status: IndexStatus) -> Record {
        Record(
            pack: status.pack,
            by: status.aspect,
            windows: status.hasWindows,
            state: status.state,
            clips: status.clips,
            rows: status.rows,
            removed: status.removed,
            segments: status.segments,
            bytes: status.bytes,
            numbers: status.numbers,
            centreClips: status.centre,
            written: status.written,
            damagedRows: status.damaged,
            recall: status.recall,
            compared: status.compared
        )
    }

    private func printTable(_ found: [IndexStatus]) throws {
        guard !found.isEmpty else {
            shared.console.note("no packs yet; add one with vsdb pack add DIR")
            return
        }
        var columns: [TextTable.Column] = [
            .left("PACK"), .left("BY"), .left("STATE"), .right("CLIPS"), .right("ROWS"),
            .right("REMOVED"), .right("SIZE"), .left("WRITTEN"),
        ]
        if verify { columns += [.right("DAMAGED"), .right("RECALL@10"), .right("COMPARED")] }
        var table = TextTable(columns)
        for status in found {
            var row = [
                status.pack, status.aspect.rawValue + (status.hasWindows ? ", windows" : ""),
                status.state.rawValue, String(status.clips), String(status.rows),
                String(status.removed), Wording.bytes(status.bytes),
                status.written?.formatted(.iso8601) ?? "-",
            ]
            if verify {
                row += [
                    status.damaged.map(String.init) ?? "-",
                    status.recall.map { String(format: "%.3f", $0) } ?? "exact",
                    status.compared.map { String(format: "%.1f %%", 100 * $0) } ?? "all",
                ]
            }
            table.add(row)
        }
        try shared.console.printTable(table)
    }
}

/// `vsdb index rebuild`.
struct IndexRebuildCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Build the indexes anew from the library.",
        usage: "vsdb index rebuild [--pack <name>] [<options>]",
        discussion: """
              vsdb index rebuild
              vsdb index rebuild --pack paper-doll
            """
    )

    @Option(help: ArgumentHelp("Only the indexes of this pack.", valueName: "name"))
    var pack: String?

    @OptionGroup var shared: SharedOptions

    private struct Record: Encodable {
        let pack: String
        let by: SearchAspect
        let rows: Int
    }

    func run() throws {
        let session = try shared.openSession()
        var records: [Record] = []
        try session.rebuildIndexes(pack: pack, cancellation: Interruption.install()) {
            records.append(Record(pack: $0, by: $1, rows: $2))
            if !shared.json {
                // A reader that is gone does not keep an index from being built.
                try? shared.console.print(
                    "\($0): index of \($1.rawValue), \(Wording.count($2, "row"))"
                )
            }
        }
        if shared.json { try shared.console.print(JSONOutput.document(records)) }
    }
}

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
        abstract: "Show state, recall, age and sizes of each index; with --verify read all of it.",
        usage: "vsdb index status [--verify] [<options>]",
        discussion: """
              vsdb index status
              vsdb index status --verify --json
            """
    )

    @Flag(help: "Read every row, compare it with its checksum, and measure recall by 50 rows.")
    var verify = false

    @OptionGroup var shared: SharedOptions

    private struct Record: Encodable {
        let pack: String
        let by: SearchAspect
        let windows: Bool
        @OrNull var seconds: Double?
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
            windows: status.window != nil,
            seconds: status.window,
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
        // The answer that --verify is asked for stands where no terminal cuts it off.
        let sizes: [TextTable.Column] = [.right("ROWS"), .right("REMOVED"), .right("SIZE")]
        var columns: [TextTable.Column] = [
            .cut("PACK", to: 4), .left("BY"), .left("STATE"), .right("RECALL@10"),
        ]
        if verify { columns += [.right("DAMAGED"), .right("COMPARED")] }
        var table = TextTable(columns + [.right("AGE")] + sizes)
        for status in found { table.add(row(status)) }
        try shared.console.printTable(table)
    }

    private func row(_ status: IndexStatus) -> [String] {
        let isRead = status.rows > 0 && status.state != .damaged
        let recall = status.recall.map { Wording.decimal($0, digits: 3) }
        let compared = status.compared.map { Wording.decimal(100 * $0, digits: 1) + " %" }
        let age = status.written.map { Wording.age(Date().timeIntervalSince($0)) }
        let parts = status.window.map { ", " + Wording.seconds($0) } ?? ""
        var row = [
            status.pack, status.aspect.rawValue + parts, status.state.rawValue,
            recall ?? (isRead ? "exact" : "-"),
        ]
        if verify {
            row += [status.damaged.map { String($0) } ?? "-", compared ?? (isRead ? "all" : "-")]
        }
        return row + [
            age ?? "-", String(status.rows), String(status.removed), Wording.bytes(status.bytes),
        ]
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
                try? shared.console.report(
                    "\($0): index of \($1.rawValue), \(Wording.count($2, "row"))"
                )
            }
        }
        if shared.json { try shared.console.print(JSONOutput.document(records)) }
    }
}

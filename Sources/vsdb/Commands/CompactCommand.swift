import ArgumentParser
import Pipelines
import Store

/// `vsdb compact`.
struct CompactCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Give the room of deleted clips back to the disk.",
        usage: """
            vsdb compact [<options>]
            """,
        discussion: """
            Both files are written anew, and the copy of the tensors is checked before it takes the \
            place of the old file; so as much room as they fill has to be free. Nobody else may use the \
            library meanwhile. Delete unused tensors first, with vsdb gc.

              vsdb gc; vsdb compact --wait 60
            """
    )

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let bytesBefore: Int
        let bytesAfter: Int
    }

    func run() throws {
        let path = try shared.locateLibrary()
        let cancellation = Interruption.install()
        let report = try Library.compact(
            at: path,
            waitSeconds: shared.waitSecondsOrDefault,
            shouldStop: { cancellation.isCancelled }
        )
        if let warning = report.warning { shared.console.alarm(warning) }
        guard !shared.json else {
            let output = Output(
                bytesBefore: report.byteCountBefore,
                bytesAfter: report.byteCountAfter
            )
            try shared.console.print(JSONOutput.document(output))
            return
        }
        try shared.console.report(
            "\(Wording.bytes(report.byteCountBefore)) before, \(Wording.bytes(report.byteCountAfter)) now"
        )
    }
}

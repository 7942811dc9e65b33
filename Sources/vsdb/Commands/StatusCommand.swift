import ArgumentParser
import Store

/// `vsdb status`.
struct StatusCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what the library holds and how much room it takes.",
        usage: """
            vsdb status [<options>]
            """,
        discussion: """
              vsdb status
              vsdb status --json --library ~/films.vsdb
            """
    )

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let path: String
        let uuid: String
        let formatVersion: Int
        let schemaVersion: Int
        let sources: Int
        let clips: Int
        let assets: Int
        let packs: Int
        @OrNull var defaultPack: String?
        let collections: Int
        let compositions: Int
        let renders: Int
        let catalogBytes: Int
        let tensorBytes: Int
        let unusedTensors: Int
        let unusedBytes: Int
        let freeBytes: Int
    }

    func run() throws {
        let library = try shared.openLibrary()
        let status = try library.status()
        let pack = try library.defaultPack()?.name
        guard !shared.json else {
            try shared.console.print(JSONOutput.document(output(status, pack)))
            return
        }
        var lines = [
            ("library", status.path),
            ("format", "\(status.formatVersion), tables \(status.schemaVersion)"),
            ("sources", "\(status.sourceCount)"),
            ("clips", "\(status.clipCount) with \(Wording.count(status.assetCount, "asset"))"),
            ("packs", "\(status.packCount)" + (pack.map { ", default \($0)" } ?? "")),
            ("collections", "\(status.collectionCount)"),
            ("compositions", "\(status.compositionCount)"),
            ("renders", "\(status.renderCount)"),
            (
                "on disk",
                "catalogue \(Wording.bytes(status.catalogByteCount)), "
                    + "tensors \(Wording.bytes(status.tensorByteCount)), "
                    + "\(Wording.bytes(status.freeByteCount)) free"
            ),
        ]
        if status.orphans.tensorCount > 0 {
            let count = Wording.count(status.orphans.tensorCount, "tensor")
            lines.append(("unused", "\(count), \(Wording.bytes(status.orphans.byteCount))"))
        }
        try shared.console.printFacts(lines)
    }

    private func output(_ status: LibraryStatus, _ pack: String?) -> Output {
        Output(
            path: status.path,
            uuid: status.uuid,
            formatVersion: status.formatVersion,
            schemaVersion: status.schemaVersion,
            sources: status.sourceCount,
            clips: status.clipCount,
            assets: status.assetCount,
            packs: status.packCount,
            defaultPack: pack,
            collections: status.collectionCount,
            compositions: status.compositionCount,
            renders: status.renderCount,
            catalogBytes: status.catalogByteCount,
            tensorBytes: status.tensorByteCount,
            unusedTensors: status.orphans.tensorCount,
            unusedBytes: status.orphans.byteCount,
            freeBytes: status.freeByteCount
        )
    }
}

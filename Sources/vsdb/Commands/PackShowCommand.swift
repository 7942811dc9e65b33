import ArgumentParser
import Packs
import Pipelines
import Store

/// `vsdb pack show`.
struct PackShowCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a pack can do, its sizes, regions, licence and origin.",
        usage: """
            vsdb pack show [<name>] [<options>]
            """,
        discussion: """
              vsdb pack show paper-doll
            """
    )

    @Argument(help: "The name or the beginning of the fingerprint; the default pack if not given.")
    var name: String?

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let session = try shared.openSession()
        let chosen = try session.library.defaultPack()
        guard let record = try name.map({ try session.library.pack(named: $0) }) ?? chosen else {
            throw RequestError("the library has no pack yet; add one with vsdb pack add DIR")
        }
        let isDefault = record.name == chosen?.name
        let pack = try PackSummary(record, session: session, isDefault: isDefault)
        guard !shared.json else {
            try shared.console.print(JSONOutput.document(pack))
            return
        }
        try shared.console.printFacts([
            ("pack", pack.name + (isDefault ? " (default)" : "")),
            ("summary", pack.summary),
            ("usable for", pack.uses),
            ("frame", "\(pack.frame[1])x\(pack.frame[0]) pixels"),
            ("grid", pack.grid.map { "\($0[0]) rows, \($0[1]) columns" } ?? "none"),
            ("regions", pack.regions.isEmpty ? "none" : pack.regions.joined(separator: ", ")),
            (
                "time",
                "clips of \(Wording.seconds(pack.clipSeconds)), "
                    + "\(Wording.trimmed(pack.frameRate)) frames a second"
            ),
            (
                "reconstruction",
                pack.reconstruction.map {
                    "median \(Wording.trimmed($0.median)), limit \(Wording.trimmed($0.limit))"
                } ?? "not measured; vsdb pack calibrate does"
            ),
            (
                "bf16 pictures",
                pack.bfloat16PSNR.map { "PSNR \(Wording.trimmed($0)) dB against f32" }
                    ?? "not measured; vsdb pack calibrate does"
            ),
            ("licence", pack.licence),
            ("origin", pack.provenance),
            ("fingerprint", pack.fingerprint),
            ("folder", pack.folder),
            ("files", "\(pack.files.joined(separator: ", ")) (\(Wording.bytes(pack.bytes)))"),
        ])
    }
}

import ArgumentParser
import Store

/// `vsdb migrate`.
struct MigrateCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring a library that an older vsdb wrote up to date.",
        usage: """
            vsdb migrate [--dry-run] [<options>]
            """,
        discussion: """
            An older library can be read as it is; writing needs its tables up to date. The catalogue \
            as it was is kept beside the new one. Nobody else may use the library meanwhile, and \
            an older vsdb can not use it afterwards.

              vsdb migrate --dry-run
              vsdb migrate
            """
    )

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let dryRun: Bool
        let oldVersion: Int
        let newVersion: Int
        let steps: [String]
        @OrNull var copy: String?
    }

    func run() throws {
        let path = try shared.locateLibrary()
        let report = try Library.migrate(
            at: path,
            dryRun: dryRun,
            waitSeconds: shared.waitSecondsOrDefault
        )
        if let warning = report.warning { shared.console.alarm(warning) }
        guard !shared.json else {
            let output = Output(
                dryRun: dryRun,
                oldVersion: report.oldVersion,
                newVersion: report.newVersion,
                steps: report.steps,
                copy: report.copyPath
            )
            try shared.console.print(JSONOutput.document(output))
            return
        }
        func say(_ text: String) throws {
            try dryRun ? shared.console.print(text) : shared.console.report(text)
        }
        guard !report.steps.isEmpty else {
            try say("up to date: version \(report.oldVersion)")
            return
        }
        for step in report.steps {
            try say("\(dryRun ? "lacks" : "took") \(step)")
        }
        let versions = "version \(report.oldVersion) to \(report.newVersion)"
        try say(dryRun ? "would go from \(versions)" : "went from \(versions)")
        if let copy = report.copyPath {
            shared.console.note("the catalogue as it was is in \(copy)")
        }
    }
}

import ArgumentParser
import Packs
import Pipelines
import Store

/// `vsdb repair`.
struct RepairCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Make a damaged library whole again, of what is whole.",
        usage: """
            vsdb repair [--restore-removed] [--dry-run] [<options>]
            """,
        discussion: """
            A damaged file is written anew from all that can be read in it; clips whose codes are \
            damaged are taken out and named with the files to ingest again. What is taken out goes \
            into quarantine/ in the library, nothing is deleted; delete that folder once nothing in \
            it is needed. Nobody else may use the library meanwhile. Damaged packs are mended by vsdb \
            pack add. Look first with vsdb check; a dry run repairs a copy, for which there must be room \
            beside the library or in TMPDIR, and ends with the code that the repair would end with.

              vsdb check --read-data; vsdb repair
              vsdb repair --dry-run
            """
    )

    @Flag(
        help:
            "Write the rows of clips that have tensors and no row again: lost, or removed and not yet collected."
    )
    var restoreRemoved = false

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let dryRun: Bool
        let actions: [String]
        let lost: [Lost]
        let brokenCompositions: [String]
        @OrNull var quarantine: String?
        let remaining: [String]

        struct Lost: Encodable {
            @OrNull var id: String?
            let name: String
            let source: String
            let start: Double
            let end: Double
            let reason: String
        }
    }

    func run() throws {
        let path = try shared.locateLibrary()
        let report = try dryRun ? tryRepair(path) : repair(path)
        var remaining = report.remaining
        if remaining.isEmpty, !dryRun {
            let session = try shared.openSession()
            remaining += try session.packProblems(readingWeights: true)
            if remaining.isEmpty { try mendIndexes(session) }
        }
        if shared.json {
            try shared.console.print(JSONOutput.document(output(report, remaining)))
        } else {
            try print(report)
        }
        for problem in remaining { shared.console.error(problem.description) }
        if !remaining.isEmpty { throw ExitStatus.damaged }
        if !report.lostClips.isEmpty { throw ExitStatus.someFailed }
    }

    /// The fingerprint of the pack in a folder; one that is no pack is named in the report.
    private static func fingerprint(_ folder: String) -> String? {
        try? Pack(folder: folder).fingerprint
    }

    /// A path as one word for a shell, whatever is in it.
    private static func quotedForShell(_ path: String) -> String {
        "'" + path.replacing("'", with: #"'\''"#) + "'"
    }

    private func repair(_ path: String) throws -> RepairReport {
        try Library.repair(
            at: path,
            waitSeconds: shared.waitSecondsOrDefault,
            restoresRemoved: restoreRemoved,
            packFingerprint: Self.fingerprint
        )
    }

    private func tryRepair(_ path: String) throws -> RepairReport {
        let cancellation = Interruption.install()
        return try Library.tryRepair(
            at: path,
            waitSeconds: shared.waitSecondsOrDefault,
            restoresRemoved: restoreRemoved,
            packFingerprint: Self.fingerprint,
            shouldStop: { cancellation.isCancelled },
            inspect: { copy in
                let library = try Library.open(at: copy)
                return try Session(library: library, logger: shared.console.logger)
                    .packProblems(readingWeights: false)
            }
        )
    }

    private func mendIndexes(_ session: Session) throws {
        session.updateIndexes(ofPacks: Set(try session.library.packs().map(\.fingerprint)))
        guard try !session.indexNotes(reads: true).isEmpty else { return }
        try session.rebuildIndexes()
        if !shared.json { try shared.console.report("built the search indexes anew") }
    }

    private func print(_ report: RepairReport) throws {
        let console = shared.console
        func say(_ text: String) throws { try dryRun ? console.print(text) : console.report(text) }
        if dryRun {
            console.note("a dry run: this is what a repair would report; nothing is changed")
        }
        for action in report.actions { try say(action) }
        for clip in report.lostClips {
            let range =
                clip.end > 0
                ? ", \(Wording.trimmed(clip.start))-\(Wording.trimmed(clip.end)) s" : ""
            try console.print(
                "took out clip \(clip.name) (\(clip.id?.short ?? "id unknown")): \(clip.reason)\(range)"
            )
        }
        for path in Set(report.lostClips.map(\.sourcePath)).sorted() {
            // What vsdb sample made has the command in the place of a file.
            let command =
                path.hasPrefix("vsdb sample ")
                ? "sample again: \(path)" : "ingest again: vsdb ingest \(Self.quotedForShell(path))"
            try console.print(command)
        }
        for name in report.brokenCompositions {
            console.warning(
                "composition \(name) lost a clip; it works again once that is ingested again"
            )
        }
        if let quarantine = report.quarantine {
            console.note(
                "what was taken out is in \(quarantine): rows.jsonl has a row a line, other files are as they "
                    + "were; delete the folder once nothing in it is needed"
            )
        }
        if report.actions.isEmpty, report.lostClips.isEmpty {
            try say("nothing to repair")
        }
    }

    private func output(_ report: RepairReport, _ remaining: [LibraryProblem]) -> Output {
        Output(
            dryRun: dryRun,
            actions: report.actions,
            lost: report.lostClips.map { clip in
                Output.Lost(
                    id: clip.id?.hex,
                    name: clip.name,
                    source: clip.sourcePath,
                    start: clip.start,
                    end: clip.end,
                    reason: clip.reason
                )
            },
            brokenCompositions: report.brokenCompositions,
            quarantine: report.quarantine,
            remaining: remaining.map(\.description)
        )
    }
}

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
            vsdb repair [--restore-removed] [<options>]
            """,
        discussion: """
            A damaged file is written anew from all that can be read in it; clips whose codes are \
            damaged are taken out and named with the files to ingest again. What is taken out goes \
            into quarantine/ in the library, nothing is deleted. Nobody else may use the library \
            meanwhile. Damaged packs are mended by vsdb pack add. Look first with vsdb check.

              vsdb check --read-data; vsdb repair
            """
    )

    @Flag(
        help:
            "Write the rows of clips that have tensors and no row again: lost, or removed and not yet collected."
    )
    var restoreRemoved = false

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
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
        let report = try Library.repair(
            at: path,
            waitSeconds: shared.waitSecondsOrDefault,
            restoresRemoved: restoreRemoved,
            // A folder that is no pack is named in the report.
            packFingerprint: { try? Pack(folder: $0).fingerprint }
        )
        var remaining = report.remaining
        if remaining.isEmpty {
            let session = try shared.openSession()
            remaining += try session.packProblems(readingWeights: false)
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

    private func mendIndexes(_ session: Session) throws {
        session.updateIndexes(ofPacks: Set(try session.library.packs().map(\.fingerprint)))
        guard try !session.indexNotes(reads: true).isEmpty else { return }
        try session.rebuildIndexes()
        if !shared.json { try shared.console.print("built the search indexes anew") }
    }

    private func print(_ report: RepairReport) throws {
        let console = shared.console
        for action in report.actions { try console.print(action) }
        for clip in report.lostClips {
            let range =
                clip.end > 0
                ? ", \(Wording.trimmed(clip.start))-\(Wording.trimmed(clip.end)) s" : ""
            try console.print(
                "took out clip \(clip.name) (\(clip.id?.short ?? "id unknown")): \(clip.reason)\(range)"
            )
        }
        for path in Set(report.lostClips.map(\.sourcePath)).sorted() {
            try console.print("ingest again: vsdb ingest \"\(path)\"")
        }
        for name in report.brokenCompositions {
            console.warning(
                "composition \(name) lost a clip; it works again once that is ingested again"
            )
        }
        if let quarantine = report.quarantine {
            console.note("what was taken out is in \(quarantine)")
        }
        if report.actions.isEmpty, report.lostClips.isEmpty {
            try console.print("nothing to repair")
        }
    }

    private func output(_ report: RepairReport, _ remaining: [LibraryProblem]) -> Output {
        Output(
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

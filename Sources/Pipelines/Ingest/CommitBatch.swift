internal import Foundation
internal import Store

/// Encoded clips that wait to be written together, and the count of everything so far.
struct CommitBatch {
    let library: Library
    let run: IngestRunID
    let total: Int
    var report = IngestReport()
    private var filesDone = 0
    private var fileSeconds = 0.0
    private var plannedSeconds = 0.0
    private var waiting: [(clip: NewClip, plan: ClipPlan, warnings: [String])] = []
    private var lastCommit = Date()

    /// A group of 16 costs about as much as one clip; two seconds is what a kill may lose.
    private static let groupSize = 16
    private static let patience = 2.0

    init(library: Library, run: IngestRunID, total: Int) {
        self.library = library
        self.run = run
        self.total = total
    }

    var counts: IngestCounts {
        IngestCounts(added: report.added, skipped: report.skipped, failed: report.failures.count)
    }

    mutating func add(
        _ clip: NewClip,
        _ plan: ClipPlan,
        _ warnings: [String],
        _ onEvent: (IngestEvent) -> Void
    ) throws {
        var clip = clip
        clip.ingestRun = run
        waiting.append((clip, plan, warnings))
        report.videoSeconds += plan.end - plan.start
        fileSeconds += plan.end - plan.start
        if waiting.count >= Self.groupSize || Date().timeIntervalSince(lastCommit) > Self.patience {
            try commit(onEvent)
        }
        progress(onEvent)
    }

    /// Writes the group and reports its clips.
    mutating func commit(_ onEvent: (IngestEvent) -> Void) throws {
        lastCommit = Date()
        guard !waiting.isEmpty else { return }
        let group = waiting
        waiting = []
        let committed = try library.commit(group.map(\.clip))
        for (result, item) in zip(committed, group) {
            if result.isNew { report.added += 1 } else { report.skipped += 1 }
            onEvent(
                .clip(
                    IngestedClip(
                        id: result.id.hex,
                        name: result.name,
                        path: item.clip.source.path,
                        isNew: result.isNew,
                        hasMotion: item.plan.hasMotion,
                        start: item.plan.start,
                        end: item.plan.end,
                        warning: item.warnings.isEmpty ? nil : item.warnings.joined(separator: "; ")
                    )
                )
            )
        }
    }

    /// Begins a file with this many seconds to encode.
    mutating func begin(seconds: Double) { (fileSeconds, plannedSeconds) = (0, seconds) }

    /// Ends a file.
    mutating func endFile() {
        filesDone += 1
        (fileSeconds, plannedSeconds) = (0, 0)
    }

    func progress(_ onEvent: (IngestEvent) -> Void) {
        let ofFile = plannedSeconds > 0 ? min(1, fileSeconds / plannedSeconds) : 0
        onEvent(
            .progress(
                IngestProgress(
                    filesDone: filesDone,
                    files: total,
                    clips: report.added + report.skipped,
                    videoSeconds: report.videoSeconds,
                    fraction: (Double(filesDone) + ofFile) / Double(max(1, total))
                )
            )
        )
    }
}

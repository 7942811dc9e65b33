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
    private var waiting: [Waiting] = []
    private var lastCommit = Date()

    /// A clip that is not written yet, and what will be said about it.
    struct Waiting {
        var clip: NewClip
        let plan: ClipPlan
        let reconstruction: Double?
        let warnings: [String]
    }

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

    mutating func add(_ item: Waiting, _ onEvent: (IngestEvent) -> Void) throws {
        var item = item
        item.clip.ingestRun = run
        waiting.append(item)
        report.videoSeconds += item.plan.end - item.plan.start
        fileSeconds += item.plan.end - item.plan.start
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
                        reconstruction: item.reconstruction,
                        warnings: item.warnings
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

internal import Foundation
internal import Packs
internal import Pipelines
internal import Store

extension TaskWorker {
    /// Ingests the files of a shard into a scratch library and writes its clips as a bundle.
    func ingest(
        _ work: ClusterJob.Ingest,
        _ scratch: String,
        _ draft: String,
        _ report: inout TaskReport
    ) throws {
        let clock = ContinuousClock()
        let began = clock.now
        guard let shard = try folder.read(IngestShard.self, "tasks/\(JobFolder.name(task)).json")
        else { throw ClusterError(.damaged, "\"\(folder.path)\": task \(task) is missing") }
        let session = Session(library: try Library.create(at: scratch + "/library"))
        let pack = try session.addPack(from: folder.packPath)
        guard pack.record.fingerprint == work.pack else {
            throw ClusterError(.damaged, "\"\(folder.packPath)\" is not the pack of job \(job.id)")
        }
        try takeEarlier(session)
        report.setupSeconds = began.duration(to: clock.now) / .seconds(1)

        var request = work.request
        request.inputs = shard.sources.map(\.path)
        for source in shard.sources {
            request.shares[source.path] = source.seconds
            let name = (source.path as NSString).lastPathComponent
            request.captions[name] = source.caption
            request.boxes[name] = source.boxes
        }
        request.known = try known()
        let earlier = try session.library.status().clipCount
        var lastTold = clock.now
        do {
            let found = try session.ingest(request, cancellation: cancellation) { event in
                switch event {
                case .failure(let failure): onNote("\"\(failure.path)\": \(failure.reason)")
                case .warning(let text): onNote(text)
                case .clip(let clip):
                    for warning in clip.warnings { onNote("\"\(clip.path)\": \(warning)") }
                case .progress(let progress):
                    report.videoSeconds = progress.videoSeconds
                    guard lastTold.duration(to: clock.now) > .seconds(2) else { return }
                    lastTold = clock.now
                    tell(progress.fraction)
                }
            }
            report.known = max(0, found.skipped - earlier)
            report.videoSeconds = found.videoSeconds
            report.failures = found.failures.map { .init(path: $0.path, reason: $0.reason) }
        } catch is InterruptedError {
            report.isPartial = true
            onNote("asked to stop")
        }
        report.clips = try session.library.status().clipCount
        guard report.clips > 0 else { return }
        let publishing = clock.now
        // Not to be stopped any more: what is done is handed in.
        _ = try session.export(ExportRequest(output: draft + "/bundle"))
        report.publishSeconds = publishing.duration(to: clock.now) / .seconds(1)
    }

    /// Takes over what earlier attempts had when they were asked to stop.
    private func takeEarlier(_ session: Session) throws {
        let prefix = JobFolder.name(task) + "."
        for name in try folder.names(in: "partial") where name.hasPrefix(prefix) {
            let bundle = "\(folder.path)/partial/\(name)/bundle"
            do {
                try session.importBundles([bundle], cancellation: cancellation) { report in
                    onNote(
                        "\(report.added) clips of attempt \(name.dropFirst(prefix.count)) taken over"
                    )
                }
            } catch let error as StoreError where error.kind == .damaged {
                // Its clips are made again.
                onNote("\(error)")
            }
        }
    }

    /// The clips that the library had when the job was made.
    private func known() throws -> Set<String> {
        let text = try String(contentsOfFile: folder.knownPath, encoding: .utf8)
        return Set(text.split(separator: "\n").map(String.init))
    }
}

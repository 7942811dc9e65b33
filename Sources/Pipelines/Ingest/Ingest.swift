internal import Foundation
internal import Kernels
internal import Logging
internal import Media
internal import Packs
internal import Store

extension Session {
    /// Turns files into clips with stored assets.
    ///
    /// One thread decodes and aligns frames, the calling thread runs the networks; at most two clips wait
    /// between them. A clip is reported once it is durable. A file that fails does not stop the others.
    ///
    /// - Parameters:
    ///   - request: Files and settings.
    ///   - cancellation: Stops after the clip in work.
    ///   - onEvent: Is told of every clip, failure and step, on the calling thread.
    /// - Returns: Counts and failures.
    /// - Throws: `InterruptedError`, `RequestError`, `StoreError` or `PackError`; clips that were reported
    ///   before stay in the library.
    public func ingest(
        _ request: IngestRequest,
        cancellation: Cancellation = Cancellation(),
        onEvent: (IngestEvent) -> Void = { _ in }
    ) throws -> IngestReport {
        let files = try files(of: request)
        let pack = try pack(request.pack)
        // A pack that cannot ingest is refused before any file is touched.
        let encoder = ClipEncoder(pack: pack)
        _ = try pack.encoder()
        for (option, unused) in [
            ("boxes", request.boxes.names(besides: files)),
            ("captions", request.captions.names(besides: files)),
        ] where !unused.isEmpty {
            let more = unused.count > 3 ? " and \(unused.count - 3) more" : ""
            onEvent(
                .warning(
                    "--\(option): no file to ingest is called "
                        + unused.prefix(3).map { "\"\($0)\"" }.joined(separator: ", ") + more
                )
            )
        }
        let run = try library.beginIngestRun(
            requestJSON: request.summaryJSON(fileCount: files.count)
        )
        let scout = Scout(
            request: request,
            pack: pack,
            library: library,
            cancellation: cancellation
        )
        let queue = Handoff<Scout.Item>(capacity: 2)
        let thread = Thread {
            scout.run(files, into: queue)
            queue.finish()
        }
        thread.stackSize = 8 << 20
        thread.start()
        defer { queue.abandon() }

        var batch = CommitBatch(library: library, run: run, total: files.count)
        do {
            while let item = queue.take() {
                try cancellation.check()
                try process(item, encoder, &batch, onEvent)
            }
            try batch.commit(onEvent)
        } catch {
            // What was encoded before a stop is whole: keep it. A second failure here would hide the first,
            // which is the one to report; clips that are not committed were not reported either.
            try? batch.commit(onEvent)
            try? library.finishIngestRun(run, counts: batch.counts)
            throw error
        }
        try library.finishIngestRun(run, counts: batch.counts)
        if batch.report.added > 0 { updateIndexes(of: pack, cancellation) }
        try cancellation.check()
        return batch.report
    }

    private func process(
        _ item: Scout.Item,
        _ encoder: ClipEncoder,
        _ batch: inout CommitBatch,
        _ onEvent: (IngestEvent) -> Void
    ) throws {
        switch item {
        case .known(let clip):
            batch.report.skipped += 1
            onEvent(.clip(clip))
        case .failure(let failure):
            try batch.commit(onEvent)
            batch.report.failures.append(failure)
            onEvent(.failure(failure))
        case .fileDone:
            batch.endFile()
            batch.progress(onEvent)
        case .planned(let seconds):
            batch.begin(seconds: seconds)
        case .clip(var draft, let observed, let warnings):
            do {
                let began = ContinuousClock.now
                let encoded = try encoder.encode(observed)
                draft.assets = encoded.assets
                logger.debug(
                    "encoded \(draft.name) from \(observed.plan.start) s in \(ContinuousClock.now - began)"
                )
                let doubt = encoder.pack.doubt(encoded.reconstruction ?? .infinity)
                try batch.add(
                    CommitBatch.Waiting(
                        clip: draft,
                        plan: observed.plan,
                        reconstruction: encoded.reconstruction,
                        warnings: warnings + [doubt].compactMap { $0 }
                    ),
                    onEvent
                )
            } catch let error as RequestError {
                let failure = IngestFailure(path: draft.source.path, reason: error.description)
                batch.report.failures.append(failure)
                onEvent(.failure(failure))
            }
        }
    }

    /// The files of a request, folders replaced by their media.
    ///
    /// - Throws: `RequestError` if there is none, or something in the request makes no sense.
    package func files(of request: IngestRequest) throws -> [String] {
        let files = try SourceList.files(request.inputs)
        try validate(request, files)
        return files
    }

    private func validate(_ request: IngestRequest, _ files: [String]) throws {
        guard !files.isEmpty else { throw RequestError("nothing to ingest: name files or folders") }
        guard request.name == nil || files.count == 1 else {
            throw RequestError("--name fits one file only, \(files.count) were given")
        }
        for (flag, value) in [("--start", request.start), ("--end", request.end)] {
            guard let value else { continue }
            guard value.isFinite, value >= 0 else {
                throw RequestError("\(flag) \(value): give seconds from 0 up")
            }
        }
        if let start = request.start, let end = request.end, end <= start {
            throw RequestError("--end \(end) does not lie behind --start \(start)")
        }
        for (file, boxes) in request.boxes {
            for box in boxes { try box.validate(file) }
        }
        if case .seconds(let seconds) = request.segment, !(seconds.isFinite && seconds >= 0.05) {
            throw RequestError("--segment \(seconds): give at least 0.05 seconds, or none")
        }
    }
}

extension IngestRequest {
    /// The request for the catalogue's list of runs.
    ///
    /// - Parameters:
    ///   - fileCount: How many files it has.
    ///   - job: The job on a cluster that does it; nil for an ingest here.
    /// - Returns: A JSON object.
    /// - Throws: An error of Foundation.
    package func summaryJSON(fileCount: Int, job: String? = nil) throws -> String {
        var facts: [String: Any] = ["files": fileCount, "tags": tags]
        facts["job"] = job
        let data = try JSONSerialization.data(withJSONObject: facts, options: .sortedKeys)
        return String(decoding: data, as: UTF8.self)
    }
}

internal import Foundation
internal import Media
internal import Packs
public import Pipelines
internal import Store

extension Session {
    /// Plans an ingest on a cluster, and makes the job's folder unless it is only planned.
    ///
    /// Files are looked at, not decoded: a container's own length and the bytes decide how they are shared out.
    ///
    /// - Parameters:
    ///   - request: Files and how, as for `ingest`.
    ///   - options: How many tasks, where, with what.
    ///   - isDryRun: Whether nothing is written.
    ///   - cancellation: Stops between two files.
    ///   - onProgress: Is told how many files of how many were looked at.
    /// - Returns: The job, to be sent with `JobFollower`.
    /// - Throws: `ClusterError`, `RequestError`, `PackError`, `StoreError`, errors of the disk.
    public func planIngest(
        _ request: IngestRequest,
        _ options: JobOptions,
        isDryRun: Bool,
        cancellation: Cancellation = Cancellation(),
        onProgress: (Int, Int) -> Void = { _, _ in }
    ) throws -> PlannedJob {
        let draft = try JobDraft(self, options)
        let files = try files(of: request).map {
            URL(fileURLWithPath: $0).standardizedFileURL.path
        }
        let pack = try pack(request.pack)
        let segment: Double =
            switch request.segment {
            case .packLength: pack.manifest.time.clipSeconds
            case .seconds(let seconds): seconds
            case .none: .infinity
            }
        var sources: [ShardPlan.Source] = []
        for path in files {
            try cancellation.check()
            sources.append(Self.source(path, request))
            onProgress(sources.count, files.count)
        }
        let plan = ShardPlan(
            sources,
            ShardPlan.Costs(clipSeconds: segment, perMegabyte: Self.clipsPerMegabyte),
            count: options.taskCount
        )
        var common = request
        common.inputs = []
        common.pack = nil
        (common.captions, common.boxes) = ([:], [:])
        let job = draft.job(
            taskCount: plan.shards.count,
            ingest: ClusterJob.Ingest(
                request: common,
                pack: pack.pack.fingerprint,
                fileCount: files.count
            )
        )
        let shards = plan.shards.map { $0.described(by: request) }
        let tasks = shards.map { shard in
            "\(shard.sources.count == 1 ? "1 file" : "\(shard.sources.count) files"), "
                + "about \(Int(shard.cost.rounded())) clips of work"
        }
        if !isDryRun {
            try draft.write(job, tasks: shards) { folder in
                try folder.copyPack(pack.pack)
                var filter = ClipFilter()
                filter.packFingerprint = pack.pack.fingerprint
                let known = try library.clipIDs(filter).map(\.hex).sorted()
                try Data(known.map { $0 + "\n" }.joined().utf8)
                    .write(to: URL(fileURLWithPath: folder.knownPath))
            }
        }
        return draft.planned(job, tasks: tasks)
    }

    /// Hashing and decoding a megabyte costs as much as this part of encoding a clip of the sample pack: docs/scale.md.
    private static let clipsPerMegabyte = 0.4

    private static func source(_ path: String, _ request: IngestRequest) -> ShardPlan.Source {
        // What cannot be opened costs nothing; its task says what is wrong with it.
        let seconds = (try? VideoReader(path: path).info.nominalSeconds) ?? 0
        let begin = min(request.start ?? 0, seconds)
        return ShardPlan.Source(
            path: path,
            byteCount: fileByteCount(path),
            seconds: begin..<max(begin, min(request.end ?? seconds, seconds))
        )
    }
}

extension IngestShard {
    /// The same with what the user said of each file.
    fileprivate func described(by request: IngestRequest) -> IngestShard {
        var shard = self
        for index in sources.indices {
            let path = sources[index].path
            shard.sources[index].caption = request.captions.entry(ofFile: path)
            shard.sources[index].boxes = request.boxes.entry(ofFile: path)
        }
        return shard
    }
}

internal import Foundation
internal import Media
internal import Packs
internal import Store

extension Session {
    /// Draws content codes from the pack's mapping network and stores each as a clip without motion.
    ///
    /// The same seed, truncation and pack give the same code bit for bit, which is stored once.
    ///
    /// - Parameters:
    ///   - request: Seeds, truncation, names, pictures.
    ///   - cancellation: Stops between codes; what was reported stays.
    ///   - onSample: Is told of every code that is in the library.
    /// - Returns: Counts, and what the truncation pulled towards.
    /// - Throws: `RequestError`, `StoreError`, `InterruptedError`, `MediaError` if a picture cannot be
    ///   written, or `PackError`, `.missingNetwork`, if the pack has no mapping network.
    public func sample(
        _ request: SampleRequest,
        cancellation: Cancellation = Cancellation(),
        onSample: (SampledContent) -> Void = { _ in }
    ) throws -> SampleReport {
        try request.validate()
        let pack = try pack(request.pack)
        let draw = try SampleDraw(request, pack)
        let encoder = ClipEncoder(pack: pack)
        let run = try library.beginIngestRun(requestJSON: request.summaryJSON)
        var report = SampleReport(psi: request.psi, cutoff: draw.cutoff, average: draw.origin)
        var sheet = SampleSheet()
        defer {
            let counts = IngestCounts(added: report.added, skipped: report.skipped)
            // The samples are safe; a run without its end only looks as if it had been stopped.
            try? library.finishIngestRun(run, counts: counts)
        }
        for seed in request.seeds {
            try cancellation.check()
            var clip = draw.clip(seed)
            let isKnown = try library.hasClip(clip.id)
            if !isKnown || request.picture != nil || request.sheet != nil {
                let code = draw.code(seed)
                let picture = try encoder.picture(of: code)
                if let path = request.picture { try StillImage.write(picture, to: path) }
                if request.sheet != nil { sheet.append(seed, picture) }
                if !isKnown {
                    clip.assets = try encoder.encode(code, picture, provenance: draw.facts(seed))
                    clip.ingestRun = run
                }
            }
            let sample = try store(clip, seed, isKnown)
            if sample.isNew { report.added += 1 } else { report.skipped += 1 }
            onSample(sample)
        }
        if let path = request.sheet { try sheet.write(to: path) }
        return report
    }

    private func store(_ clip: NewClip, _ seed: UInt64, _ isKnown: Bool) throws -> SampledContent {
        guard !isKnown, let result = try library.commit([clip]).first else {
            let known = try library.clip(clip.id)
            return SampledContent(id: known.id.hex, name: known.name, seed: seed, isNew: false)
        }
        return SampledContent(
            id: result.id.hex,
            name: result.name,
            seed: seed,
            isNew: result.isNew
        )
    }
}

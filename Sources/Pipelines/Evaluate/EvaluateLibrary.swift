internal import Foundation
internal import Media
internal import Models
internal import Packs
internal import Store
internal import Tensors

extension Session {
    /// Measures a pack on clips of the library, by what needs no truth but their own frames.
    ///
    /// - Parameters:
    ///   - request: Which clips and which frames.
    ///   - cancellation: Stops between batches of frames.
    ///   - onProgress: Is told before every clip.
    /// - Returns: The tables.
    /// - Throws: `RequestError`, `StoreError`, `PackError`, `RenderError` or `InterruptedError`.
    public func evaluate(
        _ request: EvaluationRequest,
        cancellation: Cancellation = Cancellation(),
        onProgress: (EvaluationProgress) -> Void = { _ in }
    ) throws -> EvaluationReport {
        let began = ContinuousClock.now
        let pack = try pack(request.pack)
        let (clips, left) = try movingClips(request.clips, pack)
        let choice = try pack.precision(request.precision)
        let renderer = EvaluationRenderer(
            pack: pack,
            synthesis: SynthesisOptions(precision: choice.precision),
            cancellation: cancellation
        )
        var evaluation = try LibraryEvaluation(self, request, renderer, clips)
        for index in clips.indices {
            onProgress(
                EvaluationProgress(done: index + 1, total: clips.count, stage: clips[index].name)
            )
            try evaluation.measure(index)
        }
        let sections = evaluation.finish()
        var counts = evaluation.vectorCounts
        counts["clips"] = clips.count
        counts["classes"] = evaluation.classCount
        return EvaluationReport(
            subject: "library \"\(library.path)\"",
            pack: pack.manifest.name,
            fingerprint: pack.pack.fingerprint,
            weights: pack.manifest.weightHashes,
            judges: [:],
            precision: choice.precision,
            frameProtocol: frameProtocol(request, renderer, evaluation.reader),
            counts: counts,
            sections: sections,
            missing: left + evaluation.missing,
            seconds: (ContinuousClock.now - began) / .seconds(1)
        )
    }

    /// The clips that are asked for and move, and what to say of the others.
    private func movingClips(
        _ references: [String],
        _ pack: LoadedPack
    ) throws -> ([Clip], [String]) {
        let name = pack.manifest.name
        guard pack.manifest.dynamics != nil else {
            throw PackError(
                .missingNetwork,
                "pack \"\(name)\" has no dynamics networks (key dynamics); eval renders motions"
            )
        }
        guard pack.manifest.clip != nil else {
            throw PackError(
                .missingNetwork,
                "pack \"\(name)\" has no CLIP (key clip); the style code of every render comes from it"
            )
        }
        var filter = ClipFilter()
        filter.packFingerprint = pack.pack.fingerprint
        let named = try references.map(wholeClip)
        let all = try references.isEmpty ? library.clips(filter) : named
        var seen: Set<ClipID> = []
        if let twice = all.first(where: { !seen.insert($0.id).inserted }) {
            throw RequestError("clip \(twice.name) is named twice")
        }
        for clip in all where clip.packFingerprint != pack.pack.fingerprint {
            throw PackError(
                .weightsMismatch,
                "\(clip.name) was made by pack \(try packName(clip.packFingerprint)), measured is "
                    + "\(name); name one of them with --pack"
            )
        }
        let moving = try all.filter { clip in
            try library.assets(of: clip.id).contains { $0.kind == .dynamics }
        }
        guard !moving.isEmpty else {
            throw RequestError(
                all.isEmpty
                    ? "library \"\(library.path)\" has no clip of pack \(name); vsdb ingest films first"
                    : "none of the \(all.count) clips moves; there is nothing to measure"
            )
        }
        let stills = all.count - moving.count
        return (moving, stills == 0 ? [] : ["\(stills) clips without motion"])
    }

    /// The clip of a reference that names no part of it.
    private func wholeClip(_ text: String) throws -> Clip {
        let reference = try library.resolve(text)
        let isWhole = reference.start <= 1e-6 && reference.end >= reference.clip.duration - 1e-6
        guard !reference.namesTimes || isWhole else {
            throw RequestError(
                "\"\(text)\": eval measures whole clips; ingest that part with --start and --end"
            )
        }
        return reference.clip
    }

    private func frameProtocol(
        _ request: EvaluationRequest,
        _ renderer: EvaluationRenderer,
        _ reader: FeatureReader?
    ) -> [String] {
        let rate = String(format: "%g", request.frameRate)
        var lines = [
            "\(request.frameCount) frames of each clip from its first one on, \(rate) a second; fewer if it "
                + "is shorter; codes as they are stored",
            "pictures \(renderer.size.width)x\(renderer.size.height), aligned as ingested, 8 bits; SSIM "
                + "11x11 Gaussian window, sigma 1.5, mean over channels",
            "warping error by our Lucas-Kanade flow, each frame to the next",
        ]
        if let reader {
            lines += [
                "CLIP features of the pack's own CLIP, pictures resized to \(reader.imageSize) by Pillow's "
                    + "bicubic, vectors of length 1, \(reader.width) numbers",
                "a film's vector: the mean of its frames' features, then the mean magnitude of their "
                    + "changes; class score: the middle frame of each film",
            ]
        }
        return lines
    }
}

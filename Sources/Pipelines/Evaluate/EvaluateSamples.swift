internal import Foundation
public import Logging
internal import Media
internal import Models
internal import Packs
internal import Tensors

/// Measures packs on samples whose truth is known; no library is needed.
public enum SampleEvaluator {
    /// Measures a pack on a folder of samples.
    ///
    /// - Parameters:
    ///   - pack: The pack.
    ///   - request: The folder and how it is measured.
    ///   - cancellation: Stops between batches of frames.
    ///   - onProgress: Is told before every clip, pair and edit.
    /// - Returns: The tables.
    /// - Throws: `RequestError` naming file and key, `PackError`, `RenderError`, `MediaError` for the sheet, or
    ///   `InterruptedError`.
    public static func evaluate(
        _ pack: LoadedPack,
        _ request: EvaluationRequest,
        cancellation: Cancellation = Cancellation(),
        onProgress: (EvaluationProgress) -> Void = { _ in }
    ) throws -> EvaluationReport {
        let began = ContinuousClock.now
        guard let folder = request.samples else { throw RequestError("no folder of samples") }
        let manifest = try SampleManifest.read(folder)
        if let path = request.sheet { try StillImage.check(path: path) }
        // An evaluation without an encoder has nothing to measure.
        _ = try pack.encoder()
        let choice = try pack.precision(request.precision)
        let judgeFolder =
            request.judges
            ?? manifest.judges.map { $0.hasPrefix("/") ? $0 : folder + "/" + $0 }
        return try withoutActuallyEscaping(onProgress) { onProgress in
            let renderer = EvaluationRenderer(
                pack: pack,
                synthesis: SynthesisOptions(precision: choice.precision),
                cancellation: cancellation
            )
            var evaluation = SampleEvaluation(
                request: request,
                folder: folder,
                manifest: manifest,
                renderer: renderer,
                judges: try EvaluationJudges(
                    judgeFolder,
                    jointCount: manifest.jointNames?.count ?? 0,
                    size: renderer.size
                ),
                onProgress: onProgress
            )
            try evaluation.measureClips()
            try evaluation.measurePairs()
            try evaluation.measureMasked()
            try evaluation.measureInterpolation()
            try evaluation.measureEdits()
            try evaluation.measureFinding()
            if let path = request.sheet { try evaluation.writeSheet(to: path) }
            var report = EvaluationReport(
                subject: "samples \"\(manifest.name)\" (\(folder))",
                pack: pack.manifest.name,
                fingerprint: pack.pack.fingerprint,
                weights: pack.manifest.weightHashes,
                judges: evaluation.judges.hashes,
                precision: choice.precision,
                frameProtocol: evaluation.frameProtocol,
                counts: evaluation.counts,
                sections: evaluation.finish(),
                missing: evaluation.judges.missing + evaluation.missing,
                seconds: 0,
                sheet: evaluation.sheet.isEmpty ? nil : request.sheet
            )
            report.seconds = (ContinuousClock.now - began) / .seconds(1)
            return report
        }
    }
}

extension PackManifest {
    /// SHA-256 of the weights, by network.
    var weightHashes: [String: String] {
        var hashes = ["generator": generator.weights.sha256]
        hashes["encoder"] = encoder?.weights.sha256
        hashes["clip"] = clip?.weights.sha256
        hashes["dynamics"] = dynamics?.weights.sha256
        return hashes
    }
}

extension LoadedPack {
    /// A pack in a folder, without a library.
    ///
    /// - Throws: `PackError`.
    public static func open(
        folder: String,
        logger: Logger = Logger(label: "vsdb") { _ in SwiftLogNoOpLogHandler() }
    ) throws -> LoadedPack {
        LoadedPack(try Pack(folder: folder), logger: logger)
    }
}

extension SampleEvaluation {
    var counts: [String: Int] {
        [
            "clips": manifest.clips.count, "pairs": (manifest.pairs ?? []).count,
            "masked": (manifest.masked ?? []).count, "edits": (manifest.edits ?? []).count,
            "interpolation": (manifest.interpolation ?? []).count,
            "performances": (manifest.performances ?? []).count,
        ].filter { $0.value > 0 }
    }

    /// The lengths of windows, as text.
    private var windowSeconds: String {
        let all = subjects.values.map { $0.film.end(ofWindow: $0.window) }
        let ends = Set([all.min() ?? 0, all.max() ?? 0]).sorted()
        return ends.map { String(format: "%g", $0) }.joined(separator: " to ")
    }

    var frameProtocol: [String] {
        let pack = renderer.pack.manifest
        let every = request.stride == 1 ? "every frame" : "every \(request.stride) frames one"
        return [
            "drawn by: \(manifest.source); split \(manifest.split)",
            "observed: \(pack.time.observedFrames) frames of each window, evenly spread, as vsdb ingest "
                + "takes them; compared: \(every) of a film at \(manifest.frameRate) a second",
            "pictures \(renderer.size.width)x\(renderer.size.height), 8 bits, no resize before "
                + "comparison; SSIM 11x11 Gaussian window, sigma 1.5, mean over channels",
            "figure: pixels that differ from the background, grown by \(SampleFilm.maskRadius) pixels",
            "windows of \(windowSeconds) s; the pack's clips have \(pack.time.clipSeconds) s",
            "edits at alpha \(request.alpha); warping error by our Lucas-Kanade flow, 5 pairs of frames "
                + "a film",
        ]
    }
}

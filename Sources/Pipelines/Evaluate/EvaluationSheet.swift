internal import Media
internal import Packs
internal import Tensors

/// What is on the sheet of an evaluation.
enum EvaluationSheet {
    /// Pairs that are shown: content, motion, result, truth.
    static let pairs = 3
    /// Parts that are shown: result, truth.
    static let parts = 3
}

extension SampleEvaluation {
    /// Keeps four rows of a pair.
    mutating func addToSheet(
        _ pair: SampleManifest.Pair,
        _ a: Subject,
        _ b: Subject,
        _ truth: SampleFilm
    ) throws {
        guard request.sheet != nil, let scene = a.codes.scene(dynamics: b.codes.dynamics) else {
            return
        }
        let last = min(b.window, truth.seconds.count) - 1
        let indices = Set((0..<SheetSamples.count).map { last * $0 / (SheetSamples.count - 1) })
        let frames = try truth.frames(indices)
        let seconds = frames.map(\.second)
        sheet += [
            ("content: \(pair.content)", try a.film.images(nearestTo: seconds)),
            ("motion: \(pair.motion)", try b.film.images(nearestTo: seconds)),
            ("result", try renderer.frames(scene, at: seconds)),
            ("truth", frames.map(\.image)),
        ]
    }

    /// Keeps a result and its truth.
    mutating func addToSheet(
        _ label: String,
        _ results: [RGBImage],
        _ truth: [SampleFilm.Frame]
    ) {
        guard request.sheet != nil else { return }
        let count = SheetSamples.count
        sheet += [
            (label, Array(results.prefix(count))),
            ("truth", truth.prefix(count).map(\.image)),
        ]
    }

    /// Draws all rows that were kept.
    ///
    /// - Throws: `MediaError`.
    func writeSheet(to path: String) throws {
        guard !sheet.isEmpty else { return }
        let page = ContactSheet(
            rows: sheet.map { ContactSheet.Row(label: $0.label, images: $0.images) },
            title: "\(manifest.name), pack \(renderer.pack.manifest.name)"
        )
        try StillImage.write(try page.render(), to: path)
    }
}

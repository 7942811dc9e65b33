internal import Foundation
internal import Kernels
internal import Media
internal import Models
internal import Packs
internal import Tensors

/// The measuring of a pack on samples whose truth is known: the tables as they grow.
///
/// Works clip by clip; codes of all clips stay, frames of one item at a time.
struct SampleEvaluation {
    let request: EvaluationRequest
    let folder: String
    let manifest: SampleManifest
    let renderer: EvaluationRenderer
    let judges: EvaluationJudges
    let onProgress: (EvaluationProgress) -> Void

    /// A clip whose codes are known.
    struct Subject {
        let film: SampleFilm
        let window: Int
        let codes: ClipCodes
        /// The judge's mean feature of its frames, of length 1.
        let look: Tensor<Float>?
    }

    var subjects: [String: Subject] = [:]
    var done = 0
    var missing: [String] = []

    var reconstruction = ScoreTable("reconstruction", "Reconstruction")
    var animation = ScoreTable("animation", "Animation: content A, motion B")
    var masked = ScoreTable("masked", "Motion of one part from another clip")
    var interpolation = ScoreTable("interpolation", "Frames between 3 to 5 observed ones")
    var extrapolation = ScoreTable("extrapolation", "Beyond the observed window")
    var mixing = ScoreTable("mixing", "Mixed motions, lambda 0 to 1 in quarters")
    var edits = ScoreTable("edits", "Text edits")
    var steadiness = ScoreTable("steadiness", "Steadiness")
    var findClasses = ScoreTable(
        "findClasses",
        "Finding the same class of motion, nothing else shared"
    )
    var findLabels = ScoreTable("findLabels", "Finding each class, by vsdb similar --by motion")
    var findMotions = ScoreTable("findMotions", "Finding the same motion by other figures")
    var findParts = ScoreTable(
        "findParts",
        "Finding the same class of motion of a part, with a mask"
    )
    var findFigures = ScoreTable("findFigures", "Finding the same figure in other motions")
    var sheet: [(label: String, images: [RGBImage])] = []

    /// Frames k, k + 1 of a window at which steadiness is measured.
    static func steadyFrames(_ window: Int) -> [Int] {
        let last = max(0, window - 2)
        return Set((0..<5).map { last * $0 / 4 }).sorted()
    }

    var total: Int {
        manifest.clips.count + (manifest.pairs ?? []).count + (manifest.masked ?? []).count
            + (manifest.edits ?? []).count + (manifest.interpolation ?? []).count
            + (manifest.performances ?? []).count
    }

    mutating func step(_ stage: String) throws {
        try renderer.cancellation.check()
        done += 1
        onProgress(EvaluationProgress(done: done, total: total, stage: stage))
    }

    /// Opens a film of the manifest.
    func open(_ film: SampleManifest.Film, _ key: String) throws -> SampleFilm {
        try SampleFilm(film, key: key, (folder, manifest), size: renderer.size)
    }

    /// The clip of a name, which the manifest has.
    func subject(_ name: String) throws -> Subject {
        guard let subject = subjects[name] else {
            throw RequestError("samples: clip \"\(name)\" was not encoded")
        }
        return subject
    }

    /// The sections that have rows, and what was left out.
    mutating func finish() -> [EvaluationReport.Section] {
        edits.moveToEnd(RowName.allEdits)
        let row = RowName.result
        if let result = animation.mean(row, .psnr),
            let still = animation.mean(RowName.still, .psnr),
            let ceiling = animation.mean(RowName.ceiling, .psnr)
        {
            if ceiling > still {
                animation.add(row, .way, 100 * (result - still) / (ceiling - still))
            } else {
                missing.append(
                    "the way from still to ceiling: the still picture is as near as the ceiling"
                )
            }
        }
        if !manifest.clips.isEmpty, reconstruction.mean(RowName.inversion, .figurePSNR) == nil {
            missing.append("the figure alone: no film of a clip has a background or a mask")
        }
        if judges.probe != nil, reconstruction.mean(RowName.inversion, .joints) == nil {
            missing.append("joint errors: no film of a clip has joints")
        }
        let tables = [
            reconstruction, animation, masked, interpolation, extrapolation, mixing, edits,
            steadiness, findClasses, findLabels, findMotions, findParts, findFigures,
        ]
        return tables.filter { !$0.isEmpty }.map(\.section)
    }
}

/// What rows are called.
enum RowName {
    static let inversion = "G(f_C(x)), each frame"
    static let result = "G(z_C + dz_t), the result"
    static let still = "G(z_C), still"
    static let copied = "B copied"
    static let ceiling = "G(f_C(truth)), ceiling"
    static let allEdits = "all"
}

extension SampleEvaluation {
    /// Reconstruction, extrapolation and steadiness of the clips; their codes are kept.
    mutating func measureClips() throws {
        for (index, clip) in manifest.clips.enumerated() {
            try step("clips")
            let film = try open(clip.film, "clips.\(index).film")
            guard film.seconds.count >= clip.window else {
                throw RequestError(
                    "samples \"\(folder)/\(SampleManifest.name)\", the key clips.\(index).window: it is "
                        + "\(clip.window), the film has \(film.seconds.count) frames"
                )
            }
            try measure(clip, film)
        }
        if !renderer.moves {
            missing.append(
                "all that moves: pack \"\(renderer.pack.manifest.name)\" has no "
                    + (renderer.pack.manifest.clip == nil
                        ? "CLIP, from which the style code comes" : "dynamics")
            )
        }
    }

    private mutating func measure(_ clip: SampleManifest.Clip, _ film: SampleFilm) throws {
        let observed = observedFrames(film, clip.window)
        let compared = Array(stride(from: 0, to: film.seconds.count, by: request.stride))
        let following = Self.steadyFrames(clip.window)
        let frames = try film.frames(observed + compared + following + following.map { $0 + 1 })
        let byIndex = Dictionary(uniqueKeysWithValues: frames.map { ($0.index, $0) })
        let seen = observed.compactMap { byIndex[$0] }
        let codes = try renderer.codes(seen.map(\.image), at: seen.map(\.second))
        let look = judges.reader.map { FeatureReader.mean($0.features(seen.map(\.image))) }
        subjects[clip.name] = Subject(film: film, window: clip.window, codes: codes, look: look)

        let inside = frames.filter { $0.index < clip.window && compared.contains($0.index) }
        let images = inside.map(\.image)
        reconstruction.add(RowName.inversion, try renderer.inversions(images), inside, judges)
        let still = try renderer.still(codes)
        guard let scene = codes.scene() else {
            reconstruction.add(RowName.still, inside.map { _ in still }, inside, judges)
            return
        }
        let rendered = try rendered(scene, frames)
        reconstruction.add(RowName.result, inside.compactMap { rendered[$0.index] }, inside, judges)
        reconstruction.add(RowName.still, inside.map { _ in still }, inside, judges)
        if judges.probe != nil {
            reconstruction.add("the films themselves", .joints, jointErrors(inside))
        }
        let beyond = frames.filter { $0.index >= clip.window }
        let end = film.end(ofWindow: clip.window)
        extrapolate(beyond, rendered, still, windowEnd: end, "own motion")
        steadiness.add("drawn films", steady: pairs(following) { byIndex[$0]?.image })
        steadiness.add("reconstructions", steady: pairs(following) { rendered[$0] })
    }

    /// How far the probe is off on true pictures.
    private func jointErrors(_ frames: [SampleFilm.Frame]) -> [Double?] {
        var table = ScoreTable("", "")
        table.add("", frames.map(\.image), frames, judges)
        return [table.mean("", .joints)]
    }

    /// Frames of the window that are observed as an ingest would.
    func observedFrames(_ film: SampleFilm, _ window: Int) -> [Int] {
        let seconds = Array(film.seconds.prefix(window))
        let count = renderer.pack.manifest.time.observedFrames
        return ClipPlan.spread(seconds, count).map { film.nearest($0) }
    }

    /// Pictures of a scene at the seconds of frames, by the frames' indices.
    func rendered(_ scene: Scene, _ frames: [SampleFilm.Frame]) throws -> [Int: RGBImage] {
        let images = try renderer.frames(scene, at: frames.map(\.second))
        return Dictionary(uniqueKeysWithValues: zip(frames.map(\.index), images))
    }

    /// Pictures k and k + 1 where both are there.
    func pairs(
        _ firsts: [Int],
        _ image: (Int) -> RGBImage?
    ) -> [(RGBImage, RGBImage)] {
        firsts.compactMap { first in
            guard let one = image(first), let two = image(first + 1) else { return nil }
            return (one, two)
        }
    }

    /// Counts frames behind the window, band by band.
    mutating func extrapolate(
        _ beyond: [SampleFilm.Frame],
        _ rendered: [Int: RGBImage],
        _ still: RGBImage,
        windowEnd: Double,
        _ what: String
    ) {
        var low = 1.0
        for high in (manifest.extrapolation ?? []).sorted() {
            let band = beyond.filter { frame in
                let place = frame.second / windowEnd
                return place >= low - 1e-9 && place < high - 1e-9
            }
            let range = String(format: "%g to %g", low, high)
            let name = "\(what), \(range) of the window"
            extrapolation.add(name, band.compactMap { rendered[$0.index] }, band, judges)
            extrapolation.add(name + ", still", band.map { _ in still }, band, judges)
            low = high
        }
    }
}

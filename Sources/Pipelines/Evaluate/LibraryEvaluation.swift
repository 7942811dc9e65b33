internal import Foundation
internal import Media
internal import Metrics
internal import Models
internal import Packs
internal import Store
internal import Tensors

/// The measuring of clips of a library, whose truth is their own frames: the tables as they grow.
struct LibraryEvaluation {
    let session: Session
    let request: EvaluationRequest
    let renderer: EvaluationRenderer
    let clips: [Clip]
    let reader: FeatureReader?
    private let source: LibraryFrames

    private var reconstruction = ScoreTable("reconstruction", "Reconstruction")
    private var distances = ScoreTable("distances", "Frechet distances over CLIP features")
    private var classes = ScoreTable(
        "classes",
        "Inception-style score over the pack's CLIP, zero-shot classes"
    )
    private var identity = ScoreTable("identity", "Identity and consistency, CLIP cosines")
    private var steadiness = ScoreTable("steadiness", "Steadiness")
    private(set) var missing: [String] = []
    private var frames: [String: FeatureStatistics] = [:]
    private var films: [String: FeatureStatistics] = [:]
    private var probabilities: [String: [[Double]]] = [:]
    private var descriptions: Tensor<Float>?
    private(set) var classCount = 0

    /// What films are called.
    private enum Kind {
        static let real = "real frames"
        static let inversion = "G(f_C(x))"
        static let result = "reconstruction G(z_C + dz_t)"
        static let animation = "animation, content i with motion i + 1"
    }

    init(
        _ session: Session,
        _ request: EvaluationRequest,
        _ renderer: EvaluationRenderer,
        _ clips: [Clip]
    ) throws {
        (self.session, self.request) = (session, request)
        (self.renderer, self.clips) = (renderer, clips)
        source = LibraryFrames(renderer.pack, size: renderer.size)
        reader = renderer.pack.manifest.clip == nil ? nil : try FeatureReader(renderer.pack)
        let texts = request.classes.isEmpty ? clips.compactMap(\.caption) : request.classes
        let distinct = Set(texts).sorted()
        if distinct.count > 1 { descriptions = try reader?.features(texts: distinct) }
        classCount = descriptions == nil ? 0 : distinct.count
    }

    /// The seconds of a clip that are looked at: at the request's rate, inside the clip.
    func seconds(_ clip: Clip) -> [Double] {
        (0..<request.frameCount).map { Double($0) / request.frameRate }
            .filter { $0 < clip.duration - 1e-6 }
    }

    /// Measures one clip, and the next one's motion on its content.
    mutating func measure(_ index: Int) throws {
        let clip = clips[index]
        let codes = try codes(clip)
        let seconds = seconds(clip)
        guard let scene = codes.scene() else { return }
        let rendered = try renderer.frames(scene, at: seconds)
        var look: Tensor<Float>?
        do {
            let real = try source.frames(of: clip, at: seconds)
            let inverted = try renderer.inversions(real)
            compare(Kind.inversion, inverted, real)
            compare(Kind.result, rendered, real)
            let still = try renderer.still(codes)
            compare(RowName.still, real.map { _ in still }, real)
            look = count(real, Kind.real)
            _ = count(inverted, Kind.inversion, isFilm: false)
        } catch let error as RequestError {
            missing.append("\(clip.name) beside its own frames: \(error)")
        }
        let own = count(rendered, Kind.result)
        guard clips.count > 1 else { return }
        let driver = clips[(index + 1) % clips.count]
        let other = try self.codes(driver)
        guard let crossed = codes.scene(dynamics: other.dynamics) else { return }
        let animated = try renderer.frames(crossed, at: self.seconds(driver))
        guard let reader else { return }
        let features = reader.features(animated)
        _ = count(animated, Kind.animation, features: features)
        if let content = look ?? own {
            identity.add(Kind.animation, .identity, FeatureReader.cosines(features, content))
        }
        if let driverLook = try session.library.tensor(of: driver.id, .look)?.float {
            identity.add(
                Kind.animation,
                .otherIdentity,
                FeatureReader.cosines(features, driverLook)
            )
        }
    }

    /// The codes of a clip as they are stored.
    private func codes(_ clip: Clip) throws -> ClipCodes {
        func tensor(_ kind: AssetKind) throws -> RawTensor? {
            try session.library.tensor(of: clip.id, kind)
        }
        guard let content = try tensor(.content)?.float else {
            throw RequestError("clip \(clip.name) has no content asset")
        }
        return ClipCodes(
            content: content,
            dynamics: try tensor(.dynamics)?.double,
            style: try tensor(.style)?.float
        )
    }

    private mutating func compare(_ row: String, _ pictures: [RGBImage], _ truth: [RGBImage]) {
        let pairs = zip(pictures, truth).map { PicturePair(picture: $0, truth: $1) }
        for found in concurrentMap(pairs, { FrameDifference($0.picture, $0.truth, mask: nil) }) {
            reconstruction.add(row, .psnr, found.psnr)
            reconstruction.add(row, .ssim, found.ssim)
        }
    }

    /// Counts a film in all statistics that need no partner.
    ///
    /// - Returns: Its mean feature.
    private mutating func count(
        _ pictures: [RGBImage],
        _ kind: String,
        isFilm: Bool = true,
        features given: Tensor<Float>? = nil
    ) -> Tensor<Float>? {
        if isFilm {
            steadiness.add(kind, steady: Array(zip(pictures, pictures.dropFirst())))
        }
        guard let reader, !pictures.isEmpty else { return nil }
        let features = given ?? reader.features(pictures)
        for row in 0..<features.shape[0] {
            frames[kind, default: FeatureStatistics(width: reader.width)]
                .add(features[row].scalars)
        }
        guard isFilm else { return nil }
        films[kind, default: FeatureStatistics(width: 2 * reader.width)]
            .add(Self.filmFeature(features))
        identity.add(kind, .consistency, FeatureReader.inconsistency(features))
        if let descriptions {
            let middle = features[features.shape[0] / 2..<features.shape[0] / 2 + 1]
            let logits = reader.logits(middle, descriptions)
            probabilities[kind, default: []].append(ClassScore.softmax(logits.scalars))
        }
        return FeatureReader.mean(features)
    }

    /// The mean of a film's features, then the mean of the magnitudes of their changes: `[2 E]`.
    static func filmFeature(_ features: Tensor<Float>) -> [Float] {
        let (count, width) = (features.shape[0], features.shape[1])
        var change = [Float](repeating: 0, count: width)
        for row in 1..<max(1, count) {
            for column in 0..<width {
                let (new, old) = (row * width + column, (row - 1) * width + column)
                change[column] += abs(features.scalars[new] - features.scalars[old])
            }
        }
        let steps = Float(max(1, count - 1))
        return features.meanOverFirstAxis.scalars + change.map { $0 / steps }
    }

    /// The sections that have rows.
    mutating func finish() -> [EvaluationReport.Section] {
        for (what, all) in [("frames", frames), ("films", films)] {
            guard let real = all[Kind.real] else { continue }
            for kind in [Kind.inversion, Kind.result, Kind.animation] {
                guard let made = all[kind] else { continue }
                let row = "\(what): \(kind)"
                let distance = FrechetDistance.between(real, made)
                if distance == nil {
                    missing.append("\(row): a Frechet distance needs two vectors at least")
                }
                distances.add(row, .frechet, distance, count: made.count)
            }
            if real.count <= real.width, real.count > 1 {
                missing.append(
                    "\(what): \(real.count) vectors of \(real.width) numbers; the Frechet distance is "
                        + "biased upwards, compare only equal counts"
                )
            }
        }
        for kind in [Kind.real, Kind.result, Kind.animation] {
            let own = probabilities[kind] ?? []
            classes.add(kind, .classScore, ClassScore.score(own), count: own.count)
        }
        if reader == nil {
            missing.append("all that needs CLIP: the pack has none")
        } else if classes.isEmpty {
            missing.append(
                "class score: it needs two clips and two captions at least (vsdb ingest --captions), or "
                    + "--classes FILE"
            )
        }
        if clips.count == 1 { missing.append("animation: there is one clip, no other motion") }
        return [reconstruction, distances, classes, identity, steadiness]
            .filter { !$0.isEmpty }.map(\.section)
    }

    /// How many vectors the distances stand on.
    var vectorCounts: [String: Int] {
        ["real frames": frames[Kind.real]?.count ?? 0, "real films": films[Kind.real]?.count ?? 0]
    }
}

private struct PicturePair: Sendable {
    let picture: RGBImage
    let truth: RGBImage
}

internal import Foundation
internal import Media
internal import Models
internal import Packs
internal import Store
internal import Tensors
internal import Training

/// The clips of a library as a training of the dynamics sees them.
///
/// Content codes are those of the library, so that nothing is inverted twice; frames are decoded from the source files,
/// aligned as in ingest, and kept in memory as bytes as far as there is room.
final class LibraryClips: TrainingClips {
    private let library: Library
    private let pack: LoadedPack
    private let clips: [Clip]
    private let alignment: FrameAlignment
    private var timelines: [String: [Double]] = [:]
    private var pixels: [Int: Tensor<UInt8>] = [:]
    /// Clips in memory, longest unused first.
    private var order: [Int] = []
    private var byteCount = 0
    private let byteLimit: Int
    private var frameCodes: [FrameName: Tensor<Float>] = [:]

    private struct FrameName: Hashable {
        let clip: Int
        let frame: Int
    }

    /// Collects the films among the clips.
    ///
    /// - Parameters:
    ///   - clips: Of one library, in a fixed order.
    ///   - library: Theirs.
    ///   - pack: The one that is trained.
    ///   - byteLimit: How much memory decoded frames may take.
    /// - Throws: `TrainingError`, `.badData`, if clips were made with another pack or a file is gone.
    init(_ clips: [Clip], _ library: Library, _ pack: LoadedPack, byteLimit: Int) throws {
        let films = clips.filter { $0.source.mediaKind == .video && $0.end > $0.start }
        let strangers = films.filter { $0.packFingerprint != pack.pack.fingerprint }
        if let first = strangers.first {
            throw TrainingError(
                .badData,
                "\(strangers.count) of \(films.count) clips were ingested with another pack, as "
                    + "\(first.name): their content codes mean nothing to \"\(pack.manifest.name)\"; "
                    + "ingest them with it, or choose others with --tag"
            )
        }
        for clip in films where !FileManager.default.isReadableFile(atPath: clip.source.path) {
            throw TrainingError(
                .badData,
                "clip \(clip.name): its file \"\(clip.source.path)\" cannot be read; put it back, or "
                    + "choose others with --tag"
            )
        }
        self.clips = films
        self.library = library
        self.pack = pack
        self.byteLimit = byteLimit
        let size = pack.manifest.generator.config
        alignment = FrameAlignment(
            mode: pack.manifest.alignment,
            height: size.height,
            width: size.width
        )
    }

    var count: Int { clips.count }

    /// The identities of all clips, for a run that is resumed.
    var identity: String { clips.map(\.id.hex).joined(separator: " ") }

    func caption(of clip: Int) -> String? {
        clips[clip].caption.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
    }

    func times(of clip: Int) throws -> [Double] {
        let seconds = try shown(clip)
        let unit = pack.manifest.time.unitSeconds
        return seconds.map { ($0 - seconds[0]) / unit }
    }

    /// When the frames of a clip are shown, in seconds of its file.
    private func shown(_ clip: Int) throws -> [Double] {
        let (path, slack) = (clips[clip].source.path, 0.000_5)
        let all: [Double]
        if let known = timelines[path] {
            all = known
        } else {
            all = try VideoTimeline(path: path).seconds
            timelines[path] = all
        }
        return all.filter { $0 >= clips[clip].start - slack && $0 < clips[clip].end - slack }
    }

    func content(of clip: Int) throws -> Tensor<Float> {
        guard let tensor = try library.tensor(of: clips[clip].id, .content) else {
            throw TrainingError(
                .badData,
                "clip \(clips[clip].name) has no content code; ingest it again"
            )
        }
        return tensor.float
    }

    func frames(of clip: Int, _ indices: [Int]) throws -> Tensor<UInt8> {
        let all = try decoded(clip)
        return .stack(indices.map { all[$0] })
    }

    func codes(of clip: Int, _ indices: [Int]) throws -> Tensor<Float> {
        let encoder = try pack.encoder()
        let side = encoder.config.inputSize
        return .stack(
            try indices.map { index in
                let name = FrameName(clip: clip, frame: index)
                if let known = frameCodes[name] { return known }
                let frame = try decoded(clip)[index]
                let image = RGBImage(
                    width: frame.shape[1],
                    height: frame.shape[0],
                    pixels: frame.scalars
                )
                let input = FrameAlignment(mode: .none, height: side, width: side)(image)
                // One by one, so that a resumed run finds the same bits.
                let code = encoder.encode(.stack([input.tensor(.minusOneToOne)]))[0]
                frameCodes[name] = code
                return code
            }
        )
    }

    /// All frames of a clip, `[n, H, W, 3]`.
    private func decoded(_ clip: Int) throws -> Tensor<UInt8> {
        if let known = pixels[clip] {
            order.removeAll { $0 == clip }
            order.append(clip)
            return known
        }
        let all = try decode(clip)
        pixels[clip] = all
        order.append(clip)
        byteCount += all.count
        while byteCount > byteLimit, order.count > 1 {
            byteCount -= pixels.removeValue(forKey: order.removeFirst())?.count ?? 0
        }
        return all
    }

    private func decode(_ clip: Int) throws -> Tensor<UInt8> {
        let (own, times) = (clips[clip], try shown(clip))
        let crop = FrameCrop(fractions: pack.manifest.cropBox, boxes: nil)
        let boxes = try boxes(of: own)
        let reader = try VideoReader(path: own.source.path, from: max(0, own.start - 0.001))
        var frames: [Tensor<UInt8>] = []
        while frames.count < times.count, let frame = try reader.nextTimestamped() {
            guard frame.seconds >= times[frames.count] - 0.000_5 else { continue }
            let box = boxes.last { $0.seconds <= frame.seconds + 0.000_5 }?.box
            let part = crop.usesAll(box) ? alignment.part(ofWidth:height:) : nil
            let image = alignment(try crop(frame.image(part), box))
            frames.append(Tensor(shape: [image.height, image.width, 3], scalars: image.pixels))
        }
        guard frames.count == times.count else {
            throw TrainingError(
                .badData,
                "clip \(own.name): \(frames.count) of \(times.count) frames of "
                    + "\"\(own.source.path)\" could be decoded; ingest the whole file again"
            )
        }
        return .stack(frames)
    }

    private struct Provenance: Decodable {
        let boxes: [[Int]]?
    }

    private struct Observation: Decodable {
        let observedSeconds: [Double]?
    }

    /// The boxes that the clip was ingested with, and from when each holds.
    private func boxes(of clip: Clip) throws -> [(seconds: Double, box: FrameBox)] {
        let assets = try library.assets(of: clip.id)
        func facts<Facts: Decodable>(_ kind: AssetKind, _ type: Facts.Type) throws -> Facts? {
            guard let asset = assets.first(where: { $0.kind == kind }) else { return nil }
            do {
                return try JSONDecoder().decode(type, from: Data(asset.provenanceJSON.utf8))
            } catch {
                throw TrainingError(
                    .badData,
                    "clip \(clip.name): what is stored of its \(kind) cannot be read (\(error)); "
                        + "remove the clip and ingest it again"
                )
            }
        }
        let numbers = try facts(.content, Provenance.self)?.boxes?.filter { $0.count == 4 } ?? []
        let boxes = numbers.map { FrameBox(x: $0[0], y: $0[1], width: $0[2], height: $0[3]) }
        guard let first = boxes.first else { return [] }
        // Boxes that change are known at the observed frames; each holds from there on.
        let seconds = try facts(.dynamics, Observation.self)?.observedSeconds ?? []
        guard seconds.count == boxes.count else { return [(-.infinity, first)] }
        return [(-.infinity, first)] + zip(seconds, boxes).map { ($0, $1) }
    }
}

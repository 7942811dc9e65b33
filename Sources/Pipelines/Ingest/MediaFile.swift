internal import Foundation
internal import Hashing
internal import Media
internal import Packs
internal import Store

/// A file that is being ingested: what it is and the clips that are planned for it.
struct MediaFile: Sendable {
    let path: String
    let source: Source
    let plans: [ClipPlan]
    private(set) var warnings: [String]
    /// Which part of its frames is used.
    let crop: FrameCrop
    /// Where the last frame ends, in seconds.
    private let end: Double

    /// Looks at a file and plans its clips, without decoding more than one frame.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - request: Which part of it counts, and its boxes.
    ///   - clipSeconds: The pack's length of a clip.
    ///   - observedFrames: How many frames of a clip the pack looks at.
    ///   - cropBox: The pack's box in fractions of the frame.
    /// - Throws: `MediaError` if it is no media, `RequestError` if the range has no frame.
    init(
        path: String,
        request: IngestRequest,
        clipSeconds: Double,
        observedFrames: Int,
        cropBox: [Double]?
    ) throws {
        let reader = try VideoReader(path: path)
        let kind = try MediaKind.probe(path)
        let info = try JSONEncoder().encode(reader.info)
        // Of the file itself, if the path is a link to it.
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try FileManager.default.attributesOfItem(atPath: target)
        self.path = path
        source = Source(
            sha256: try SHA256.digest(fileAt: path).hex,
            path: URL(fileURLWithPath: path).standardizedFileURL.path,
            byteCount: (attributes[.size] as? NSNumber)?.intValue ?? 0,
            mediaKind: kind == .video ? .video : .still,
            containerJSON: String(decoding: info, as: UTF8.self)
        )
        var warnings: [String] = []
        if reader.info.isInterlaced { warnings.append("interlaced: fields are used as stored") }
        let boxes = request.boxes(ofFile: path)
        if boxes == nil, !request.boxes.isEmpty {
            warnings.append("it has no box: all of it is aligned the pack's way")
        }
        crop = FrameCrop(fractions: cropBox, boxes: boxes)
        guard kind == .video else {
            plans = [ClipPlan(start: 0, end: 0, observed: [0], isSegment: false)]
            self.warnings = warnings
            end = 0
            return
        }
        let timeline = try VideoTimeline(path: path)
        let piece: Double? =
            switch request.segment {
            case .packLength: clipSeconds
            case .seconds(let seconds): seconds
            case .none: nil
            }
        let range = (request.start ?? 0)..<max(request.start ?? 0, request.end ?? .infinity)
        let all = ClipPlan.clips(
            times: timeline.seconds,
            end: timeline.end,
            range: range,
            pieceSeconds: piece,
            observedCount: observedFrames
        )
        guard !all.isEmpty else {
            throw RequestError(
                "no frame lies behind --start \(range.lowerBound) s"
                    + (request.end.map { " and before --end \($0) s" } ?? "")
                    + "; the file has \((timeline.end * 1000).rounded() / 1000) s"
            )
        }
        plans =
            request.shares[path].map { shares in
                all.filter { plan in shares.contains { $0.contains(plan.start) } }
            } ?? all
        if timeline.seconds.count == 1 {
            warnings.append("one frame: content only, there is no motion in it")
        }
        self.warnings = warnings
        end = timeline.end
    }

    /// Looks at a file the way of a pack.
    init(path: String, request: IngestRequest, pack: LoadedPack) throws {
        let manifest = pack.manifest
        try self.init(
            path: path,
            request: request,
            clipSeconds: manifest.time.clipSeconds,
            observedFrames: manifest.time.observedFrames,
            cropBox: manifest.cropBox
        )
        let time = manifest.time
        let long = plans.map { $0.end - $0.start }.max() ?? 0
        if long > 1.25 * time.trainedSeconds {
            warnings.append(
                "\(long.shortSeconds) s are one motion, and the pack was trained on "
                    + "\(time.trainedSeconds.shortSeconds) s: what comes later is followed badly and hardly "
                    + "found by similar; cut it with --segment \(time.clipSeconds.shortSeconds)s"
            )
        }
    }

    /// Reads the frames of the plans that are wanted, as `FrameSource` does.
    func frames(
        of plans: [ClipPlan],
        alignment: FrameAlignment,
        cancellation: Cancellation,
        deliver: (ObservedClip) throws -> Void
    ) throws -> String? {
        let start = plans.first?.start ?? 0
        let reader = try VideoReader(path: path, from: max(0, start - 0.001))
        let source = FrameSource(
            reader: reader,
            plans: plans,
            alignment: alignment,
            crop: crop,
            reachesEnd: (plans.last?.end ?? 0) > end - 0.001
        )
        return try source.run(cancellation: cancellation, deliver: deliver)
    }
}

internal import Foundation
internal import Media
internal import Models
internal import Packs
internal import Store

/// The decoding half of an ingest: opens file after file and hands over the frames of new clips.
struct Scout: Sendable {
    let request: IngestRequest
    let pack: LoadedPack
    let library: Library
    let cancellation: Cancellation

    /// What the encoding half receives.
    enum Item: Sendable {
        /// A clip without its assets, its frames, and what the user should know.
        case clip(NewClip, ObservedClip, [String])
        case known(IngestedClip)
        /// A file begins that has so many seconds to encode.
        case planned(Double)
        case failure(IngestFailure)
        case fileDone
    }

    /// The queue was abandoned.
    private struct Abandoned: Error {}

    /// Works through the files; every problem of a file becomes an item.
    func run(_ files: [String], into queue: Handoff<Item>) {
        for path in files {
            if cancellation.isCancelled { return }
            do {
                if let damage = try scan(path, queue) { try put(.failure(damage), queue) }
                try put(.fileDone, queue)
            } catch is Abandoned {
                return
            } catch is InterruptedError {
                return
            } catch {
                let failure = IngestFailure(path: path, reason: reason(error, path))
                guard queue.put(.failure(failure)), queue.put(.fileDone) else { return }
            }
        }
    }

    private func reason(_ error: any Error, _ path: String) -> String {
        let text = String(describing: error)
        let prefix = "\"\(path)\": "
        return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    }

    /// Hands over all clips of one file that the library does not have.
    ///
    /// - Returns: What kept the rest of the file from being ingested, or nil.
    private func scan(_ path: String, _ queue: Handoff<Item>) throws -> IngestFailure? {
        let file = try MediaFile(path: path, request: request, pack: pack)
        var wanted: [ClipPlan] = []
        for plan in file.plans {
            let draft = try draft(file, plan)
            if try library.hasClip(draft.id) {
                try put(.known(try known(draft.id, path, plan)), queue)
            } else if request.known.contains(draft.id.hex) {
                try put(.known(known(draft, path, plan)), queue)
            } else {
                wanted.append(plan)
            }
        }
        guard !wanted.isEmpty else { return nil }
        try put(.planned(wanted.reduce(0) { $0 + $1.end - $1.start }), queue)
        var wholeClips = 0
        let damage = try file.frames(
            of: wanted,
            alignment: frameAlignment,
            cancellation: cancellation
        ) { observed in
            let draft = try draft(file, observed.plan)
            try put(.clip(draft, observed, file.warnings), queue)
            wholeClips += 1
        }
        return damage.map { damage in
            let rest =
                wholeClips == 0
                ? "no whole clip lies before that place; repair the file, or name an earlier --end"
                : wholeClips == 1
                    ? "the clip before that place was ingested"
                    : "the \(wholeClips) clips before that place were ingested"
            return IngestFailure(path: path, reason: "cut off or damaged: \(damage); \(rest)")
        }
    }

    private func known(_ id: ClipID, _ path: String, _ plan: ClipPlan) throws -> IngestedClip {
        let content = try library.assets(of: id).first { $0.kind == .content }
        let distance = ContentFacts(content).reconstruction
        return IngestedClip(
            id: id.hex,
            name: try library.clip(id).name,
            path: path,
            isNew: false,
            hasMotion: plan.hasMotion,
            start: plan.start,
            end: plan.end,
            reconstruction: distance,
            warnings: [distance.flatMap { pack.doubt($0) }].compactMap { $0 }
        )
    }

    /// A clip that whoever asked has, and this library does not.
    private func known(_ draft: NewClip, _ path: String, _ plan: ClipPlan) -> IngestedClip {
        IngestedClip(
            id: draft.id.hex,
            name: draft.name,
            path: path,
            isNew: false,
            hasMotion: plan.hasMotion,
            start: plan.start,
            end: plan.end,
            reconstruction: nil,
            warnings: []
        )
    }

    private func put(_ item: Item, _ queue: Handoff<Item>) throws {
        guard queue.put(item) else { throw Abandoned() }
    }

    private var alignmentMode: PackManifest.Alignment {
        request.alignment ?? pack.manifest.alignment
    }

    private var frameAlignment: FrameAlignment {
        let generator = pack.manifest.generator.config
        return FrameAlignment(mode: alignmentMode, height: generator.height, width: generator.width)
    }

    /// A clip without assets.
    ///
    /// - Throws: `RequestError` if a frame of it has no box.
    private func draft(_ file: MediaFile, _ plan: ClipPlan) throws -> NewClip {
        let stem = ((file.path as NSString).lastPathComponent as NSString).deletingPathExtension
        var clip = NewClip(
            source: file.source,
            start: plan.start,
            end: plan.end,
            name: request.name ?? stem,
            packFingerprint: pack.pack.fingerprint,
            settings: "align=\(alignmentMode.rawValue)"
                + FrameCrop.settings(try file.crop.boxes(of: plan)),
            assets: []
        )
        clip.caption = request.captions.entry(ofFile: file.path) ?? request.caption
        clip.tags = request.tags
        clip.isSegment = plan.isSegment
        return clip
    }
}

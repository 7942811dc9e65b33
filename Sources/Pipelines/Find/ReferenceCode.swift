internal import Foundation
internal import Media
internal import Models
internal import Packs
internal import Search
internal import Store
internal import Tensors

/// What a reference is, as numbers that can be compared.
struct ReferenceCode {
    /// `[groups, numbers]` of the aspect.
    let summary: Tensor<Float>
    /// The pack that made it.
    let pack: LoadedPack
    /// The clip that it is, or is a part of; it is not its own answer.
    let clip: ClipID?
    /// What it is called.
    let name: String
    /// Its length; nil for a composition that is not compared by motion.
    var seconds: Double?
    /// Pictures of a file, which has none in the library.
    var pictures: [RGBImage] = []
}

/// A composition or a file, or some of its seconds.
private struct ReferredPart {
    let name: String
    /// What was written.
    let text: String
    var from = 0.0
    var to: Double?

    var isPart: Bool { from > 0 || to != nil }

    func isOfTheWhole(_ aspect: SearchAspect) -> RequestError {
        RequestError("\"\(text)\": \(aspect.rawValue) is of the whole; leave the times away")
    }
}

extension Session {
    /// Encodes what a person wrote: a clip or a part of one, a saved composition, or a file that need not be in the
    /// library.
    ///
    /// - Throws: `StoreError` if it is none of them, `RequestError` if it lacks what is compared, `PackError`.
    func referenceCode(
        _ request: FindRequest,
        _ text: String,
        _ cancellation: Cancellation
    ) throws -> ReferenceCode {
        let unknown: StoreError
        switch try lookUp(text) {
        case .success(let clip): return try code(of: clip, text, request, cancellation)
        case .failure(let error): unknown = error
        }
        // Not a clip: a composition or a file, perhaps, or a part of one.
        let whole = ReferredPart(name: text, text: text)
        let part = SourcePart(text).map {
            ReferredPart(name: $0.name, text: text, from: $0.from ?? 0, to: $0.to)
        }
        for part in [whole, part].compactMap({ $0 }) {
            if let saved = try composition(part.name) {
                return try code(of: saved, part, request.aspect, cancellation)
            }
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: part.name, isDirectory: &isFolder) else {
                continue
            }
            guard !isFolder.boolValue else {
                throw RequestError("\"\(part.name)\" is a folder; name one film or picture in it")
            }
            if part.name.lowercased().hasSuffix(".json") {
                let recipe = try recipe(part.name)
                return try code(of: recipe, part, request.aspect, cancellation)
            }
            return try code(ofFile: part, request, cancellation)
        }
        throw missing(part?.name ?? text) ?? unknown
    }

    /// The clip that a text names, or why it names none.
    ///
    /// - Throws: `StoreError` if that cannot be told.
    func lookUp(_ text: String) throws -> Result<ClipReference, StoreError> {
        do { return .success(try library.resolve(text)) } catch {
            guard error.kind == .unknownReference || error.kind == .invalidValue else {
                throw error
            }
            return .failure(error)
        }
    }

    private func composition(_ name: String) throws -> Recipe? {
        do {
            let saved = try library.composition(name)
            return try Recipe.decode(saved.recipeJSON, name: saved.name)
        } catch let error as StoreError where error.kind == .unknownReference { return nil }
    }

    // MARK: A clip

    private func code(
        of reference: ClipReference,
        _ text: String,
        _ request: FindRequest,
        _ cancellation: Cancellation
    ) throws -> ReferenceCode {
        let clip = reference.clip
        let pack = try pack(clip.packFingerprint)
        if let wanted = request.pack, try self.pack(wanted).pack.fingerprint != clip.packFingerprint
        {
            throw PackError(
                .weightsMismatch,
                "\(clip.name) was made by pack \(try packName(clip.packFingerprint)), not by "
                    + "\(wanted); codes of two packs do not compare: name the clip that \(wanted) made"
            )
        }
        let aspect = request.aspect
        func stored(_ kind: AssetKind) throws -> Tensor<Float>? {
            try library.tensor(of: clip.id, kind)?.float
        }
        func result(_ summary: Tensor<Float>) -> ReferenceCode {
            ReferenceCode(
                summary: summary,
                pack: pack,
                clip: clip.id,
                name: text,
                seconds: reference.end - reference.start
            )
        }
        // Refuses a pack that lacks the network, with its own words.
        _ = try aspect.space(of: pack.manifest)
        if aspect == .motion {
            guard let start = try library.tensor(of: clip.id, .dynamics)?.double else {
                throw RequestError(
                    "\(clip.name) has no motion: it is a picture or a single frame; use --by content or "
                        + "--by look"
                )
            }
            if !reference.namesTimes, let summary = try stored(.motion) { return result(summary) }
            guard reference.end > reference.start else {
                throw RequestError(
                    "\"\(text)\" is one moment, and a motion takes time; name a part of the clip, as in "
                        + "\(clip.name)@\(clip.start.shortSeconds)s-\(clip.end.shortSeconds)s"
                )
            }
            return result(
                try pack.motionSummary(
                    start,
                    from: reference.start,
                    to: reference.end,
                    cancellation
                )
            )
        }
        guard !reference.namesTimes else {
            throw RequestError(
                "\"\(text)\": \(aspect.rawValue) is of the whole clip; leave the times away, or ingest "
                    + "that part with --start and --end"
            )
        }
        guard let code = try stored(aspect == .content ? .content : .look) else {
            throw RequestError("\(clip.name) has no \(aspect.rawValue) stored; ingest it again")
        }
        return result(summary(code, aspect))
    }

    private func summary(_ code: Tensor<Float>, _ aspect: SearchAspect) -> Tensor<Float> {
        aspect == .content
            ? SearchAspect.summary(ofContent: code)
            : Tensor(shape: [1, code.count], scalars: code.scalars)
    }

    // MARK: A composition

    /// What a composition would be if it were ingested, but for its motion, which is known exactly.
    private func code(
        of recipe: Recipe,
        _ part: ReferredPart,
        _ aspect: SearchAspect,
        _ cancellation: Cancellation
    ) throws -> ReferenceCode {
        do {
            return try codeOfParts(recipe, part, aspect, cancellation)
        } catch let error as StoreError where error.kind == .unknownReference {
            throw StoreError(
                .unknownReference,
                "composition \"\(part.name)\" has lost a clip: \(error.description)"
            )
        }
    }

    private func codeOfParts(
        _ recipe: Recipe,
        _ part: ReferredPart,
        _ aspect: SearchAspect,
        _ cancellation: Cancellation
    ) throws -> ReferenceCode {
        let pack = try pack(recipe.pack)
        _ = try aspect.space(of: pack.manifest)
        if aspect != .motion, part.isPart { throw part.isOfTheWhole(aspect) }
        if aspect == .content, recipe.edits.isEmpty {
            let content = try self.content(of: recipe)
            return ReferenceCode(
                summary: summary(content, .content),
                pack: pack,
                clip: nil,
                name: part.text
            )
        }
        let scene = try scene(recipe, pack, cancellation)
        guard aspect == .motion else {
            let frames = try pictures(scene, recipe, pack, cancellation)
            let encoder = ClipEncoder(pack: pack)
            let code =
                aspect == .look
                ? try encoder.lookEmbedding(frames)
                : try encoder.contentCodes(frames).meanOverFirstAxis
            return ReferenceCode(
                summary: summary(code, aspect),
                pack: pack,
                clip: nil,
                name: part.text
            )
        }
        let first = max(recipe.times.second(0), 0)
        let last = recipe.times.second(recipe.times.frameCount - 1)
        guard first < last else {
            throw RequestError("composition \"\(part.name)\" is one frame: it has no motion")
        }
        let (from, to) = (first + part.from, min(last, part.to.map { first + $0 } ?? last))
        guard from < to else {
            throw RequestError(
                "\"\(part.text)\": the composition has \((last - first).shortSeconds) s; name seconds "
                    + "in it"
            )
        }
        return ReferenceCode(
            summary: try pack.motionSummary(scene.dynamics, from: from, to: to, cancellation),
            pack: pack,
            clip: nil,
            name: part.text,
            seconds: to - from
        )
    }

    /// As many frames of a composition as an ingest would look at.
    private func pictures(
        _ scene: Scene,
        _ recipe: Recipe,
        _ pack: LoadedPack,
        _ cancellation: Cancellation
    ) throws -> [RGBImage] {
        let seconds = (0..<recipe.times.frameCount).map { recipe.times.second($0) }
        let renderer = EvaluationRenderer(
            pack: pack,
            synthesis: SynthesisOptions(),
            cancellation: cancellation
        )
        return try renderer.frames(
            scene,
            at: ClipPlan.spread(seconds, pack.manifest.time.observedFrames)
        )
    }

    // MARK: A file

    private func code(
        ofFile part: ReferredPart,
        _ request: FindRequest,
        _ cancellation: Cancellation
    ) throws -> ReferenceCode {
        let (path, pack) = (part.name, try pack(request.pack))
        _ = try request.aspect.space(of: pack.manifest)
        var ingest = IngestRequest(inputs: [path])
        ingest.segment = .none
        if part.isPart { (ingest.start, ingest.end) = (part.from, part.to) }
        let file = try MediaFile(path: path, request: ingest, pack: pack)
        let config = pack.manifest.generator.config
        let alignment = FrameAlignment(
            mode: pack.manifest.alignment,
            height: config.height,
            width: config.width
        )
        var observed: ObservedClip?
        let damage = try file.frames(
            of: file.plans,
            alignment: alignment,
            cancellation: cancellation
        ) { observed = $0 }
        guard let observed else {
            throw RequestError(
                "\"\(path)\" cannot be read: \(damage.map { "\($0)" } ?? "it has no frames")"
            )
        }
        let encoder = ClipEncoder(pack: pack)
        let code: Tensor<Float>
        switch request.aspect {
        case .motion:
            guard observed.plan.hasMotion else {
                throw RequestError(
                    "\"\(path)\" has one frame, and no motion; use --by content or --by look"
                )
            }
            code = try pack.motionSummary(
                try encoder.initialDynamics(observed),
                from: 0,
                to: observed.plan.end - observed.plan.start,
                cancellation
            )
        case .content:
            code = summary(
                try encoder.contentCodes(observed.frames).meanOverFirstAxis,
                .content
            )
        case .look:
            code = summary(try encoder.lookEmbedding(observed.frames), .look)
        }
        return ReferenceCode(
            summary: code,
            pack: pack,
            clip: nil,
            name: part.text,
            seconds: observed.plan.end - observed.plan.start,
            pictures: ThumbnailStrip.pictures(observed.frames)
        )
    }
}

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
        do {
            let reference = try library.resolve(text)
            return try code(of: reference, text, request, cancellation)
        } catch let error as StoreError
            where error.kind == .unknownReference || error.kind == .invalidValue
        {
            do {
                let saved = try library.composition(text)
                let recipe = try Recipe.decode(saved.recipeJSON, name: saved.name)
                return try code(of: recipe, saved.name, request.aspect, cancellation)
            } catch let other as StoreError where other.kind == .unknownReference {
                // No composition either: a file, perhaps.
            }
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: text, isDirectory: &isFolder) else {
                throw missing(text) ?? error
            }
            guard !isFolder.boolValue else {
                throw RequestError("\"\(text)\" is a folder; name one film or picture in it")
            }
            return try code(ofFile: text, request, cancellation)
        }
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
            ReferenceCode(summary: summary, pack: pack, clip: clip.id, name: text)
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
                        + "\(clip.name)@\(short(clip.start))s-\(short(clip.end))s"
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

    private func short(_ seconds: Double) -> String {
        let text = String((seconds * 100).rounded() / 100)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    // MARK: A composition

    /// What a composition would be if it were ingested, but for its motion, which is known exactly.
    private func code(
        of recipe: Recipe,
        _ name: String,
        _ aspect: SearchAspect,
        _ cancellation: Cancellation
    ) throws -> ReferenceCode {
        let pack = try pack(recipe.pack)
        _ = try aspect.space(of: pack.manifest)
        let scene = try scene(recipe, pack, cancellation)
        let code: Tensor<Float>
        switch aspect {
        case .motion:
            let (first, last) = (
                recipe.times.second(0), recipe.times.second(recipe.times.frameCount - 1)
            )
            guard max(first, 0) < last else {
                throw RequestError("composition \"\(name)\" is one frame: it has no motion")
            }
            code = try pack.motionSummary(
                scene.dynamics,
                from: max(first, 0),
                to: last,
                cancellation
            )
        case .content where recipe.edits.isEmpty:
            code = summary(scene.content, .content)
        case .content, .look:
            let frames = try pictures(scene, recipe, pack, cancellation)
            let encoder = ClipEncoder(pack: pack)
            code = summary(
                aspect == .look
                    ? try encoder.lookEmbedding(frames)
                    : try encoder.contentCodes(frames).meanOverFirstAxis,
                aspect
            )
        }
        return ReferenceCode(summary: code, pack: pack, clip: nil, name: name)
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
        ofFile path: String,
        _ request: FindRequest,
        _ cancellation: Cancellation
    ) throws -> ReferenceCode {
        let pack = try pack(request.pack)
        _ = try request.aspect.space(of: pack.manifest)
        var ingest = IngestRequest(inputs: [path])
        ingest.segment = .none
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
        return ReferenceCode(summary: code, pack: pack, clip: nil, name: path)
    }
}

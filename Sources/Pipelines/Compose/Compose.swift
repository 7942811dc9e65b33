internal import Foundation
internal import Models
internal import Packs
internal import Store

/// A recipe and what the user should know about it.
public struct Composed: Sendable {
    /// The document.
    public let recipe: Recipe
    /// Extrapolation, ingested files and the like, a sentence each.
    public let notes: [String]
}

extension Session {
    /// Turns a request into a recipe: names become clip ids, masks become cells, times become frames.
    ///
    /// - Parameters:
    ///   - request: What the user wrote.
    ///   - cancellation: Stops an ingest on the way.
    ///   - onEvent: Is told of files that are ingested on the way.
    /// - Returns: The recipe, not yet saved or rendered.
    /// - Throws: `RequestError`, `StoreError`, `PackError`, or what `ingest` throws.
    public func compose(
        _ request: CompositionRequest,
        cancellation: Cancellation = Cancellation(),
        onEvent: (IngestEvent) -> Void = { _ in }
    ) throws -> Composed {
        var notes: [String] = []
        func find(_ reference: String) throws -> ClipReference {
            try clip(reference, cancellation, onEvent, &notes)
        }
        let content = try find(request.content)
        try requireWhole(content)
        let motion = try request.motion.map(find) ?? content
        let layered = try request.mixes.map { ($0, try find($0.reference)) }
        let blended = try request.blends.map { ($0, try find($0.reference)) }
        let all = [content, motion] + layered.map(\.1) + blended.map(\.1)
        let pack = try commonPack(all)
        for source in [motion] + layered.map(\.1) + blended.map(\.1) { try requireMotion(source) }

        var layers: [Recipe.Layer] = []
        for (mix, source) in layered {
            guard mix.weight.isFinite else {
                throw RequestError("--mix \(mix.reference): the weight is not finite")
            }
            if !(0...1).contains(mix.weight) {
                notes.append(
                    "--mix \(mix.reference): the weight \(short(mix.weight)) lies outside 0...1; the "
                        + "motion is extrapolated"
                )
            }
            layers.append(Recipe.Layer(motion: use(source), weight: mix.weight))
        }
        let masks = try maskSource(pack)
        for (blend, source) in blended {
            layers.append(
                Recipe.Layer(
                    motion: use(source),
                    maskName: blend.masks.map { ($0 as NSString).lastPathComponent }
                        .joined(separator: ", "),
                    mask: try masks.weights(blend.masks)
                )
            )
        }
        try checkEdits(request.edits, pack)
        let times = try request.timing.times(
            motionSeconds: max(0, motion.end - motion.start),
            defaultRate: pack.manifest.time.frameRate
        )
        notes += extrapolation(times, motion, pack)
        let recipe = Recipe(
            format: Recipe.currentFormat,
            pack: pack.pack.fingerprint,
            content: Recipe.ClipUse(id: content.clip.id.hex, name: content.clip.name),
            motion: use(motion),
            layers: layers,
            edits: request.edits,
            times: times,
            seed: request.seed
        )
        return Composed(recipe: recipe, notes: notes)
    }

    private func use(_ reference: ClipReference) -> Recipe.MotionUse {
        Recipe.MotionUse(
            clip: Recipe.ClipUse(id: reference.clip.id.hex, name: reference.clip.name),
            from: reference.start
        )
    }

    /// A clip of the library, or of a file that is ingested now.
    private func clip(
        _ reference: String,
        _ cancellation: Cancellation,
        _ onEvent: (IngestEvent) -> Void,
        _ notes: inout [String]
    ) throws -> ClipReference {
        do {
            return try library.resolve(reference)
        } catch {
            guard error.kind == .unknownReference || error.kind == .invalidValue else {
                throw error
            }
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: reference, isDirectory: &isFolder),
                !isFolder.boolValue
            else { throw missing(reference) ?? error }
        }
        var request = IngestRequest(inputs: [reference])
        request.segment = .none
        var found: IngestedClip?
        let report = try ingest(request, cancellation: cancellation) { event in
            if case .clip(let clip) = event { found = clip }
            onEvent(event)
        }
        guard let found else {
            let reason = report.failures.first?.reason ?? "it gave no clip"
            throw RequestError("\"\(reference)\" could not be ingested: \(reason)")
        }
        if found.isNew { notes.append("\"\(reference)\" was ingested as \(found.name)") }
        return try library.resolve(found.id)
    }

    /// What to say of a name that looks like a file's; nil for any other.
    func missing(_ reference: String) -> StoreError? {
        let ending = (reference as NSString).pathExtension.lowercased()
        let isFile =
            reference.contains("/")
            || SourceList.endings.contains(ending)
        guard isFile else { return nil }
        return StoreError(
            .unknownReference,
            "\"\(reference)\": there is no such file, and no clip of that name in this library; see "
                + "vsdb list"
        )
    }

    private func requireWhole(_ content: ClipReference) throws {
        let isWhole = content.start <= 1e-6 && content.end >= content.clip.duration - 1e-6
        guard content.namesTimes, !isWhole else { return }
        throw RequestError(
            "content \"\(content.clip.name)\": a content code is the mean over its whole clip; to use a "
                + "part, ingest that part with --start and --end"
        )
    }

    private func commonPack(_ references: [ClipReference]) throws -> LoadedPack {
        let first = references[0].clip
        for other in references.dropFirst()
        where other.clip.packFingerprint != first.packFingerprint {
            let names = try [first, other.clip].map { try packName($0.packFingerprint) }
            let twin = try twin(of: other.clip, madeBy: first.packFingerprint)
            throw PackError(
                .weightsMismatch,
                "\(first.name) was made by pack \(names[0]) and \(other.clip.name) by pack \(names[1]); "
                    + "codes of two packs do not fit together: "
                    + (twin.map { "use \($0.name), the same clip by pack \(names[0])" }
                        ?? "ingest or draw one of them again with --pack")
            )
        }
        return try pack(first.packFingerprint)
    }

    /// The same part of the same file, encoded by another pack.
    private func twin(of clip: Clip, madeBy fingerprint: String) throws -> Clip? {
        var filter = ClipFilter()
        (filter.packFingerprint, filter.sourceSHA256) = (fingerprint, clip.source.sha256)
        return try library.clips(filter).first { ($0.start, $0.end) == (clip.start, clip.end) }
    }

    /// The name of a pack of the library.
    public func packName(_ fingerprint: String) throws -> String {
        try library.packs().first { $0.fingerprint == fingerprint }?.name
            ?? String(fingerprint.prefix(12))
    }

    private func requireMotion(_ reference: ClipReference) throws {
        let hasMotion = try library.assets(of: reference.clip.id).contains { $0.kind == .dynamics }
        guard !hasMotion else { return }
        throw RequestError(
            "\(reference.clip.name) has no motion: it is an image or a single frame, or its pack has no "
                + "dynamics; name a clip that moves with --motion"
        )
    }

    private func maskSource(_ pack: LoadedPack) throws -> MaskSource {
        let grid = pack.manifest.dynamics?.config
        return MaskSource(
            rows: grid?.gridHeight ?? 0,
            columns: grid?.gridWidth ?? 0,
            regions: pack.manifest.regions
        )
    }

    private func checkEdits(_ edits: [StyleEdit], _ pack: LoadedPack) throws {
        for edit in edits {
            guard edit.alpha.isFinite else { throw RequestError("--alpha is not finite") }
            // Refuses a pack without CLIP.
            let tokenizer = try pack.tokenizer()
            let context = pack.manifest.clip?.config.context ?? 0
            for text in [edit.from, edit.to] {
                do {
                    _ = try tokenizer.encode(text, contextLength: context)
                } catch {
                    throw RequestError("description \"\(text)\": \(error)")
                }
            }
        }
    }

    private func extrapolation(
        _ times: Recipe.Times,
        _ motion: ClipReference,
        _ pack: LoadedPack
    ) -> [String] {
        let (first, last) = (times.second(0), times.second(times.frameCount - 1))
        var notes: [String] = []
        let observed = motion.clip.duration - motion.start
        if first < -1e-9 || last > observed + 1e-6 {
            notes.append(
                "extrapolates: \(short(first)) s to \(short(last)) s go beyond the "
                    + "\(short(observed)) s that were observed"
            )
        }
        let trained = pack.manifest.time.trainedSeconds
        if last + motion.start > trained + 1e-6 {
            notes.append(
                "pack \(pack.manifest.name) was trained on the first \(short(trained)) s of a motion; "
                    + "later frames are a guess"
            )
        }
        return notes
    }

    private func short(_ seconds: Double) -> Double { (seconds * 100).rounded() / 100 }

    /// Stores a recipe with its parents under a name.
    ///
    /// - Throws: `StoreError`; a name that has another recipe is refused unless `replace`.
    public func save(_ recipe: Recipe, as name: String, replace: Bool = false) throws {
        let parents = try recipe.clipIDs.map { id in
            guard let clip = ClipID(hex: id) else {
                throw RequestError("recipe: \"\(id)\" is no clip id")
            }
            return clip
        }
        try library.saveComposition(
            NewComposition(
                name: name,
                hash: try recipe.hash(),
                recipeJSON: try recipe.encoded(),
                parents: parents
            ),
            replace: replace
        )
    }

    /// A saved composition, or a recipe in a file.
    ///
    /// - Parameter reference: A name or hash of the library, or the path of a document.
    /// - Returns: The recipe.
    /// - Throws: `StoreError` if it is neither, `RequestError` if the document is not a recipe.
    public func recipe(_ reference: String) throws -> Recipe {
        do {
            let saved = try library.composition(reference)
            return try Recipe.decode(saved.recipeJSON, name: saved.name)
        } catch let error as StoreError {
            guard error.kind != .damaged else { throw error }
            guard let data = FileManager.default.contents(atPath: reference) else { throw error }
            return try Recipe.decode(String(decoding: data, as: UTF8.self), name: reference)
        }
    }
}

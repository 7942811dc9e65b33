internal import Foundation
internal import Kernels
internal import Models
internal import Packs
internal import Search
internal import Store
internal import Tensors

extension Session {
    /// Finds clips that are like a reference, like words, or like both.
    ///
    /// - Parameters:
    ///   - request: What is looked for, and where.
    ///   - cancellation: Stops between batches.
    /// - Returns: The clips and what was done.
    /// - Throws: `RequestError`, `StoreError`, `PackError`, `InterruptedError`.
    public func find(
        _ request: FindRequest,
        cancellation: Cancellation = Cancellation()
    ) throws -> FindResult {
        try check(request)
        var notes: [String] = []
        let code = try request.reference.map { try referenceCode(request, $0, cancellation) }
        let pack = try code?.pack ?? pack(request.pack)
        var searches: [AspectSearch] = []
        if let code {
            searches.append(
                try aspectSearch(request, code, pack, cancellation) { notes.append($0) }
            )
        }
        if let text = request.text {
            searches.append(
                try textSearch(text, pack, cancellation) { notes.append($0) }
            )
        }
        if searches.count == 2 {
            searches[0].share = 1 - request.textWeight
            searches[1].share = request.textWeight
        }
        if request.anywhere { notes += try longClips(pack) }
        let region = request.masks.isEmpty ? "" : " in \(request.masks.joined(separator: ", "))"
        let subject = [
            code.map { "\(request.aspect.rawValue) of \($0.name)\(region)" },
            request.text.map { "\"\($0)\"" },
        ].compactMap { $0 }.joined(separator: " and ")
        // A clip may be removed between search and look-up: then the next ones move up. Rows may turn out to be damaged.
        for attempt in 0... {
            let found = try nearest(searches, request, code?.clip, pack)
            if !found.damaged.isEmpty, attempt < 3 {
                for index in found.damaged { try searches[index].repair() }
                continue
            }
            let hits = try refined(found.hits, searches, code, request.count)
            let clips = try library.clips(ofAssets: hits.map(\.asset))
            let present = hits.filter { clips[$0.asset] != nil }
            guard present.count == hits.count || attempt == 3 else {
                for index in searches.indices { try searches[index].refresh() }
                continue
            }
            if found.candidates == 0 {
                notes.append(emptiness(request, pack))
            }
            return FindResult(
                clips: present.compactMap { hit in
                    clips[hit.asset].map {
                        FoundClip(clip: $0, score: hit.score, part: hit.part)
                    }
                },
                subject: subject,
                pack: pack.manifest.name,
                candidates: found.candidates,
                compared: found.compared,
                hasDeviations: searches.count == 2,
                notes: notes,
                pictures: code?.pictures ?? []
            )
        }
        preconditionFailure("a search that neither ends nor fails")
    }

    private func check(_ request: FindRequest) throws {
        guard request.reference != nil || request.text != nil else {
            throw RequestError("nothing to look for: name a clip, or give words")
        }
        guard request.count > 0 else {
            throw RequestError("-k \(request.count): give how many clips, at least 1")
        }
        guard (0...1).contains(request.textWeight) else {
            throw RequestError(
                "the weight of the words is \(request.textWeight): give one in 0...1"
            )
        }
        guard request.aspect == .motion || (request.masks.isEmpty && !request.anywhere) else {
            throw RequestError(
                "\(request.masks.isEmpty ? "--anywhere" : "--mask") fits --by motion: "
                    + "\(request.aspect.rawValue) has neither parts of the picture nor moments"
            )
        }
        if let text = request.text, text.allSatisfy(\.isWhitespace) {
            throw RequestError("the words to look for are empty")
        }
    }

    /// What to say of clips in which parts are hardly found.
    private func longClips(_ pack: LoadedPack) throws -> [String] {
        let trained = pack.manifest.time.trainedSeconds
        var long = ClipFilter()
        long.expression = try FilterExpression("duration > \((1.25 * trained).shortSeconds)s")
        let count = try library.assetNumbers(
            .dynamics,
            packFingerprint: pack.pack.fingerprint,
            ofClips: long
        ).count
        guard count > 0 else { return [] }
        return [
            "\(count.counted("clip")) of more than \(trained.shortSeconds) s \(count == 1 ? "was" : "were") "
                + "ingested as one: a part of it is found less well than among pieces (vsdb ingest --segment)"
        ]
    }

    private func emptiness(_ request: FindRequest, _ pack: LoadedPack) -> String {
        let what = request.aspect == .motion && request.reference != nil ? " that moves" : ""
        let name = pack.manifest.name
        return request.filter == ClipFilter()
            ? "no other clip\(what) was made by pack \(name); add some with vsdb ingest"
            : "no clip\(what) of pack \(name) meets the conditions"
    }

    // MARK: One aspect

    private func aspectSearch(
        _ request: FindRequest,
        _ code: ReferenceCode,
        _ pack: LoadedPack,
        _ cancellation: Cancellation,
        onNote: @escaping (String) -> Void
    ) throws -> AspectSearch {
        let source = LibraryIndex(
            self,
            pack,
            request.aspect,
            windows: request.anywhere ? MotionWindows(pack, seconds: code.seconds ?? 0) : nil,
            cancellation: cancellation,
            onNote: onNote
        )
        let index = try source.current()
        let space = try request.aspect.space(of: pack.manifest, centre: index.centre)
        let descriptor = space.descriptor(code.summary)
        var weights = [Float](repeating: 1, count: space.layout.groups)
        if request.aspect == .motion {
            weights = try motionWeights(request, code.summary, descriptor, space.layout, pack)
        }
        return AspectSearch(
            source: source,
            index: index,
            query: DescriptorQuery(descriptor, space.layout, weights: weights)
        )
    }

    /// Cells count by the mask, and by the root of how much moves in them.
    ///
    /// A cell in which nothing moves has a direction all the same, that of noise.
    private func motionWeights(
        _ request: FindRequest,
        _ summary: Tensor<Float>,
        _ descriptor: [Float],
        _ layout: DescriptorLayout,
        _ pack: LoadedPack
    ) throws -> [Float] {
        var mask = [Float](repeating: 1, count: layout.groups)
        if !request.masks.isEmpty, let grid = pack.manifest.dynamics?.config {
            let source = MaskSource(
                rows: grid.gridHeight,
                columns: grid.gridWidth,
                regions: pack.manifest.regions
            )
            mask = try source.weights(request.masks).joined().map { Float($0) }
        }
        let energy = MotionSummary.energy(summary)
        let weights = zip(mask, energy).map { $0 * $1.squareRoot() }
        return weights.contains { $0 > 0 } ? weights : mask
    }

    /// The space of looks; the error names a pack that has CLIP where this one has none.
    private func lookSpace(of pack: LoadedPack) throws -> DescriptorSpace {
        do { return try SearchAspect.look.space(of: pack.manifest) } catch let error as PackError {
            // A pack that cannot be read is no remedy.
            let other = try library.packs().first { record in
                (try? self.pack(record.fingerprint).manifest.clip) != nil
            }
            guard let other else { throw error }
            throw PackError(
                error.kind,
                "pack \"\(pack.manifest.name)\" has no CLIP, which words are compared by; pack "
                    + "\"\(other.name)\" has one: add --pack \(other.name)"
            )
        }
    }

    private func textSearch(
        _ text: String,
        _ pack: LoadedPack,
        _ cancellation: Cancellation,
        onNote: @escaping (String) -> Void
    ) throws -> AspectSearch {
        let space = try lookSpace(of: pack)
        let clip = try pack.clip(for: .texts)
        let tokens: [Int32]
        do {
            tokens = try pack.tokenizer().encode(text, contextLength: clip.config.context)
        } catch {
            // The error repeats the words.
            throw RequestError("what is looked for: \(error)")
        }
        let feature = clip.encodeText([tokens])[0]
        let source = LibraryIndex(self, pack, .look, cancellation: cancellation, onNote: onNote)
        let descriptor = space.descriptor(
            Tensor(shape: [1, feature.count], scalars: feature.scalars)
        )
        return AspectSearch(
            source: source,
            index: try source.current(),
            query: DescriptorQuery(descriptor, space.layout, weights: [1])
        )
    }
}

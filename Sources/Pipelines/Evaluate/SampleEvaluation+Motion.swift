internal import Foundation
internal import Media
internal import Metrics
internal import Models
internal import Packs
internal import Tensors

extension SampleEvaluation {
    /// Content A with motion B against the drawn truth, beside still, copy and ceiling.
    mutating func measurePairs() throws {
        guard renderer.moves else { return }
        for (index, pair) in (manifest.pairs ?? []).enumerated() {
            try step("pairs")
            let (a, b) = (try subject(pair.content), try subject(pair.motion))
            let truth = try open(pair.truth, "pairs.\(index).truth")
            try measure(pair, a, b, truth)
            try mix(a, b)
            if index < EvaluationSheet.pairs { try addToSheet(pair, a, b, truth) }
        }
    }

    private mutating func measure(
        _ pair: SampleManifest.Pair,
        _ a: Subject,
        _ b: Subject,
        _ truth: SampleFilm
    ) throws {
        guard let scene = a.codes.scene(dynamics: b.codes.dynamics) else { return }
        let compared = Array(stride(from: 0, to: truth.seconds.count, by: request.stride))
        let frames = try truth.frames(compared)
        let rendered = try rendered(scene, frames)
        let end = b.film.end(ofWindow: b.window)
        let inside = frames.filter { $0.second < end - 1e-6 }
        let still = try renderer.still(a.codes)
        let result = inside.compactMap { rendered[$0.index] }
        animation.add(RowName.result, result, inside, judges)
        animation.add(RowName.still, inside.map { _ in still }, inside, judges)
        let copied = try b.film.images(nearestTo: inside.map(\.second))
        animation.add(RowName.copied, copied, inside, judges)
        let ceiling = try renderer.inversions(inside.map(\.image))
        animation.add(RowName.ceiling, ceiling, inside, judges)
        let beyond = frames.filter { $0.second >= end - 1e-6 }
        extrapolate(beyond, rendered, still, windowEnd: end, "content A, motion B")
        steadiness.add("animations", steady: try following(scene, b))
        if let reader = judges.reader, let look = a.look, let other = b.look {
            for (row, images) in [
                (RowName.result, result), (RowName.ceiling, ceiling),
                ("the truth itself", inside.map(\.image)),
            ] {
                let features = reader.features(images)
                animation.add(row, .identity, FeatureReader.cosines(features, look))
                animation.add(row, .otherIdentity, FeatureReader.cosines(features, other))
                animation.add(row, .consistency, FeatureReader.inconsistency(features))
            }
        }
    }

    /// Pictures of a scene at pairs of frames that follow one another in a clip's film.
    func following(_ scene: Scene, _ clip: Subject) throws -> [(RGBImage, RGBImage)] {
        let firsts = Self.steadyFrames(clip.window)
        let seconds = firsts.flatMap { [$0, $0 + 1] }.map { clip.film.seconds[$0] }
        let images = try renderer.frames(scene, at: seconds)
        return stride(from: 0, to: images.count, by: 2).map { (images[$0], images[$0 + 1]) }
    }

    /// How evenly pictures change from motion A to motion B.
    private mutating func mix(_ a: Subject, _ b: Subject) throws {
        guard let own = a.codes.dynamics, let other = b.codes.dynamics else { return }
        let seconds = [0.15, 0.5, 0.85].map { share in
            a.film.seconds[Int(share * Double(a.window - 1))]
        }
        let path = try (0...4).map { step in
            let dynamics = try DynamicsBlend.mix(own, other, weight: Double(step) / 4)
            guard let scene = a.codes.scene(dynamics: dynamics) else { return [RGBImage]() }
            return try renderer.frames(scene, at: seconds)
        }
        for moment in seconds.indices {
            let pictures = path.map { $0[moment] }
            mixing.add(
                "pictures",
                .bend,
                // Means of squares of pixels, so that rounding to 8 bits is no bend.
                PathSmoothness.bend(
                    pictures.map { Reconstruction.averaged($0.tensor(.minusOneToOne)) }
                )
            )
            guard let joints = judges.joints(pictures) else { continue }
            mixing.add(
                "joints",
                .bend,
                PathSmoothness.bend(joints.map { $0.flatMap { [$0.x, $0.y] } })
            )
        }
    }

    /// Motions of single parts against the drawn truth.
    mutating func measureMasked() throws {
        guard renderer.moves, let grid = renderer.pack.manifest.dynamics?.config else { return }
        let masks = MaskSource(
            rows: grid.gridHeight,
            columns: grid.gridWidth,
            regions: renderer.pack.manifest.regions
        )
        for (index, item) in (manifest.masked ?? []).enumerated() {
            try step("parts")
            let name = item.regions.joined(separator: " + ")
            if let unknown = item.regions.first(where: { masks.regions[$0] == nil }) {
                let text = "\(name): the pack has no region \"\(unknown)\""
                if !missing.contains(text) { missing.append(text) }
                continue
            }
            let weights = try masks.weights(item.regions)
            let (a, b) = (try subject(item.content), try subject(item.motion))
            guard let own = a.codes.dynamics, let other = b.codes.dynamics else { continue }
            let mask = Tensor(
                shape: [weights.count, weights[0].count],
                scalars: weights.flatMap { $0 }
            )
            let blended = try DynamicsBlend.blend(other, own, mask: mask)
            let truth = try open(item.truth, "masked.\(index).truth")
            let frames = try truth.frames(truth.seconds.indices)
            for (row, dynamics) in [(name, blended), (name + ", not blended", own)] {
                guard let scene = a.codes.scene(dynamics: dynamics) else { continue }
                let images = try renderer.frames(scene, at: frames.map(\.second))
                masked.add(row, images, frames, judges)
                addParts(row, images, frames, Set(item.movedJoints))
                guard row == name, index < EvaluationSheet.parts else { continue }
                addToSheet("\(item.content), \(name) of \(item.motion)", images, frames)
            }
        }
    }

    private mutating func addParts(
        _ row: String,
        _ images: [RGBImage],
        _ frames: [SampleFilm.Frame],
        _ moved: Set<String>
    ) {
        guard let found = judges.joints(images) else { return }
        let names = manifest.jointNames ?? []
        let movedJoints = names.indices.filter { moved.contains(names[$0]) }
        let rest = names.indices.filter { !moved.contains(names[$0]) }
        for (points, frame) in zip(found, frames) {
            guard let truth = frame.joints else { continue }
            masked.add(row, .movedJoints, JointError.mean(points, truth, joints: movedJoints))
            masked.add(row, .restJoints, JointError.mean(points, truth, joints: rest))
        }
    }

    /// Frames between a few observed ones.
    mutating func measureInterpolation() throws {
        guard renderer.moves else { return }
        for item in manifest.interpolation ?? [] {
            try step("interpolation")
            let subject = try subject(item.clip)
            let compared = stride(from: 0, to: subject.window, by: request.stride)
            let frames = try subject.film.frames(item.observed + compared)
            let seen = frames.filter { item.observed.contains($0.index) }
            let start = seen[0].second
            let codes = try renderer.codes(
                seen.map(\.image),
                at: seen.map { $0.second - start }
            )
            guard let scene = codes.scene() else { continue }
            let hidden = frames.filter { !item.observed.contains($0.index) }
            let images = try renderer.frames(scene, at: hidden.map { $0.second - start })
            interpolation.add(RowName.result, images, hidden, judges)
            let still = try renderer.still(codes)
            interpolation.add(RowName.still, hidden.map { _ in still }, hidden, judges)
        }
    }
}

internal import Foundation
internal import Media
internal import Metrics
internal import Models
internal import Packs
internal import Tensors

extension SampleEvaluation {
    /// Text edits: whether they are seen, how near they come to the exactly edited picture, what else changed.
    mutating func measureEdits() throws {
        guard renderer.moves, !(manifest.edits ?? []).isEmpty else { return }
        let own = try FeatureReader(renderer.pack)
        guard renderer.pack.manifest.clip?.readsText == true else {
            missing.append(
                "text edits: the CLIP of pack \"\(renderer.pack.manifest.name)\" has no vocabulary"
            )
            return
        }
        for (index, edit) in (manifest.edits ?? []).enumerated() {
            try step("edits")
            try measure(edit, index, own)
        }
    }

    private mutating func measure(
        _ edit: SampleManifest.Edit,
        _ index: Int,
        _ own: FeatureReader
    ) throws {
        let subject = try subject(edit.clip)
        guard let style = subject.codes.style, let unedited = subject.codes.scene(),
            let texts = try own.features(texts: [edit.from, edit.to])
        else { return }
        let moved = StyleDirection.apply(
            from: texts[0],
            to: texts[1],
            alpha: Float(request.alpha),
            style: style
        )
        guard moved.isFinite, let edited = subject.codes.scene(style: moved) else {
            throw RequestError("edits.\(index): the edited style code is not finite")
        }
        let truth = try edit.truth.map { try open($0, "edits.\(index).truth") }
        let seconds =
            truth?.seconds
            ?? (0..<8).map { subject.film.seconds[$0 * (subject.window - 1) / 7] }
        let results = try renderer.frames(edited, at: seconds)
        let befores = try renderer.frames(unedited, at: seconds)
        let frames = try truth.map { try $0.frames($0.seconds.indices) }
        let rows = [edit.attribute, RowName.allEdits]
        for row in rows {
            try addSeen(row, edit, results, befores, frames?.map(\.image))
            addPoses(row, results, befores)
        }
        if let frames { try addTruth(rows, results, befores, frames, subject.film) }
        steadiness.add("edited films", steady: try following(edited, subject))
        if let frames, !sheet.contains(where: { $0.label.hasPrefix(edit.attribute + " to ") }) {
            addToSheet("\(edit.attribute) to \(edit.value)", results, frames)
        }
    }

    /// The share of frames in which the judge finds the new description the best of all candidates.
    private mutating func addSeen(
        _ row: String,
        _ edit: SampleManifest.Edit,
        _ results: [RGBImage],
        _ befores: [RGBImage],
        _ truth: [RGBImage]?
    ) throws {
        guard let reader = judges.reader,
            let texts = try reader.features(texts: edit.candidates),
            let wanted = edit.candidates.firstIndex(of: edit.to)
        else { return }
        let kinds: [(Score, [RGBImage]?)] = [
            (.accuracy, results), (.accuracyUnedited, befores), (.accuracyOfTruth, truth),
        ]
        for (score, images) in kinds {
            guard let images else { continue }
            let logits = reader.logits(reader.features(images), texts)
            for picture in images.indices {
                let own = logits[picture].scalars
                let best = own.indices.max { own[$0] < own[$1] }
                edits.add(row, score, best == wanted ? 100 : 0)
            }
        }
    }

    private mutating func addPoses(
        _ row: String,
        _ results: [RGBImage],
        _ befores: [RGBImage]
    ) {
        guard let edited = judges.joints(results), let unedited = judges.joints(befores) else {
            return
        }
        for (one, two) in zip(edited, unedited) {
            edits.add(row, .poseShift, JointError.mean(one, two))
        }
    }

    private mutating func addTruth(
        _ rows: [String],
        _ results: [RGBImage],
        _ befores: [RGBImage],
        _ truth: [SampleFilm.Frame],
        _ film: SampleFilm
    ) throws {
        let originals = try film.images(nearestTo: truth.map(\.second))
        for (index, frame) in truth.enumerated() {
            let after = PixelDifference.psnr(results[index].pixels, frame.image.pixels)
            let before = PixelDifference.psnr(befores[index].pixels, frame.image.pixels)
            // The attribute's place: where the exact edit changed the drawing.
            let place = PixelMask.difference(frame.image.pixels, originals[index].pixels)
            func colorError(_ image: RGBImage) -> Double? {
                PixelDifference.meanColor(image.pixels, frame.image.pixels, mask: place)
            }
            for row in rows {
                edits.add(row, .editedPSNR, after)
                edits.add(row, .uneditedPSNR, before)
                edits.add(row, .colorError, colorError(results[index]))
                edits.add(row, .colorErrorUnedited, colorError(befores[index]))
            }
        }
    }
}

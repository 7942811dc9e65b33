internal import Foundation
internal import Media
internal import Models
internal import Packs
internal import Store
internal import Tensors

/// Analyses one clip: frames to content code, dynamics, style and search embeddings.
struct ClipEncoder {
    let pack: LoadedPack

    /// Images that go through the content encoder at once; its widest layers dominate memory.
    private static let contentBatch = 4

    /// Runs `f_C`, `f_D`, CLIP, and `G` on a few frames' own codes.
    ///
    /// - Returns: The assets, and the reconstruction distance, which the content's provenance has too.
    /// - Throws: `PackError` if the pack lacks the encoder, `RequestError` if a code is not finite.
    func encode(
        _ clip: ObservedClip
    ) throws -> (assets: [NewAsset], reconstruction: Double?) {
        let codes = try contentCodes(clip.frames)  // [T, L, D]
        let content = codes.meanOverFirstAxis
        let distance = try reconstruction(clip.frames, codes)
        var facts: [String: Any] = [:]
        facts["reconstruction"] = distance
        facts["boxes"] = clip.boxes.map { boxes in
            boxes.map { [$0.x, $0.y, $0.width, $0.height] }
        }
        var assets = [try asset(.content, content, "content code", facts)]
        if pack.manifest.dynamics != nil, clip.plan.hasMotion {
            let dynamics = try initialDynamics(clip)  // [C, h, w]
            assets.append(
                try asset(
                    .dynamics,
                    dynamics.narrowed,
                    "dynamics",
                    ["observedSeconds": clip.plan.observed]
                )
            )
            if let summary = try motionSummary(clip.plan, dynamics) {
                assets.append(try asset(.motion, summary, "summary of the motion"))
            }
        }
        return (assets + (try looks(content, clip.frames)), distance)
    }

    /// The assets of a content code that no clip shows.
    ///
    /// - Parameters:
    ///   - content: The code, `[L, D]`.
    ///   - picture: What `G` draws of it.
    ///   - provenance: How the code came about, in JSON's types.
    /// - Returns: Content, embeddings and a thumbnail; no motion.
    /// - Throws: `PackError`, or `RequestError` if a code is not finite.
    func encode(
        _ content: Tensor<Float>,
        _ picture: RGBImage,
        provenance: [String: Any]
    ) throws -> [NewAsset] {
        [try asset(.content, content, "content code", provenance)] + (try looks(content, [picture]))
    }

    /// Style and search embeddings if the pack has CLIP, and thumbnails.
    private func looks(_ content: Tensor<Float>, _ frames: [RGBImage]) throws -> [NewAsset] {
        var assets: [NewAsset] = []
        if pack.manifest.clip != nil {
            assets.append(try asset(.style, try styleEmbedding(content), "style embedding"))
            assets.append(try asset(.look, try lookEmbedding(frames), "search embedding"))
        }
        assets.append(NewAsset(kind: .thumbnails, bytes: try ThumbnailStrip.encode(frames)))
        return assets
    }

    /// The inversions of the observed frames, `[T, L, D]`; their mean is `z_C`.
    func contentCodes(_ frames: [RGBImage]) throws -> Tensor<Float> {
        let encoder = try pack.encoder()
        let side = encoder.config.inputSize
        let codes = stride(from: 0, to: frames.count, by: Self.contentBatch).map { start in
            let batch = frames[start..<min(start + Self.contentBatch, frames.count)]
            let images = batch.map { scaled($0, height: side, width: side).tensor(.minusOneToOne) }
            return encoder.encode(Tensor.stack(images))
        }
        return Tensor.concatenate(codes)
    }

    /// The mean distance of a few frames from what `G` draws of their own inversions.
    ///
    /// Nil if it is no number.
    private func reconstruction(_ frames: [RGBImage], _ codes: Tensor<Float>) throws -> Double? {
        let indices = Reconstruction.indices(frames.count)
        let distances = try indices.map { index in
            let drawn = try still(codes[index])[0]
            return Reconstruction.distance(frames[index].tensor(.minusOneToOne), drawn)
        }
        let mean = distances.reduce(0, +) / Double(indices.count)
        // Four digits are more than two machines agree on.
        return mean.isFinite ? (mean * 1e4).rounded() / 1e4 : nil
    }

    /// `z_d0`: `[C, h, w]`, float64.
    func initialDynamics(_ clip: ObservedClip) throws -> Tensor<Double> {
        let encoder = try pack.dynamicsEncoder()
        // One by one: large frames as numbers would take more memory than the networks that read them.
        let frames = clip.frames.map { frame in
            encoder.resize(Tensor.stack([frame.tensor(.zeroToOne)]))
        }
        return encoder.encode(Tensor.concatenate(frames), times: times(clip.plan))
    }

    /// What search compares; nil if the solver cannot follow the motion.
    private func motionSummary(
        _ plan: ClipPlan,
        _ dynamics: Tensor<Double>
    ) throws -> Tensor<Float>? {
        do {
            let seconds = plan.end - plan.start
            return try pack.motionSummary(dynamics, from: 0, to: seconds, Cancellation())
        } catch is RenderError { return nil }
    }

    /// Observation times in units of t, the first 0, float32 as in the reference.
    private func times(_ plan: ClipPlan) -> [Float] {
        let unit = pack.manifest.time.unitSeconds
        return plan.observed.map { Float(($0 - plan.observed[0]) / unit) }
    }

    /// What `G` draws of a content code, `[L, D]`.
    func picture(of content: Tensor<Float>) throws -> RGBImage {
        RGBImage(try still(content)[0], .minusOneToOne)
    }

    /// `G(z_C)`: `[1, 3, H, W]`.
    private func still(_ content: Tensor<Float>) throws -> Tensor<Float> {
        try pack.generator().synthesize(content.reshaped([1] + content.shape))
    }

    /// `CLIP_I(G(z_C))`: `[E]`, not normalised.
    func styleEmbedding(_ content: Tensor<Float>) throws -> Tensor<Float> {
        let clip = try pack.clip(for: .images)
        let still = try still(content)
        let input = CLIPPreprocessing(resolution: clip.config.imageSize)(still)
        return clip.encodeImage(input)[0]
    }

    /// The mean of the normalised `CLIP_I` of the frames, normalised: `[E]`.
    func lookEmbedding(_ frames: [RGBImage]) throws -> Tensor<Float> {
        let clip = try pack.clip(for: .images)
        let preprocessing = CLIPPreprocessing(resolution: clip.config.imageSize)
        let inputs = frames.map { frame in
            preprocessing(Tensor(shape: [frame.height, frame.width, 3], scalars: frame.pixels))
        }
        let features = normalisedRows(clip.encodeImage(Tensor.stack(inputs)))
        let mean = features.meanOverFirstAxis
        return normalisedRows(mean.reshaped([1, mean.count]))[0]
    }

    private func scaled(_ image: RGBImage, height: Int, width: Int) -> RGBImage {
        FrameAlignment(mode: .none, height: height, width: width)(image)
    }

    private func asset(
        _ kind: AssetKind,
        _ tensor: Tensor<Float>,
        _ name: String,
        _ more: [String: Any] = [:]
    ) throws -> NewAsset {
        guard tensor.isFinite else {
            throw RequestError(
                "the \(name) is not finite; pack \"\(pack.manifest.name)\" cannot encode this clip"
            )
        }
        let stored: RawTensor =
            switch pack.manifest.assetDType {
            case .float32: RawTensor(tensor)
            case .float16: RawTensor(halving: tensor)
            }
        var provenance: [String: Any] = [
            "pack": pack.manifest.name, "unitSeconds": pack.manifest.time.unitSeconds,
        ]
        provenance.merge(more) { $1 }
        let json = try JSONSerialization.data(withJSONObject: provenance, options: .sortedKeys)
        return NewAsset(
            kind: kind,
            tensor: stored,
            provenanceJSON: String(decoding: json, as: UTF8.self)
        )
    }
}

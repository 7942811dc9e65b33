internal import Models
internal import ODE
internal import Packs
internal import Store
internal import Tensors

/// The codes that a recipe names, composed: what the ODE and the conditional model start from.
struct Scene {
    /// `z_C [L, D]`.
    let content: Tensor<Float>
    /// `z_d0 [C, h, w]`, float64.
    let dynamics: Tensor<Double>
    /// `z_S [E]`.
    let style: Tensor<Float>
}

extension Session {
    /// Loads the assets of a recipe and composes them.
    ///
    /// - Throws: `RequestError` or `StoreError` if a clip or asset is missing, `BlendError`, `PackError`.
    func scene(
        _ recipe: Recipe,
        _ pack: LoadedPack,
        _ cancellation: Cancellation
    ) throws -> Scene {
        let content = try asset(recipe.content, .content, recipe).float
        var dynamics = try initialDynamics(recipe.motion, recipe, pack, cancellation)
        for layer in recipe.layers {
            let other = try initialDynamics(layer.motion, recipe, pack, cancellation)
            if let weight = layer.weight {
                dynamics = try fitting { () throws(BlendError) in
                    try DynamicsBlend.mix(dynamics, other, weight: weight)
                }
            } else if let mask = layer.mask {
                let weights = try tensor(mask)
                dynamics = try fitting { () throws(BlendError) in
                    try DynamicsBlend.blend(other, dynamics, mask: weights)
                }
            }
        }
        let style = try styleToken(recipe, pack)
        guard dynamics.isFinite, style.isFinite else {
            throw RenderError("the composed codes are not finite; lower the weights or alpha")
        }
        return Scene(content: content, dynamics: dynamics, style: style)
    }

    /// The content code of a recipe; its other clips may be gone.
    func content(of recipe: Recipe) throws -> Tensor<Float> {
        try asset(recipe.content, .content, recipe).float
    }

    /// `z_d0` of a clip, moved on to the second at which the recipe begins it.
    private func initialDynamics(
        _ use: Recipe.MotionUse,
        _ recipe: Recipe,
        _ pack: LoadedPack,
        _ cancellation: Cancellation
    ) throws -> Tensor<Double> {
        let stored = try asset(use.clip, .dynamics, recipe).double
        guard use.from > 0 else { return stored }
        // The field has no time input, so a later state is as good a beginning.
        let unit = pack.manifest.time.unitSeconds
        let path = try pack.latentODE().path(from: stored, second: use.from, unit, cancellation)
        return Tensor(shape: stored.shape, scalars: path.state(at: use.from / unit))
    }

    /// `z_S = CLIP_I(G(z_C)) + sum of alpha * (CLIP_T(to) - CLIP_T(from))`.
    private func styleToken(_ recipe: Recipe, _ pack: LoadedPack) throws -> Tensor<Float> {
        var style = try asset(recipe.content, .style, recipe).float
        for edit in recipe.edits {
            let (clip, tokenizer) = (try pack.clip(for: .texts), try pack.tokenizer())
            let context = clip.config.context
            let tokens = try [edit.from, edit.to].map {
                try tokenizer.encode($0, contextLength: context)
            }
            let features = clip.encodeText(tokens)  // [2, E]
            style = StyleDirection.apply(
                from: features[0],
                to: features[1],
                alpha: Float(edit.alpha),
                style: style
            )
        }
        return style
    }

    private func asset(
        _ use: Recipe.ClipUse,
        _ kind: AssetKind,
        _ recipe: Recipe
    ) throws -> RawTensor {
        guard let id = ClipID(hex: use.id) else {
            throw RequestError("recipe: \"\(use.id)\" is no clip id")
        }
        let clip: Clip
        do {
            clip = try library.clip(id)
        } catch {
            guard error.kind == .unknownReference else { throw error }
            throw StoreError(
                .unknownReference,
                "clip \(use.name) (\(id.short)) of the recipe is not in the library; ingest it again"
            )
        }
        guard clip.packFingerprint == recipe.pack else {
            throw RequestError(
                "clip \(clip.name) was made by another pack than the recipe's; assets of two packs do "
                    + "not fit together"
            )
        }
        guard let tensor = try library.tensor(of: id, kind) else {
            throw RequestError(
                "clip \(clip.name) has no \(kind.name) asset"
                    + (kind == .style ? "; its pack has no CLIP" : "; it has no motion")
            )
        }
        guard tensor.float.isFinite else {
            throw StoreError(
                .damaged,
                "clip \(clip.name): its \(kind.name) asset holds NaN; ingest it again"
            )
        }
        return tensor
    }

    private func fitting(
        _ blend: () throws(BlendError) -> Tensor<Double>
    ) throws -> Tensor<Double> {
        do { return try blend() } catch { throw RenderError("the recipe does not fit: \(error)") }
    }

    private func tensor(_ mask: [[Double]]) throws -> Tensor<Double> {
        let columns = mask.first?.count ?? 0
        guard columns > 0, mask.allSatisfy({ $0.count == columns }) else {
            throw RequestError("recipe: a mask is not a rectangle of weights")
        }
        return Tensor(shape: [mask.count, columns], scalars: mask.flatMap { $0 })
    }
}

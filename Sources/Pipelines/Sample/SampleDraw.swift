internal import Foundation
internal import Hashing
internal import Models
internal import Packs
internal import Store
internal import Tensors

/// The codes of one request: numbers, identity and provenance.
struct SampleDraw {
    private let sampler: ContentSampler
    private let request: SampleRequest
    private let pack: LoadedPack
    /// How many layers are pulled towards the average; nil for all, or none with psi 1.
    let cutoff: Int?

    /// Reads the generator.
    ///
    /// - Throws: `PackError` if the pack has no mapping network, `RequestError` for a cutoff beyond its layers.
    init(_ request: SampleRequest, _ pack: LoadedPack) throws {
        guard let sampler = ContentSampler(try pack.generator()) else {
            throw PackError(
                .missingNetwork,
                "pack \"\(pack.manifest.name)\" has no mapping network of z alone (key "
                    + "generator.config.mappingLayers); sample from a pack that has, or ingest a picture"
            )
        }
        let layers = pack.manifest.generator.config.layerCount
        if let cutoff = request.cutoff, !(1...layers).contains(cutoff) {
            throw RequestError("--cutoff \(cutoff): this pack has layers 1 to \(layers)")
        }
        self.sampler = sampler
        self.request = request
        self.pack = pack
        // What makes no difference must not make another asset.
        cutoff = request.psi == 1 || request.cutoff == layers ? nil : request.cutoff
    }

    /// Where the average comes from, in a word.
    var origin: String { sampler.averageOrigin.rawValue }

    /// `z_C` of a seed, `[L, D]`.
    func code(_ seed: UInt64) -> Tensor<Float> {
        sampler.code(seed: seed, psi: Float(request.psi), cutoff: cutoff)
    }

    /// The clip of a seed, without assets; its source is the draw itself.
    func clip(_ seed: UInt64) -> NewClip {
        let draw = "seed=\(seed) psi=\(request.psi) cutoff=\(cutoff.map(String.init) ?? "all")"
        let text = "vsdb sample 1 \(draw)"
        let own = "sample-\(seed)"
        var clip = NewClip(
            source: Source(
                sha256: SHA256.digest(Data(text.utf8)).hex,
                path: "vsdb sample --seed \(seed) --psi \(request.psi)"
                    + (cutoff.map { " --cutoff \($0)" } ?? ""),
                byteCount: 0,
                mediaKind: .still
            ),
            start: 0,
            end: 0,
            name: request.name.map { request.count > 1 ? "\($0)-\(seed)" : $0 } ?? own,
            packFingerprint: pack.pack.fingerprint,
            settings: "sample \(draw)",
            assets: []
        )
        clip.caption = request.caption
        clip.tags = request.tags
        return clip
    }

    /// The provenance of a code.
    func facts(_ seed: UInt64) -> [String: Any] {
        var facts: [String: Any] = [
            "seed": seed, "psi": request.psi, "average": origin,
            "generator": "SplitMix64, Box-Muller",
        ]
        if let cutoff { facts["cutoff"] = cutoff }
        if sampler.averageOrigin == .samples {
            facts["averageCount"] = ContentSampler.averageCount
            facts["averageSeed"] = ContentSampler.averageSeed
        }
        return ["sample": facts]
    }
}

internal import Foundation
internal import Models
internal import Tensors

/// A new pack before it is written: which network comes from where, and what `pack.json` will say.
public struct PackPlan: Sendable {
    /// A network that goes into the pack.
    public struct Part: Sendable {
        /// The checkpoint that it comes from.
        public let recognition: Recognition
        /// The network in it.
        public let network: RecognizedNetwork
        /// Every tensor that it needs, by the final sizes.
        let needs: [TensorRequirement]

        /// `generator from "g.pt" (g_ema.): StyleGAN2 ...`.
        public var text: String {
            let prefix = network.prefix.isEmpty ? "" : " (\(network.prefix))"
            return "\(network.kind.rawValue) from \"\(recognition.file.path)\"\(prefix): "
                + network.summary
        }
    }

    /// What the pack is called.
    public var name: String { manifest.name }
    /// The networks, kinds in their order.
    public let parts: [Part]
    /// Defaults that were taken, choices between several networks, and what the pack lacks.
    public let notes: [String]
    /// What may make wrong pictures: defaults in doubt, sizes that hardly fit.
    public let warnings: [String]
    /// The document to be; hashes are filled in when the files are written.
    let manifest: PackManifest
    let vocabulary: VocabularyFiles?

    /// The name of a network's file in the pack.
    static func fileName(_ kind: NetworkKind) -> String { "\(kind.rawValue).safetensors" }

    /// Opens the files of a request, finds the networks and works out every key of `pack.json`.
    ///
    /// - Parameter request: What the pack is to be made of.
    /// - Throws: `PackError`: `.badRequest` if a key must be stated, `.missingNetwork` without a generator,
    ///   `.weightsMismatch` if a file holds another network than it was given for, or the networks do not
    ///   fit together; `CheckpointError` and `SafetensorsError` for files that cannot be read.
    public init(_ request: PackRequest) throws {
        let choice = try SourceChoice(request)
        var draft = try ManifestDraft(request, choice)
        vocabulary = try VocabularyFiles.choose(request, choice)
        if let vocabulary { draft.add(vocabulary) }
        let manifest = try draft.manifest(choice)
        parts = NetworkKind.allCases.compactMap { kind in
            let needs = manifest.requiredTensors(kind)
            // A configuration may have struck a network out with null.
            guard let (recognition, network) = choice.chosen[kind], !needs.isEmpty else {
                return nil
            }
            return Part(recognition: recognition, network: network, needs: needs)
        }
        self.manifest = manifest
        warnings = draft.warnings
        notes = choice.notes + draft.notes + Self.lacks(manifest)
        try Self.check(parts, manifest)
    }

    /// Whether a pack with this `pack.json` is the one to be but for the contents of its files.
    public func isLike(manifestJSON: String) -> Bool {
        let known = try? JSONDecoder().decode(PackManifest.self, from: Data(manifestJSON.utf8))
        return known?.essence.withoutHashes == manifest.essence.withoutHashes
    }

    /// What a pack without some networks cannot do.
    private static func lacks(_ manifest: PackManifest) -> [String] {
        var notes: [String] = []
        if manifest.encoder == nil {
            notes.append("no content encoder: clips cannot be ingested (--encoder brings one)")
        }
        if manifest.dynamics == nil {
            notes.append("no dynamics networks: nothing moves (--dynamics brings them)")
        }
        if manifest.clip == nil {
            notes.append("no CLIP: no text edits, no search by look (--clip brings one)")
        } else if manifest.clip?.readsText == false {
            notes.append("no vocabulary: no text edits (--tokenizer brings one)")
        }
        return notes
    }

    /// Compares all tensors' names and shapes before anything is written.
    private static func check(_ parts: [Part], _ manifest: PackManifest) throws {
        let findings = parts.flatMap { part in
            WeightCheck(
                part.network,
                part.needs,
                part.recognition.file.tensors,
                readsValues: false
            ) { [] }.findings.map { "\(part.network.kind.rawValue): \($0.text)" }
        }
        guard !findings.isEmpty else { return }
        throw PackError(
            .weightsMismatch,
            "pack \"\(manifest.name)\": \(findings.count.counted("tensor")) that "
                + (findings.count == 1 ? "does" : "do") + " not fit: "
                + findings.prefix(5).joined(separator: "; ")
                + (findings.count > 5 ? "; see them all with vsdb weights verify FILE" : "")
        )
    }
}

extension PackManifest {
    /// The manifest with no hash of any file.
    fileprivate var withoutHashes: PackManifest {
        var bare = self
        bare.generator.weights.sha256 = ""
        bare.encoder?.weights.sha256 = ""
        bare.clip?.weights.sha256 = ""
        bare.clip?.vocabulary?.sha256 = ""
        bare.clip?.merges?.sha256 = ""
        bare.dynamics?.weights.sha256 = ""
        bare.dino?.weights.sha256 = ""
        return bare
    }

    /// Every tensor of a network, by the manifest's sizes.
    func requiredTensors(_ kind: NetworkKind) -> [TensorRequirement] {
        switch kind {
        case .generator: generator.config.requiredTensors
        case .encoder: encoder?.config.requiredTensors ?? []
        case .clip: clip?.config.requiredTensors ?? []
        case .dynamics:
            (dynamics?.config.requiredTensors ?? []) + (dynamics?.modulation.requiredTensors ?? [])
        case .dino: dino?.config.requiredTensors ?? []
        }
    }
}

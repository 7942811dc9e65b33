internal import Models
internal import Packs
internal import Search
internal import Store
internal import Tensors

/// What clips are compared by.
public enum SearchAspect: String, CaseIterable, Sendable, Codable {
    /// What is done, whoever does it: the latent dynamics.
    case motion
    /// Who and what is seen, whatever it does: the W+ code.
    case content
    /// How the frames look: CLIP features, which texts can be compared with too.
    case look

    /// The asset whose number stands for the clip in an index.
    var asset: AssetKind {
        switch self {
        case .motion: .dynamics
        case .content: .content
        case .look: .look
        }
    }

    /// The name and the number of the recipe; another number, another index.
    var descriptor: String {
        switch self {
        case .motion: "motion-1"
        case .content: "content-1"
        case .look: "look-1"
        }
    }

    /// Numbers of each layer of a W+ code that are compared; longer layers are mapped to as many.
    private static let contentNumbers = 128

    /// How the numbers of a pack's clips become descriptors.
    ///
    /// - Throws: `PackError` if the pack lacks the network.
    func space(
        of manifest: PackManifest,
        centre: DescriptorCentre = .none
    ) throws -> DescriptorSpace {
        switch self {
        case .motion:
            guard let config = manifest.dynamics?.config else {
                throw PackError(
                    .missingNetwork,
                    "pack \"\(manifest.name)\" has no dynamics: clips cannot be compared by motion; use "
                        + "--by content or --by look"
                )
            }
            return DescriptorSpace(
                groups: config.gridHeight * config.gridWidth,
                numbers: 2 * MotionSummary.numbers,
                parts: 2,
                centre: centre
            )
        case .content:
            let config = manifest.generator.config
            return DescriptorSpace(
                groups: config.layerCount,
                numbers: min(config.styleDim, Self.contentNumbers),
                centre: centre
            )
        case .look:
            guard let config = manifest.clip?.config else {
                throw PackError(
                    .missingNetwork,
                    "pack \"\(manifest.name)\" has no CLIP: clips cannot be compared by look or found by "
                        + "words; use --by motion or --by content"
                )
            }
            return DescriptorSpace(groups: 1, numbers: config.embedDim, centre: centre)
        }
    }

    /// Whether clips are compared by how they differ from most others.
    ///
    /// A text is compared with looks as they are.
    var isCentred: Bool { self != .look }

    /// The numbers that a content code or look contributes, `[groups, numbers]`.
    static func summary(ofContent code: Tensor<Float>) -> Tensor<Float> {
        let (layers, size) = (code.shape[0], code.shape[1])
        guard size > contentNumbers else { return code }
        let map = GroupProjection(from: size, to: contentNumbers, stream: 3)
        return Tensor(
            shape: [layers, contentNumbers],
            scalars: (0..<layers).flatMap { map(code[$0].scalars) }
        )
    }
}

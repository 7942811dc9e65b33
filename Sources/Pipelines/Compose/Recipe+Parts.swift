extension Recipe {
    /// What a clip gives to a composition.
    public enum Role: String, Codable, Sendable {
        /// Who is seen.
        case content
        /// Who moves.
        case motion
        /// A share of another motion, `--mix`.
        case mix
        /// Another motion in a part of the picture, `--blend`.
        case blend
    }

    /// A clip of a recipe with what it gives.
    public struct Part: Sendable, Hashable {
        /// What it gives.
        public let role: Role
        /// The clip.
        public let clip: ClipUse
        /// The second of the clip where its motion begins; nil for the content.
        public let from: Double?
        /// The share of a mix.
        public let weight: Double?
        /// What the mask of a blend is called.
        public let mask: String?
        /// How many cells of the latent grid the mask takes up, in part or whole.
        public let maskCellCount: Int?
    }

    /// All clips with what they give, in the order in which they are applied.
    public var parts: [Part] {
        [
            part(.content, content, from: nil),
            part(.motion, motion.clip, from: motion.from),
        ] + layers.map(part)
    }

    private func part(_ role: Role, _ clip: ClipUse, from: Double?) -> Part {
        Part(role: role, clip: clip, from: from, weight: nil, mask: nil, maskCellCount: nil)
    }

    private func part(_ layer: Layer) -> Part {
        Part(
            role: layer.role,
            clip: layer.motion.clip,
            from: layer.motion.from,
            weight: layer.weight,
            mask: layer.mask == nil ? nil : layer.maskName ?? "mask",
            maskCellCount: layer.mask?.reduce(0) { $0 + $1.count { $0 > 0 } }
        )
    }
}

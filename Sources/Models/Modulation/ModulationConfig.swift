public import Tensors

/// The sizes of the conditional model `f_G`.
public struct ModulationConfig: Codable, Sendable, Hashable {
    /// The width of tokens.
    public var width: Int
    /// Attention heads; divides the width.
    public var heads: Int
    /// Self-attention blocks over the cells of the grid.
    public var selfAttentionLayers: Int
    /// Cross-attention blocks of each of the two stacks.
    public var crossAttentionLayers: Int
    /// Learned positions; at least as many as cells.
    public var positions: Int
    /// The width of each conditional vector.
    public var conditionWidth: Int
    /// W+ layers of the coarse, medium and fine group.
    public var groups: [Int]
    /// Modulation modules of each group.
    public var modulesPerGroup: [Int]
    /// D, the width of a W vector.
    public var styleDim: Int
    /// What the mapper's output is multiplied by before it is added to `z_C`.
    public var deltaScale: Float
    /// The slope of the mapper's leaky ReLU.
    public var leakySlope: Float
    /// Whether the last module of each group ends without its leaky ReLU (the paper's AdaIN).
    public var lastModuleIsLinear: Bool
    /// Whether the mapper gives codes instead of offsets from `z_C`, an ablation of the paper; nil for no.
    public var predictsCodes: Bool?
}

extension ModulationConfig {
    /// Reads the sizes off the tensors of a VidStyleODE checkpoint, seen from its root.
    ///
    /// - Parameters:
    ///   - weights: `modulation_network.*` and `style_mapper.*`.
    ///   - heads: Not in the tensors.
    ///   - groups: Not in the tensors.
    ///   - deltaScale: Not in the tensors; 0.01 in the authors' code.
    /// - Throws: `WeightError` if the tensors are not those of the conditional model.
    public init(
        inferredFrom weights: Weights,
        heads: Int,
        groups: [Int],
        deltaScale: Float
    ) throws {
        let network = weights.scoped(ModulationNames.network)
        func count(_ name: (Int) -> String) -> Int {
            var index = 0
            while network.has(name(index)) { index += 1 }
            return index
        }
        width = try network.raw("content_pos_emd", [1, -1, -1]).shape[2]
        positions = try network.raw("dyn_pos_emb", [1, -1, width]).shape[1]
        conditionWidth = try network.raw("head.0.weight", [-1, width]).shape[0]
        selfAttentionLayers = count { "slf_blocks.\($0).ln1.weight" }
        crossAttentionLayers = count { "blocks.\($0).0.x_ln1.weight" }
        modulesPerGroup = ModulationNames.groups.map { group in
            var index = 0
            while weights.has(ModulationNames.module(group, index) + "fc.weight") { index += 1 }
            return index
        }
        styleDim =
            try weights.raw(ModulationNames.module("coarse", 0) + "fc.weight", [-1, -1]).shape[0]
        self.heads = heads
        self.groups = groups
        self.deltaScale = deltaScale
        leakySlope = 0.01
        lastModuleIsLinear = false
    }

    /// Checks the sizes against each other.
    ///
    /// - Throws: `ConfigError` naming the key.
    public func validate() throws(ConfigError) {
        for (key, value) in [
            ("width", width), ("heads", heads), ("positions", positions),
            ("conditionWidth", conditionWidth), ("styleDim", styleDim),
        ] where !(1...65_536).contains(value) {
            throw ConfigError(key, "got \(value)")
        }
        guard width % heads == 0 else {
            throw ConfigError("heads", "\(heads) does not divide the width \(width)")
        }
        for (key, value) in [
            ("selfAttentionLayers", selfAttentionLayers),
            ("crossAttentionLayers", crossAttentionLayers),
        ] where !(0...256).contains(value) {
            throw ConfigError(key, "got \(value)")
        }
        for (key, list) in [("groups", groups), ("modulesPerGroup", modulesPerGroup)]
        where list.count != 3 || !list.allSatisfy({ (1...64).contains($0) }) {
            throw ConfigError(key, "needs three positive entries, got \(list)")
        }
        guard deltaScale.isFinite, leakySlope.isFinite else {
            throw ConfigError("deltaScale", "not finite")
        }
    }
}

/// Where the parts lie in a VidStyleODE checkpoint.
package enum ModulationNames {
    package static let network = "modulation_network."
    package static let groups = ["coarse", "medium", "fine"]

    package static func module(_ group: String, _ index: Int) -> String {
        "style_mapper.\(group)_mapping.mapper.modulation_module_list.\(index)."
    }
}

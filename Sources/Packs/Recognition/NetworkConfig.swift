internal import Models
internal import Tensors

/// The sizes of one network as its tensors tell them; what no tensor tells is left open.
enum NetworkConfig: Sendable {
    case generator(StyleGAN2Config)
    case encoder(PSPConfig)
    case clip(CLIPConfig)
    case dynamics(DynamicsConfig, ModulationConfig)
    case dino(DINOConfig)

    /// Keys below the network that no tensor tells.
    static func openKeys(_ kind: NetworkKind) -> [String] {
        switch kind {
        case .generator: ["config.convClamp"]
        case .encoder: []
        case .clip: ["config.vision.heads", "config.text.heads"]
        case .dynamics:
            [
                "config.imageHeight", "config.imageWidth", "modulation.heads", "modulation.groups",
                "modulation.deltaScale",
            ]
        case .dino: ["config.heads"]
        }
    }

    /// Reads sizes off tensors and checks that they can be.
    ///
    /// - Throws: `WeightError` or `ConfigError`.
    init(_ kind: NetworkKind, _ weights: Weights) throws {
        switch kind {
        case .generator:
            let config = try StyleGAN2Config(inferredFrom: weights)
            try config.validate()
            self = .generator(config)
        case .encoder:
            let config = try PSPConfig(inferredFrom: weights)
            try config.validate()
            self = .encoder(config)
        case .clip:
            // One head is a stand-in that always divides; the key is open.
            let config = try CLIPConfig(inferredFrom: weights, visionHeads: 1, textHeads: 1)
            try config.validate()
            self = .clip(config)
        case .dynamics: self = try Self.dynamics(weights)
        case .dino:
            let config = try DINOConfig(inferredFrom: weights, heads: 1)
            try config.validate()
            self = .dino(config)
        }
    }

    private static func dynamics(_ weights: Weights) throws -> NetworkConfig {
        var dynamics = try DynamicsConfig(inferredFrom: weights, imageHeight: 1, imageWidth: 1)
        // Stand-ins that fit, so that all the other keys can be checked.
        dynamics.imageHeight = 2 << min(max(0, dynamics.encoderChannels.count - 1), 10)
        dynamics.imageWidth = dynamics.imageHeight
        try dynamics.validate()
        let modulation = try ModulationConfig(
            inferredFrom: weights,
            heads: 1,
            groups: [1, 1, 1],
            deltaScale: 1
        )
        try modulation.validate()
        return .dynamics(dynamics, modulation)
    }

    /// Every tensor that the network reads.
    var requiredTensors: [TensorRequirement] {
        switch self {
        case .generator(let config): config.requiredTensors
        case .encoder(let config): config.requiredTensors
        case .clip(let config): config.requiredTensors
        case .dynamics(let dynamics, let modulation):
            dynamics.requiredTensors + modulation.requiredTensors
        case .dino(let config): config.requiredTensors
        }
    }

    /// The keys below the network in `pack.json`, open ones left out.
    func tree(_ kind: NetworkKind) throws -> ConfigTree {
        var tree = ConfigTree.object([:])
        switch self {
        case .generator(let config): tree["config"] = try ConfigTree(encoding: config)
        case .encoder(let config): tree["config"] = try ConfigTree(encoding: config)
        case .clip(let config): tree["config"] = try ConfigTree(encoding: config)
        case .dino(let config): tree["config"] = try ConfigTree(encoding: config)
        case .dynamics(let dynamics, let modulation):
            tree["config"] = try ConfigTree(encoding: dynamics)
            tree["modulation"] = try ConfigTree(encoding: modulation)
        }
        for key in Self.openKeys(kind) { tree[key] = nil }
        return tree
    }

    /// The network in a few words.
    var summary: String {
        switch self {
        case .generator(let config):
            "StyleGAN2 (\(config.layout.rawValue)), \(config.width)x\(config.height), "
                + "W+ \(config.layerCount)x\(config.styleDim), mapping \(config.mappingLayers), "
                + "channels \(config.channels.map(String.init).joined(separator: " "))"
        case .encoder(let config):
            "pSp, units \(config.units.map(String.init).joined(separator: " ")), "
                + "\(config.inputSize)x\(config.inputSize) to W+ "
                + "\(config.styleCount)x\(config.styleDim)"
        case .clip(let config):
            "CLIP (\(config.layout.rawValue)), ViT \(config.vision.layers)x\(config.vision.width)"
                + "/\(config.patch) at \(config.imageSize), text \(config.text.layers)x"
                + "\(config.text.width), \(config.vocabulary) tokens, features \(config.embedDim)"
        case .dynamics(let dynamics, let modulation):
            "VidStyleODE, state \(dynamics.stateChannels) to \(dynamics.projectedChannels), "
                + "\(dynamics.encoderChannels.count - 1) halvings, "
                + "\(modulation.selfAttentionLayers) self- and "
                + "\(modulation.crossAttentionLayers) cross-attention layers, "
                + "W \(modulation.styleDim)"
        case .dino(let config):
            "DINO ViT \(config.layers)x\(config.width)/\(config.patch) at \(config.imageSize)"
        }
    }
}

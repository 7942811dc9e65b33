internal import Models

/// A key of `pack.json` that neither tensors nor options tell and that has no safe default.
public struct OpenKey: Sendable, Hashable, Codable {
    /// The key, dots between levels.
    public let key: String
    /// The option of `vsdb pack create` that states it.
    public let option: String
    /// What it means, and what it may be.
    public let meaning: String
}

/// The documented defaults of keys that no tensor tells.
///
/// They are those of the authors' code: 64 features a head, W+ groups of 4, 6 and 8 for 18 layers, NVIDIA's
/// clamp of 256, a square frame if the learned positions make a square.
enum FieldDefaults {
    static let frameRate = 25.0
    static let observedFrames = 12
    static let deltaScale = 0.01
    private static let headWidth = 64
    private static let nvidiaClamp = 256.0

    /// The keys of a pack that lie outside of its networks.
    static let manifest: ConfigTree = .object([
        "format": .integer(PackManifest.currentFormat),
        "alignment": .text(PackManifest.Alignment.center.rawValue),
        "assetDType": .text(PackManifest.AssetDType.float32.rawValue),
        "regions": .object([:]),
        "time": .object([
            "observedFrames": .integer(observedFrames),
            "sampling": .text(PackManifest.Sampling.even.rawValue),
            "frameRate": .number(frameRate),
        ]),
    ])

    /// Defaults of a network's keys, and the keys for which there is none.
    ///
    /// - Parameters:
    ///   - kind: The network.
    ///   - known: Its known keys, below the network.
    ///   - generator: The sizes of the pack's generator, if they are known.
    /// - Returns: A tree of the defaults alone, and the open keys with their full names.
    static func complete(
        _ kind: NetworkKind,
        _ known: ConfigTree,
        generator: StyleGAN2Config?
    ) -> (assumed: ConfigTree, open: [OpenKey]) {
        var draft = Draft(kind: kind, known: known)
        switch kind {
        case .generator:
            if known["config.layout"] == .text(StyleGAN2Config.Layout.nvidia.rawValue) {
                draft.assume("config.convClamp", .number(nvidiaClamp))
            }
        case .encoder: break
        case .clip:
            for part in ["vision", "text"] {
                draft.heads(
                    "config.\(part).heads",
                    width: known["config.\(part).width"]?.integer,
                    option: "--config"
                )
            }
        case .dino:
            draft.heads(
                "config.heads",
                width: known["config.width"]?.integer,
                option: "--dino-heads"
            )
        case .dynamics:
            draft.heads(
                "modulation.heads",
                width: known["modulation.width"]?.integer,
                option: "--modulation-heads"
            )
            draft.assume("modulation.deltaScale", .number(deltaScale))
            draft.groups(layerCount: generator?.layerCount)
            draft.frameSize(isSquare: generator.map { $0.width == $0.height } ?? false)
        }
        return (draft.assumed, draft.open)
    }

    private struct Draft {
        let kind: NetworkKind
        let known: ConfigTree
        var assumed = ConfigTree.object([:])
        var open: [OpenKey] = []

        mutating func assume(_ key: String, _ value: ConfigTree) {
            if known[key] == nil { assumed[key] = value }
        }

        mutating func ask(_ key: String, _ option: String, _ meaning: String) {
            if known[key] == nil {
                open.append(
                    OpenKey(key: "\(kind.rawValue).\(key)", option: option, meaning: meaning)
                )
            }
        }

        mutating func heads(_ key: String, width: Int?, option: String) {
            guard let width, width % headWidth == 0 else {
                ask(
                    key,
                    option,
                    "attention heads, a divisor of the width \(width.map(String.init) ?? "")"
                )
                return
            }
            assume(key, .integer(width / headWidth))
        }

        mutating func groups(layerCount: Int?) {
            guard layerCount == 18 else {
                let sum = layerCount.map { " that add up to \($0)" } ?? ""
                ask("modulation.groups", "--groups", "coarse, medium and fine W+ layers\(sum)")
                return
            }
            assume("modulation.groups", .list([4, 6, 8].map { .integer($0) }))
        }

        mutating func frameSize(isSquare: Bool) {
            let halvings = max(0, (known["config.encoderChannels"]?.count ?? 1) - 1)
            let positions = known["modulation.positions"]?.integer ?? 0
            let side = Int(Double(max(0, positions)).squareRoot().rounded())
            if isSquare, side > 0, side * side == positions, halvings < 16 {
                assume("config.imageHeight", .integer(side << halvings))
                assume("config.imageWidth", .integer(side << halvings))
                return
            }
            for key in ["config.imageHeight", "config.imageWidth"] {
                ask(
                    key,
                    "--frame-size",
                    "WIDTHxHEIGHT of the dynamics encoder's frames, such as 96x128; halved "
                        + "\(halvings) times they make at most \(positions) cells"
                )
            }
        }
    }
}

extension ConfigTree {
    /// The number of elements, or nil if the value is no list.
    fileprivate var count: Int? { if case .list(let list) = self { list.count } else { nil } }
}

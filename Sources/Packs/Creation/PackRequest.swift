/// What a new pack is to be made of.
public struct PackRequest: Sendable {
    /// What the pack is called.
    public var name: String
    /// Checkpoints that bring every network that they hold.
    public var checkpoints: [String] = []
    /// Files by the network that is wanted of them.
    public var files: [NetworkKind: String] = [:]
    /// Networks that are left out even if a file has them.
    public var omitted: Set<NetworkKind> = []
    /// Where CLIP's vocabulary is: a folder with vocab.json and merges.txt, or a file of merges.
    public var tokenizer: String?
    /// A JSON file with keys of `pack.json` that no file of weights tells.
    public var config: String?
    /// Keys of `pack.json` that were given one by one; they win over `config`.
    public var values = ConfigTree.object([:])
    /// How many frames one unit of t is; nil for what the checkpoint says.
    public var videoLength: Int?
    /// Who makes the pack, such as `vsdb 1.0.0`.
    public var maker: String

    /// Starts a request.
    ///
    /// - Parameters:
    ///   - name: What the pack is called.
    ///   - maker: Who makes it, with a version.
    public init(name: String, maker: String) {
        self.name = name
        self.maker = maker
    }

    /// All files, each once, and the networks that each may bring, in the order in which they are asked.
    var sources: [(path: String, kinds: Set<NetworkKind>)] {
        let all = Set(NetworkKind.allCases).subtracting(omitted)
        var sources = checkpoints.map { (path: $0, kinds: all) }
        for kind in [NetworkKind.dynamics, .encoder, .generator, .clip, .dino] {
            guard let path = files[kind] else { continue }
            let kinds: Set<NetworkKind> =
                switch kind {
                case .dynamics: all
                // A pSp file brings its decoder.
                case .encoder: [.encoder, .generator]
                default: [kind]
                }
            sources.append((path, kinds.subtracting(omitted)))
        }
        return sources
    }
}

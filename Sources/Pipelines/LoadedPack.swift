internal import Dispatch
internal import Logging
public import Models
public import Packs
internal import Synchronization

/// A pack whose networks are read once, when first used.
public final class LoadedPack: Sendable {
    /// The pack.
    public let pack: Pack
    private let cache = Mutex(Networks())

    private struct Networks: Sendable {
        var generator: StyleGAN2Generator?
        var encoder: PSPEncoder?
        var clipOfImages: CLIPModel?
        var clipOfTexts: CLIPModel?
        var tokenizer: CLIPTokenizer?
        var dynamicsEncoder: DynamicsEncoder?
        var latentODE: LatentODE?
        var conditionalModel: ConditionalModel?
    }

    private let logger: Logger

    /// Wraps a pack; nothing is read yet.
    init(_ pack: Pack, logger: Logger) {
        self.pack = pack
        self.logger = logger
    }

    /// What the pack consists of.
    public var manifest: PackManifest { pack.manifest }

    /// The generator `G`.
    public func generator() throws -> StyleGAN2Generator { try cached(\.generator, pack.generator) }
    /// The content encoder `f_C`.
    public func encoder() throws -> PSPEncoder { try cached(\.encoder, pack.encoder) }
    /// CLIP, for images or for texts.
    public func clip(for half: CLIPModel.Half) throws -> CLIPModel {
        switch half {
        case .images: try cached(\.clipOfImages) { try pack.clip(only: .images) }
        case .texts: try cached(\.clipOfTexts) { try pack.clip(only: .texts) }
        }
    }
    /// CLIP's tokenizer.
    public func tokenizer() throws -> CLIPTokenizer { try cached(\.tokenizer, pack.tokenizer) }
    /// The dynamics encoder `f_D`.
    public func dynamicsEncoder() throws -> DynamicsEncoder {
        try cached(\.dynamicsEncoder, pack.dynamicsEncoder)
    }
    /// The latent ODE `phi`.
    public func latentODE() throws -> LatentODE { try cached(\.latentODE, pack.latentODE) }
    /// The conditional model `f_G`.
    public func conditionalModel() throws -> ConditionalModel {
        try cached(\.conditionalModel, pack.conditionalModel)
    }

    /// Reads what a render needs, side by side.
    func readForRender() {
        // An error is thrown again, with its message, by whoever asks for that network next.
        let readers: [@Sendable () -> Void] = [
            { _ = try? self.generator() }, { _ = try? self.conditionalModel() },
            { _ = try? self.latentODE() },
        ]
        DispatchQueue.concurrentPerform(iterations: readers.count) { readers[$0]() }
    }

    private func cached<Network: Sendable>(
        _ key: sending WritableKeyPath<Networks, Network?>,
        _ read: () throws -> Network
    ) throws -> Network {
        if let network = cache.withLock({ $0[keyPath: key] }) { return network }
        let began = ContinuousClock.now
        let network = try read()
        logger.debug("read \(Network.self) of \(manifest.name) in \(ContinuousClock.now - began)")
        cache.withLock { $0[keyPath: key] = network }
        return network
    }
}

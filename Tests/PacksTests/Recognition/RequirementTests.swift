import Models
import Packs
import Synchronization
import Tensors
import TestSupport
import Testing

/// The lists of needed tensors say what the networks really read.
struct RequirementTests {
    /// An archive that remembers which tensors were asked for.
    private final class Watched: TensorArchive {
        let inner: any TensorArchive
        private let asked = Mutex<Set<String>>([])

        init(_ inner: any TensorArchive) { self.inner = inner }

        var path: String { inner.path }
        var names: [String] { inner.names }
        var askedNames: Set<String> { asked.withLock { $0 } }

        func raw(_ name: String) -> RawTensor? {
            asked.withLock { _ = $0.insert(name) }
            return inner.raw(name)
        }
    }

    @Test(arguments: try GoldenForm.all(1, 2, 3, 4, 5, 6))
    func goldenNetworksReadWhatTheirListsSay(form: GoldenForm) throws {
        let recognition = try Recognition(of: Checkpoint.read(path: form.path))
        #expect(!recognition.networks.isEmpty)
        for network in recognition.networks {
            let watched = Watched(recognition.file.tensors)
            try build(network.kind, Weights(watched, prefix: network.prefix))
            let read = watched.askedNames.filter { watched.inner.raw($0) != nil }
            let listed = Set(network.requiredTensors.map { network.prefix + $0.name })
            let companions = Set([network.latentAverage].compactMap { $0 })
            #expect(
                Set(read).subtracting(listed).subtracting(companions).isEmpty,
                "\(network.kind): read and not listed"
            )
            #expect(listed.subtracting(watched.askedNames).isEmpty, "\(network.kind): never read")
            #expect(WeightCheck(network, in: recognition).findings.isEmpty)
        }
    }

    /// Builds a network with stand-ins for what no tensor tells.
    private func build(_ kind: NetworkKind, _ weights: Weights) throws {
        switch kind {
        case .generator: _ = try StyleGAN2Generator(StyleGAN2Config(inferredFrom: weights), weights)
        case .encoder:
            _ = try PSPEncoder(PSPConfig(inferredFrom: weights), weights, latentAverage: nil)
        case .clip: _ = try CLIPModel(CLIPConfig(inferredFrom: weights), weights)
        case .dino: _ = try DINOModel(DINOConfig(inferredFrom: weights, heads: 1), weights)
        case .dynamics:
            let config = try DynamicsConfig(
                inferredFrom: weights,
                imageHeight: 64,
                imageWidth: 64
            )
            _ = try DynamicsEncoder(config, weights)
            _ = try LatentODE(config, weights)
            let modulation = try ModulationConfig(
                inferredFrom: weights,
                heads: 1,
                groups: [1, 1, 1],
                deltaScale: 1
            )
            _ = try ConditionalModel(modulation, weights)
        }
    }
}

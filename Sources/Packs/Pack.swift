internal import Foundation
internal import Glibc
internal import Hashing
public import Models
package import Tensors
internal import Vocabulary

/// A folder with `pack.json` and the weights of the networks that it describes.
///
/// Networks are read when asked for, so that a command pays for those it uses.
public struct Pack: Sendable {
    /// The name of the manifest in the folder.
    public static let manifestName = "pack.json"

    /// The folder.
    public let folder: String
    /// What the pack consists of.
    public let manifest: PackManifest
    /// SHA-256 of the manifest's networks and their files' hashes, in hexadecimal digits.
    ///
    /// Name, summary, licence, provenance, reconstruction and bfloat16PSNR are left out: a renamed pack makes
    /// the same assets.
    public let fingerprint: String
    /// The files of weights that were opened.
    let files = WeightFiles()

    /// Reads and checks the manifest; the weights are not touched.
    ///
    /// - Parameter folder: The folder with `pack.json`.
    /// - Throws: `PackError`, `.notFound`, `.notReadable` or `.badManifest`.
    public init(folder: String) throws {
        let path = folder + "/" + Self.manifestName
        guard let data = FileManager.default.contents(atPath: path) else {
            if access(path, R_OK) != 0, errno == EACCES {
                throw PackError(
                    .notReadable,
                    "pack \"\(folder)\": you may not read its \(Self.manifestName); give yourself the right, or "
                        + "ask its owner"
                )
            }
            throw PackError(
                .notFound,
                "pack \"\(folder)\": there is no readable \(Self.manifestName) in it"
            )
        }
        let manifest = try StrictJSON.decode(
            PackManifest.self,
            from: data,
            source: "pack \"\(path)\""
        )
        do {
            try manifest.validate()
        } catch {
            throw PackError(.badManifest, "pack \"\(path)\": the key \(error)")
        }
        self.folder = folder
        self.manifest = manifest
        fingerprint = try Self.fingerprint(of: manifest)
    }

    private static func fingerprint(of manifest: PackManifest) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return SHA256.digest(try encoder.encode(manifest.essence)).hex
    }

    /// The generator `G`.
    ///
    /// - Throws: `PackError`, `.weightsMismatch`.
    public func generator() throws -> StyleGAN2Generator {
        let network = manifest.generator
        return try reading("generator") {
            try StyleGAN2Generator(network.config, try weights(network.weights))
        }
    }

    /// The content encoder `f_C`.
    ///
    /// - Throws: `PackError`, `.missingNetwork` or `.weightsMismatch`.
    public func encoder() throws -> PSPEncoder {
        guard let network = manifest.encoder else { throw missing("content encoder", "encoder") }
        return try reading("encoder") {
            let weights = try weights(network.weights)
            let average = try network.latentAverage.map {
                try Weights(open(network.weights)).float(
                    $0,
                    [network.config.styleCount, network.config.styleDim]
                )
            }
            return try PSPEncoder(network.config, weights, latentAverage: average)
        }
    }

    /// CLIP.
    ///
    /// - Parameter half: The only half that is read and may be used; nil for both.
    /// - Returns: The network.
    /// - Throws: `PackError`, `.missingNetwork` or `.weightsMismatch`.
    public func clip(only half: CLIPModel.Half? = nil) throws -> CLIPModel {
        guard let network = manifest.clip else { throw missing("CLIP", "clip") }
        return try reading("clip") {
            try CLIPModel(network.config, try weights(network.weights), only: half)
        }
    }

    /// CLIP's tokenizer, with the pack's own vocabulary or that of the released models.
    ///
    /// - Throws: `PackError`, `.missingNetwork` or `.badManifest`.
    public func tokenizer() throws -> CLIPTokenizer {
        guard let network = manifest.clip else { throw missing("CLIP", "clip") }
        guard network.readsText else { throw missing("vocabulary for its CLIP", "clip.merges") }
        do {
            return try network.tokenizer(in: folder)
        } catch {
            throw PackError(.badManifest, "pack \"\(manifest.name)\": \(error)")
        }
    }

    /// The dynamics encoder `f_D`.
    ///
    /// - Throws: `PackError`, `.missingNetwork` or `.weightsMismatch`.
    public func dynamicsEncoder() throws -> DynamicsEncoder {
        let network = try dynamics()
        return try reading("dynamics") {
            try DynamicsEncoder(network.config, try weights(network.weights))
        }
    }

    /// The latent ODE `phi`.
    ///
    /// - Throws: `PackError`, `.missingNetwork` or `.weightsMismatch`.
    public func latentODE() throws -> LatentODE {
        let network = try dynamics()
        return try reading("dynamics") {
            try LatentODE(network.config, try weights(network.weights))
        }
    }

    /// The conditional model `f_G`.
    ///
    /// - Throws: `PackError`, `.missingNetwork` or `.weightsMismatch`.
    public func conditionalModel() throws -> ConditionalModel {
        let network = try dynamics()
        return try reading("dynamics") {
            try ConditionalModel(network.modulation, try weights(network.weights))
        }
    }

    /// The DINO transformer of the training losses.
    ///
    /// - Throws: `PackError`, `.missingNetwork` or `.weightsMismatch`.
    public func dino() throws -> DINOModel {
        guard let network = manifest.dino else { throw missing("DINO", "dino") }
        return try reading("dino") {
            try DINOModel(network.config, try weights(network.weights))
        }
    }

    private func dynamics() throws -> PackManifest.DynamicsNetwork {
        guard let network = manifest.dynamics else {
            throw missing("dynamics networks", "dynamics")
        }
        return network
    }

    private func missing(_ network: String, _ key: String) -> PackError {
        PackError(
            .missingNetwork,
            "pack \"\(manifest.name)\" has no \(network) (key \(key)); use a pack that has"
        )
    }

    /// The tensors of a file of the pack, as training reads them.
    ///
    /// - Throws: `PackError`.
    package func weights(_ file: PackManifest.WeightFile) throws -> Weights {
        Weights(try open(file), prefix: file.prefix)
    }

    /// A file of weights whose hash was compared.
    private func open(_ file: PackManifest.WeightFile) throws -> SafetensorsFile {
        try files.open(folder + "/" + file.path, sha256: file.sha256)
    }

    private func reading<Network>(_ key: String, _ body: () throws -> Network) throws -> Network {
        do {
            return try body()
        } catch let error as WeightError {
            throw PackError(.weightsMismatch, "pack \"\(manifest.name)\", \(key): \(error)")
        } catch let error as SafetensorsError {
            throw PackError(.weightsMismatch, "pack \"\(manifest.name)\", \(key): \(error)")
        } catch let error as ConfigError {
            throw PackError(.badManifest, "pack \"\(manifest.name)\", \(key).config.\(error)")
        }
    }
}

extension PackManifest.CLIPNetwork {
    /// The tokenizer, with a vocabulary of its own or that of the released models.
    ///
    /// - Parameter folder: Where its files are.
    /// - Returns: The tokenizer.
    /// - Throws: `TokenizerError`.
    func tokenizer(in folder: String) throws -> CLIPTokenizer {
        guard let merges = (merges.map { folder + "/" + $0.path }) else {
            return try CLIPTokenizer(merges: CLIPVocabulary.merges(), place: "inside vsdb")
        }
        guard let vocabulary else { return try CLIPTokenizer(merges: merges) }
        return try CLIPTokenizer(vocabulary: folder + "/" + vocabulary.path, merges: merges)
    }
}

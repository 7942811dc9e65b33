internal import Foundation
internal import Hashing
public import Models
internal import Tensors

/// A folder of networks that judge what packs make and were trained apart from them.
///
/// `joints.safetensors` is a `JointProbe`; `judge.json` describes a CLIP as `pack.json` does, under the key `clip`.
/// Either may be missing.
public struct JudgeFolder: Sendable {
    /// The name of the description of CLIP.
    public static let manifestName = "judge.json"
    /// The name of the joint probe's weights.
    public static let jointsName = "joints.safetensors"

    /// The folder.
    public let folder: String
    private let manifest: Manifest?
    private let files = WeightFiles()

    private struct Manifest: Codable {
        let clip: PackManifest.CLIPNetwork
    }

    /// A CLIP with its tokenizer and the SHA-256 of its weights.
    public struct JudgeCLIP: Sendable {
        /// Both halves.
        public let model: CLIPModel
        /// How it reads texts.
        public let tokenizer: CLIPTokenizer
        /// What it is.
        public let sha256: String
    }

    /// Looks at a folder; no weights are read.
    ///
    /// - Throws: `PackError`: `.notFound` if it holds no judge, `.badManifest`.
    public init(folder: String) throws {
        self.folder = folder
        let path = folder + "/" + Self.manifestName
        manifest = try FileManager.default.contents(atPath: path).map { data in
            try StrictJSON.decode(Manifest.self, from: data, source: "judges \"\(path)\"")
        }
        guard manifest != nil || hasJoints else {
            throw PackError(
                .notFound,
                "judges \"\(folder)\": neither \(Self.jointsName) nor \(Self.manifestName) is in it"
            )
        }
    }

    private var hasJoints: Bool {
        FileManager.default.fileExists(atPath: folder + "/" + Self.jointsName)
    }

    /// The probe of joints and the SHA-256 of its file; nil if the folder has none.
    ///
    /// - Throws: `PackError`, `.weightsMismatch`.
    public func jointProbe() throws -> (probe: JointProbe, sha256: String)? {
        guard hasJoints else { return nil }
        let path = folder + "/" + Self.jointsName
        return try reading {
            let sha256 = try SHA256.digest(fileAt: path).hex
            let file = try files.open(path, sha256: sha256)
            return (try JointProbe(Weights(file)), sha256)
        }
    }

    /// CLIP; nil if the folder has none.
    ///
    /// - Throws: `PackError`, `.weightsMismatch` or `.badManifest`.
    public func clip() throws -> JudgeCLIP? {
        guard let network = manifest?.clip else { return nil }
        guard network.readsText else {
            throw PackError(
                .badManifest,
                "judges \"\(folder)\": the key clip.merges is missing; a judge has to read texts"
            )
        }
        return try reading {
            let file = try files.open(
                folder + "/" + network.weights.path,
                sha256: network.weights.sha256
            )
            return JudgeCLIP(
                model: try CLIPModel(
                    network.config,
                    Weights(file, prefix: network.weights.prefix)
                ),
                tokenizer: try network.tokenizer(in: folder),
                sha256: network.weights.sha256
            )
        }
    }

    private func reading<Network>(_ body: () throws -> Network) throws -> Network {
        do {
            return try body()
        } catch let error as PackError {
            throw error
        } catch let error as WeightError {
            throw PackError(.weightsMismatch, "judges \"\(folder)\": \(error)")
        } catch let error as SafetensorsError {
            throw PackError(.weightsMismatch, "judges \"\(folder)\": \(error)")
        } catch {
            throw PackError(.badManifest, "judges \"\(folder)\": \(error)")
        }
    }
}

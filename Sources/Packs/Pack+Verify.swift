internal import Foundation
internal import Hashing
internal import Models
internal import Tensors

extension Pack {
    /// Compares every file with the hash in the manifest and builds every network once.
    ///
    /// - Returns: What the pack can do.
    /// - Throws: `PackError` for the first thing that is wrong.
    public func verify() throws -> Abilities {
        // Files of weights are hashed when their networks are read.
        for file in [manifest.clip?.vocabulary, manifest.clip?.merges].compactMap({ $0 }) {
            let path = folder + "/" + file.path
            guard let found = try? SHA256.digest(fileAt: path).hex else {
                throw PackError(
                    .weightsMismatch,
                    "pack file \"\(path)\" cannot be read; add the pack again"
                )
            }
            guard found == file.sha256.lowercased() else {
                throw PackError(
                    .weightsMismatch,
                    "pack file \"\(path)\": its SHA-256 is \(found), \(Self.manifestName) says "
                        + "\(file.sha256); copy or add the pack again"
                )
            }
        }
        _ = try generator()
        if manifest.encoder != nil { _ = try encoder() }
        if manifest.clip != nil {
            _ = try clip()
            if manifest.clip?.readsText == true { _ = try tokenizer() }
        }
        if manifest.dynamics != nil {
            _ = try dynamicsEncoder()
            _ = try latentODE()
            _ = try conditionalModel()
        }
        if manifest.dino != nil { _ = try dino() }
        return abilities
    }

    /// Compares the size of every file of weights with what its own header says, without reading the numbers.
    ///
    /// - Throws: `SafetensorsError` for the first file that was cut short, or is longer.
    public func checkSizes() throws {
        for file in manifest.files where file.key.hasSuffix(".weights") {
            _ = try SafetensorsFile(path: folder + "/" + file.path)
        }
    }

    /// The names of the files that are missing from a folder, or are not those of this pack's manifest.
    ///
    /// - Parameter folder: A folder that should hold the pack's files; this pack's own if not given.
    /// - Returns: Names, sorted; empty if all are whole.
    public func damagedFiles(in folder: String? = nil) -> [String] {
        let folder = folder ?? self.folder
        let damaged = manifest.files.filter { file in
            let found = try? SHA256.digest(fileAt: folder + "/" + file.path).hex
            return found != file.sha256.lowercased()
        }
        return Set(damaged.map(\.path)).sorted()
    }

    /// What can be done with a pack.
    public struct Abilities: Codable, Sendable, Hashable {
        /// Whether content can be drawn from the generator's mapping network.
        public let samples: Bool
        /// Whether clips and images can be ingested.
        public let ingests: Bool
        /// Whether motions can be encoded and rendered.
        public let moves: Bool
        /// Whether text can change the look.
        public let edits: Bool
    }

    /// What can be done with the networks that it has.
    public var abilities: Abilities {
        Abilities(
            samples: manifest.generator.config.mappingLayers > 0,
            ingests: manifest.encoder != nil,
            moves: manifest.dynamics != nil,
            edits: manifest.clip?.readsText == true && manifest.dynamics != nil
        )
    }

    /// The files of the pack, the manifest first.
    public var fileNames: [String] {
        [Self.manifestName] + Set(manifest.files.map(\.path)).sorted()
    }
}

internal import Foundation
internal import Glibc
internal import Hashing
internal import Tensors

extension PackPlan {
    /// The name of the mean code in the encoder's file.
    static let latentAverageName = "latent_avg"

    /// Writes the pack as a new folder, which appears complete or not at all.
    ///
    /// Tensors are copied one by one in their own element types.
    ///
    /// - Parameters:
    ///   - folder: The folder, which must not be there; its parent must.
    ///   - step: Is told each tensor's name before it is written; throwing stops and leaves nothing.
    /// - Returns: The pack.
    /// - Throws: `PackError`: `.alreadyExists`, `.cannotWrite`, `.weightsMismatch` for NaN or infinity.
    public func write(to folder: String, step: (String) throws -> Void = { _ in }) throws -> Pack {
        let url = URL(fileURLWithPath: folder).standardizedFileURL
        let parent = url.deletingLastPathComponent().path
        try Self.requirePlace(folder)
        let draft = "\(parent)/.\(url.lastPathComponent).creating-\(UUID().uuidString.prefix(8))"
        do {
            try FileManager.default.createDirectory(
                atPath: draft,
                withIntermediateDirectories: false
            )
            try fill(draft, step: step)
            _ = try Pack(folder: draft)
            try synchroniseFolder(draft)
            guard rename(draft, url.path) == 0 else {
                throw PackError(
                    .alreadyExists,
                    "\"\(folder)\" cannot be made: \(String(cString: strerror(errno)))"
                )
            }
            try synchroniseFolder(parent)
        } catch {
            // The draft is hidden and of no use; what stopped the work is the one to report.
            try? FileManager.default.removeItem(atPath: draft)
            throw Self.named(error, folder)
        }
        return try Pack(folder: url.path)
    }

    /// An error of the disk with the place and the cause, which Foundation's own words leave out.
    private static func named(_ error: any Error, _ folder: String) -> any Error {
        guard let error = error as? CocoaError else { return error }
        let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError
        let reason =
            cause?.domain == NSPOSIXErrorDomain
            ? String(cString: strerror(Int32(truncatingIfNeeded: cause?.code ?? 0))).lowercased()
            : error.localizedDescription
        let isFull = error.code == .fileWriteOutOfSpace
        return PackError(
            .cannotWrite,
            "pack \"\(folder)\": writing it failed: \(reason)\(isFull ? "; free some space" : "")"
        )
    }

    /// Refuses a place where no new folder can be made.
    ///
    /// - Parameter folder: The folder to be.
    /// - Throws: `PackError`: `.alreadyExists` if something is there, `.notFound` if the folder above it does
    ///   not exist or cannot be written.
    public static func requirePlace(_ folder: String) throws {
        let url = URL(fileURLWithPath: folder).standardizedFileURL
        let parent = url.deletingLastPathComponent().path
        guard !FileManager.default.fileExists(atPath: url.path) else {
            throw PackError(
                .alreadyExists,
                "\"\(folder)\" exists already; choose another place or remove it"
            )
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: parent, isDirectory: &isFolder),
            isFolder.boolValue
        else {
            throw PackError(
                .notFound,
                "\"\(folder)\": the folder \"\(parent)\" does not exist; make it first"
            )
        }
        guard access(parent, W_OK | X_OK) == 0 else {
            throw PackError(
                .notFound,
                "\"\(folder)\": the folder \"\(parent)\" cannot be written; choose another place"
            )
        }
    }

    /// Writes weights, vocabulary and last the document that names their hashes.
    private func fill(_ draft: String, step: (String) throws -> Void) throws {
        var manifest = manifest
        for part in parts {
            let hash = try SafetensorsWriter.write(
                entries(part),
                to: "\(draft)/\(Self.fileName(part.network.kind))",
                step: step
            )
            manifest.setHash(hash, of: part.network.kind)
        }
        if let vocabulary {
            try vocabulary.write(to: draft)
            manifest.clip?.merges?.sha256 = SHA256.digest(vocabulary.merges).hex
            if let symbols = vocabulary.symbols {
                manifest.clip?.vocabulary?.sha256 = SHA256.digest(symbols).hex
            }
            for name in [VocabularyFiles.mergesName, VocabularyFiles.symbolsName] {
                try synchronise(draft + "/" + name)
            }
        }
        let document = draft + "/" + Pack.manifestName
        try (JSONEncoder.forDocuments.encode(manifest) + Data("\n".utf8))
            .write(to: URL(fileURLWithPath: document))
        try synchronise(document)
    }

    /// Waits until a file is on the disk, if there is one.
    private func synchronise(_ path: String) throws {
        guard let file = FileHandle(forUpdatingAtPath: path) else { return }
        try file.synchronize()
        try file.close()
    }

    /// The tensors of a network under their new names.
    private func entries(_ part: Part) -> [SafetensorsWriter.Entry] {
        let archive = part.recognition.file.tensors
        let network = part.network
        let prefix = network.kind == .encoder ? "encoder." : ""
        var entries: [SafetensorsWriter.Entry] = part.needs.compactMap { need in
            guard let source = network.name(of: need, in: archive) else { return nil }
            return .init(name: prefix + need.name, source: source, archive: archive)
        }
        if let average = network.latentAverage {
            entries.append(
                .init(name: Self.latentAverageName, source: average, archive: archive)
            )
        }
        return entries
    }
}

extension PackManifest {
    /// Fills in the hash of a network's file.
    fileprivate mutating func setHash(_ hash: String, of kind: NetworkKind) {
        switch kind {
        case .generator: generator.weights.sha256 = hash
        case .encoder: encoder?.weights.sha256 = hash
        case .clip: clip?.weights.sha256 = hash
        case .dynamics: dynamics?.weights.sha256 = hash
        case .dino: dino?.weights.sha256 = hash
        }
    }
}

internal import Foundation
internal import Packs
public import Store

/// What became of a pack that was to go into a library.
public struct InstalledPack: Sendable {
    /// The pack of the library.
    public let record: PackRecord
    /// Whether the library had no pack with this fingerprint before.
    public let isNew: Bool
    /// The files that were damaged or missing in the library and are whole now.
    public let repaired: [String]
}

extension Session {
    /// Verifies a pack, copies it into the library and registers it.
    ///
    /// The copy appears complete or not at all. The first pack of a library becomes its default. If the library
    /// has the same pack, files of it that are damaged or missing are replaced. A whole copy that was interrupted
    /// before it was registered is used.
    ///
    /// - Parameters:
    ///   - folder: A folder with `pack.json` and its files.
    ///   - name: What to call it in this library; the manifest's name if nil.
    ///   - makesDefault: Whether it becomes the default even if there is one.
    /// - Returns: The registered pack; if the library has the same pack already, that one.
    /// - Throws: `PackError`, `StoreError`, or an error of Foundation if it cannot be copied.
    @discardableResult
    public func addPack(
        from folder: String,
        name: String? = nil,
        makesDefault: Bool = false
    ) throws -> InstalledPack {
        try add(try Pack(folder: folder), name: name, makesDefault: makesDefault)
    }

    /// As `addPack`, of a pack whose manifest is read already.
    func add(_ pack: Pack, name: String?, makesDefault: Bool = false) throws -> InstalledPack {
        _ = try pack.verify()
        let name = name ?? pack.manifest.name
        if let known = try library.packs().first(where: { $0.fingerprint == pack.fingerprint }) {
            if makesDefault { try library.setDefaultPack(named: known.name) }
            return InstalledPack(
                record: known,
                isNew: false,
                repaired: try repair(known, from: pack)
            )
        }
        guard !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else {
            throw RequestError("pack name \"\(name)\" cannot be a folder's name; pass --name")
        }
        let target = library.packsDirectory + "/" + name
        let isThere = FileManager.default.fileExists(atPath: target)
        if isThere {
            guard try isLeftover(target, of: pack) else {
                throw RequestError(
                    "library \"\(library.path)\" has another pack named \"\(name)\"; pass --name"
                )
            }
            try syncFolder(library.packsDirectory)
        } else {
            try copy(pack, to: target)
        }
        let manifest = try String(
            contentsOfFile: target + "/" + Pack.manifestName,
            encoding: .utf8
        )
        let record = PackRecord(
            name: name,
            fingerprint: pack.fingerprint,
            folder: name,
            manifestJSON: manifest,
            added: Date()
        )
        let isFirst = try library.packs().isEmpty
        do {
            try library.registerPack(record)
        } catch {
            // What was there is not ours, nor is a copy that another process registered meanwhile; a copy that stays is
            // used by the next try. The error that is thrown is the first one.
            if !isThere, (try? isNamed(target)) == false {
                try? FileManager.default.removeItem(atPath: target)
            }
            throw error
        }
        if isFirst || makesDefault { try library.setDefaultPack(named: name) }
        return InstalledPack(record: record, isNew: true, repaired: [])
    }

    /// Whether a folder is a whole copy of a pack that no row names, as a process leaves it that is killed
    /// between the two.
    private func isLeftover(_ target: String, of pack: Pack) throws -> Bool {
        // A folder that is no pack is no leftover.
        try !isNamed(target) && (try? Pack(folder: target))?.fingerprint == pack.fingerprint
            && pack.damagedFiles(in: target).isEmpty
    }

    /// Whether the library says of a folder that it is a pack's.
    private func isNamed(_ target: String) throws -> Bool {
        try library.packs().contains { folder(of: $0) == target }
    }

    private func copy(_ pack: Pack, to target: String) throws {
        let draft = library.packsDirectory + "/.adding-\(UUID().uuidString.prefix(8))"
        let files = FileManager.default
        do {
            try files.createDirectory(atPath: draft, withIntermediateDirectories: false)
            for name in pack.fileNames {
                try files.copyItem(atPath: pack.folder + "/" + name, toPath: draft + "/" + name)
            }
            // The row that names them will survive a power cut: so must the files.
            try syncTree(draft)
            try files.moveItem(atPath: draft, toPath: target)
            try syncFolder(library.packsDirectory)
        } catch {
            // One that resists is collected with the library's leftovers.
            try? files.removeItem(atPath: draft)
            throw error
        }
    }
}

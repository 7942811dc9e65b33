internal import Foundation
public import Packs
public import Store

extension Session {
    /// Refuses a name that a pack of the library has already.
    ///
    /// - Throws: `PackError`, `.alreadyExists`; `StoreError`.
    public func requireFreePackName(_ name: String) throws {
        let isTaken =
            try library.packs().contains { $0.name == name }
            || FileManager.default.fileExists(atPath: library.packsDirectory + "/" + name)
        guard !isTaken else {
            throw PackError(
                .alreadyExists,
                "library \"\(library.path)\" has a pack named \"\(name)\" already; choose another name"
            )
        }
    }

    /// Writes a planned pack into the library and registers it.
    ///
    /// The pack appears complete or not at all. The first pack of a library becomes its default.
    ///
    /// - Parameters:
    ///   - plan: The pack to be.
    ///   - makesDefault: Whether it becomes the default even if there is one.
    ///   - step: Is told each tensor's name before it is written; throwing stops and leaves nothing.
    /// - Returns: The registered pack; if the library has the same pack under another name, that one.
    /// - Throws: `PackError`, `StoreError`, or an error of Foundation if it cannot be written.
    @discardableResult
    public func createPack(
        _ plan: PackPlan,
        makesDefault: Bool = false,
        step: (String) throws -> Void = { _ in }
    ) throws -> (record: PackRecord, isNew: Bool) {
        try requireFreePackName(plan.name)
        let folder = library.packsDirectory + "/" + plan.name
        let pack = try plan.write(to: folder, step: step)
        do {
            let known = try library.packs().first { $0.fingerprint == pack.fingerprint }
            if known != nil { try FileManager.default.removeItem(atPath: folder) }
            let record = try known ?? register(pack)
            if makesDefault { try library.setDefaultPack(named: record.name) }
            return (record, known == nil)
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    /// Adds the row of a pack whose folder is in its place.
    private func register(_ pack: Pack) throws -> PackRecord {
        let document = try String(
            contentsOfFile: pack.folder + "/" + Pack.manifestName,
            encoding: .utf8
        )
        let record = PackRecord(
            name: pack.manifest.name,
            fingerprint: pack.fingerprint,
            folder: pack.manifest.name,
            manifestJSON: document,
            added: Date()
        )
        let isFirst = try library.packs().isEmpty
        try library.registerPack(record)
        if isFirst { try library.setDefaultPack(named: record.name) }
        return record
    }
}

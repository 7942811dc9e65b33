internal import Foundation
public import Packs
internal import Store

extension Session {
    /// Writes a planned pack into the library and registers it.
    ///
    /// The pack appears complete or not at all. The first pack of a library becomes its default. If the library
    /// has the same pack, under whatever name, files of it that are damaged or missing are replaced.
    ///
    /// - Parameters:
    ///   - plan: The pack to be.
    ///   - makesDefault: Whether it becomes the default even if there is one.
    ///   - step: Is told each tensor's name before it is written; throwing stops and leaves nothing.
    /// - Returns: The registered pack; if the library has the same pack already, that one.
    /// - Throws: `PackError`, `.alreadyExists` if another pack has the name; `StoreError`; an error of
    ///   Foundation if it cannot be written.
    @discardableResult
    public func createPack(
        _ plan: PackPlan,
        makesDefault: Bool = false,
        step: (String) throws -> Void = { _ in }
    ) throws -> InstalledPack {
        let folder = library.packsDirectory + "/" + plan.name
        let isTaken = try requireRoom(for: plan, at: folder)
        // Whether it is the pack of that name shows only when its weights are hashed.
        let place =
            isTaken ? library.packsDirectory + "/.made-\(UUID().uuidString.prefix(8))" : folder
        let pack = try plan.write(to: place, step: step)
        do {
            if let known = try library.packs().first(where: { $0.fingerprint == pack.fingerprint })
            {
                let repaired = try repair(known, from: pack)
                try FileManager.default.removeItem(atPath: place)
                if makesDefault { try library.setDefaultPack(named: known.name) }
                return InstalledPack(record: known, isNew: false, repaired: repaired)
            }
            guard !isTaken else { throw taken(plan.name) }
            let record = try register(pack)
            if makesDefault { try library.setDefaultPack(named: record.name) }
            return InstalledPack(record: record, isNew: true, repaired: [])
        } catch {
            try? FileManager.default.removeItem(atPath: place)
            throw error
        }
    }

    /// Refuses a name that another pack has, as far as that can be told before any weight is read.
    ///
    /// - Returns: Whether the name belongs to a pack that the plan may be equal to.
    private func requireRoom(for plan: PackPlan, at folder: String) throws -> Bool {
        if let known = try library.packs().first(where: { $0.name == plan.name }) {
            guard plan.isLike(manifestJSON: known.manifestJSON) else { throw taken(plan.name) }
            return true
        }
        guard !FileManager.default.fileExists(atPath: folder) else { throw taken(plan.name) }
        return false
    }

    private func taken(_ name: String) -> PackError {
        PackError(
            .alreadyExists,
            "library \"\(library.path)\" has another pack named \"\(name)\" already; choose another "
                + "name"
        )
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

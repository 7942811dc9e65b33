import Foundation
import GRDB
import Glibc

/// One check under way.
struct LibraryChecker {
    let path: String
    let readsData: Bool
    var result = LibraryCheck()
    /// Whether changes of the catalogue are lost: then what has no row is to be repaired, not collected.
    var hasLoss = false
    /// Whether its parts are of different libraries: then no row is missing.
    var hasStranger = false
    /// Clips that have tensors and no row.
    var rowless: Rowless?
    /// What is wrong with records, by the number of the asset: unless it was removed meanwhile.
    var suspects: [(asset: Int64, problem: LibraryProblem)] = []

    init(path: String, readsData: Bool) {
        self.path = path
        self.readsData = readsData
    }

    var tensorsFolder: String { path + "/" + Library.tensorsName }
    var tensorsPath: String { tensorsFolder + "/data.mdb" }

    mutating func run(
        _ waitSeconds: Double,
        isFrozen: Bool,
        _ claim: LibraryLock.Claim
    ) throws -> LibraryCheck {
        let manifestPath = path + "/" + Library.manifestName
        var manifest: LibraryManifest?
        do throws(StoreError) { manifest = try LibraryManifest(path: manifestPath) } catch {
            try add(.manifest, error)
        }
        let use =
            fileExists(manifestPath)
            ? try LibraryLock(manifestPath, claim, waitSeconds: waitSeconds, "check it") : nil
        defer { withExtendedLifetime(use) {} }
        noteSurroundings()
        var catalog: Catalog?
        do {
            catalog = try Catalog(
                path: path + "/" + Library.catalogName,
                waitSeconds: waitSeconds,
                isFrozen: isFrozen
            )
        } catch { try add(.catalog, StoreError(error, "check it", path)) }
        var tensors: TensorStore?
        do { tensors = try TensorStore(folder: tensorsFolder, isFrozen: isFrozen) } catch {
            try add(.tensors, StoreError(error, "check it", path))
        }
        if let catalog {
            do {
                if let loss = try catalog.loss() {
                    hasLoss = true
                    report(.catalog, loss.description(path))
                }
                try catalog.read { db in
                    try check(db, uuid: manifest?.uuid)
                    try check(tensors, db, uuid: manifest?.uuid)
                }
                try catalog.read { db in
                    for (asset, problem) in suspects where try AssetRow.isThere(asset, db) {
                        result.problems.append(problem)
                    }
                }
                if let tensors {
                    try rowless?.confirmLost(catalog, tensors)
                    if let fault = rowless?.fault(path) { report(.catalog, fault) }
                }
                result.isCounted = true
            } catch { try add(.catalog, StoreError(error, "check it", path)) }
        } else {
            try check(tensors, nil, uuid: manifest?.uuid)
        }
        return result
    }

    /// Keeps what is damage; anything else, such as a lock or a newer format, ends the check.
    mutating func add(_ place: LibraryProblem.Place, _ error: StoreError) throws(StoreError) {
        switch error.kind {
        case .damaged, .stranger, .noLibrary, .failed:
            result.problems.append(LibraryProblem(place, error.description))
        default: throw error
        }
    }

    private mutating func noteSurroundings() {
        let mark = CommitMark(ofCatalog: path + "/" + Library.catalogName)
        if let fault = mark.fault, !cannotWrite(path) { result.notes.append(fault) }
        if let system = NetworkFileSystem.name(at: path) {
            result.notes.append(
                "\"\(path)\" lies on a network file system (\(system)): use the library from one "
                    + "machine at a time, or keep it on a local disk"
            )
        }
    }
}

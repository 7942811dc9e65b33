public import Foundation
import GRDB
import Synchronization

/// A folder with clips, their tensors, packs and recipes.
///
/// Safe to share between threads, and with other processes: SQLite and LMDB lock what they must,
/// and the kernel frees the locks of a process that dies. Every call is one transaction.
/// Design: a row is never visible before its tensor is on the disk (see `commit`).
public final class Library: Sendable {
    static let manifestName = "library.json"
    static let catalogName = "catalog.sqlite"
    static let tensorsName = "tensors.lmdb"

    /// The folder of the library.
    public let path: String
    /// What tells this library from all others.
    public let uuid: String
    /// When it was made.
    public let created: Date
    /// What a person should know before anything else is done: that changes of the catalogue are lost.
    public let warning: String?
    let catalog: Catalog
    let tensors: TensorStore
    /// Keeps away whoever replaces whole files, as long as the library is open.
    private let use: LibraryLock
    /// The notes of clips that this process added and that have their rows, to be taken back with the next write.
    let added = Mutex<[ClipID: String]>([:])
    /// Whether notes of processes that died were taken back.
    let hasSettled = Atomic(false)
    /// How long to wait for other processes.
    package let waitSeconds: Double

    /// The folder for the files of packs: `packs/NAME` each.
    public var packsDirectory: String { path + "/packs" }
    /// The folder for search segments, which are derived data.
    public var indexDirectory: String { path + "/index" }
    /// The folder for cached renders.
    public var rendersDirectory: String { path + "/renders" }

    private init(
        path: String,
        waitSeconds: Double,
        isFrozen: Bool,
        claim: LibraryLock.Claim
    ) throws {
        self.path = path
        self.waitSeconds = waitSeconds
        use = try LibraryLock(
            path + "/" + Self.manifestName,
            claim,
            waitSeconds: waitSeconds,
            "open it"
        )
        let manifest = try LibraryManifest(path: path + "/" + Self.manifestName)
        uuid = manifest.uuid
        created = try Store.date(manifest.created)
        catalog = try Catalog(
            path: path + "/" + Self.catalogName,
            waitSeconds: waitSeconds,
            isFrozen: isFrozen
        )
        tensors = try TensorStore(
            folder: path + "/" + Self.tensorsName,
            isFrozen: isFrozen,
            waitSeconds: waitSeconds
        )
        try Self.refuseStrangers(path, manifest.uuid, catalog, tensors)
        let loss = try catalog.loss()
        if loss != nil, !isFrozen {
            do {
                // Never the second without the first.
                try Self.settleNotes(catalog, tensors)
                try catalog.write { _ in }
            } catch {
                // Where nothing can be written now, the next write does both, and throws what is in its way.
            }
        }
        warning = loss?.description(path)
    }

    deinit {
        let notes = added.withLock { $0 }
        // What cannot be taken back is, by the next collection: with a row a note means nothing.
        try? tensors.takeBack(notes)
    }

    /// Opens a library; where this process may not write, or nobody can as the disk is full, it can be read.
    ///
    /// - Parameters:
    ///   - path: Its folder.
    ///   - waitSeconds: How long a write waits for other processes.
    /// - Returns: The open library; it closes when the last reference goes.
    /// - Throws: `StoreError`: `.noLibrary`, `.newerFormat`, `.damaged`, `.stranger`,
    ///   `.notWritable`, `.locked` or `.noSpace`.
    public static func open(
        at path: String,
        waitSeconds: Double = 10
    ) throws(StoreError) -> Library {
        do {
            return try open(
                at: path,
                waitSeconds: waitSeconds,
                isFrozen: unwritablePart(ofLibrary: path) != nil
            )
        } catch {
            // Without room for the files that SQLite and LMDB make beside theirs, it is read alone.
            guard error.kind == .noSpace,
                let library = try? Library(
                    path: absolute(path),
                    waitSeconds: waitSeconds,
                    isFrozen: true,
                    claim: .alone
                )
            else { throw error }
            return library
        }
    }

    /// Opens a library as on a read-only disk, or not.
    package static func open(
        at path: String,
        waitSeconds: Double,
        isFrozen: Bool
    ) throws(StoreError) -> Library {
        guard fileExists(path + "/" + manifestName) else { throw missingManifest(at: path) }
        do {
            return try Library(
                path: absolute(path),
                waitSeconds: waitSeconds,
                isFrozen: isFrozen,
                claim: .shared
            )
        } catch {
            throw StoreError(error, "open it", path)
        }
    }

    /// Makes an empty library; the folder appears complete or not at all.
    ///
    /// - Parameter path: A folder that is empty or does not exist; its parent exists. An empty one stays the
    ///   folder that it is, with its mode, and may be the working directory or where a disk is mounted.
    /// - Returns: The open library.
    /// - Throws: `StoreError`: `.alreadyExists`, `.invalidValue` inside of another library, `.notWritable`,
    ///   `.noSpace` or `.failed`.
    public static func create(at path: String) throws(StoreError) -> Library {
        let path = absolute(path)
        if fileExists(path + "/" + manifestName) {
            throw StoreError(.alreadyExists, "library \"\(path)\": it exists already; use it")
        }
        do {
            try refuseInside(path)
            let fresh = try FreshFolder(
                path,
                taken: "library \"\(path)\": something else is there; choose an empty folder"
            )
            defer { fresh.discard() }
            try fresh.begin()
            try fill(fresh.draft)
            try fresh.finish()
        } catch {
            throw StoreError(error, "make it", path)
        }
        return try open(at: path)
    }

    /// A library in another would be copied, moved and deleted with it, and backups would lack it.
    private static func refuseInside(_ path: String) throws(StoreError) {
        var parent = (path as NSString).deletingLastPathComponent
        parent = URL(fileURLWithPath: parent).resolvingSymlinksInPath().path
        while parent.count > 1 {
            guard !isLibrary(parent) else {
                throw StoreError(
                    .invalidValue,
                    "library \"\(path)\": lies inside of the library \"\(parent)\"; choose a place outside"
                )
            }
            parent = (parent as NSString).deletingLastPathComponent
        }
    }

    private static func fill(_ draft: String) throws {
        let created = Date()
        let manifest = LibraryManifest(created: created)
        for name in ["packs", "index", "renders"] { try makeFolder(draft + "/" + name) }
        try TensorStore.create(folder: draft + "/" + tensorsName, uuid: manifest.uuid)
        try Catalog.create(
            path: draft + "/" + catalogName,
            uuid: manifest.uuid,
            created: created
        )
        try writeDurably(manifest.encoded(), to: draft + "/" + manifestName)
        try syncFolder(draft)
    }

    /// Refuses files of different libraries that were copied together.
    static func refuseStrangers(
        _ path: String,
        _ uuid: String,
        _ catalog: Catalog,
        _ tensors: TensorStore
    ) throws {
        let inCatalog = try catalog.read { db in
            try String.fetchOne(db, sql: "SELECT value FROM library WHERE name = 'uuid'")
        }
        let inTensors = try tensors.read { try $0.property("uuid") }
        for (name, found) in [(catalogName, inCatalog), (tensorsName, inTensors)]
        where found != uuid {
            throw StoreError(
                .stranger,
                "library \"\(path)\": \(name) belongs to library \(found ?? "unknown") and "
                    + "\(manifestName) to \(uuid); put files of one library together"
            )
        }
    }

    /// Why there is no `library.json`: no library is there, or it lost it.
    static func missingManifest(at path: String) -> StoreError {
        guard isLibrary(path) else { return noLibrary(at: path) }
        return StoreError(
            .damaged,
            "library \"\(path)\": \(manifestName) is missing; write it anew with vsdb repair, or "
                + "restore it from a backup"
        )
    }

    static func noLibrary(at path: String) -> StoreError {
        if access(path + "/" + manifestName, F_OK) != 0, errno == EACCES {
            return StoreError(
                .notWritable,
                "library \"\(path)\": you may not look into that folder; give yourself the right to "
                    + "read it, or ask its owner"
            )
        }
        return StoreError(
            .noLibrary,
            "library \"\(path)\": no library is there; make one with vsdb init, or name one with "
                + "--library or VSDB_LIBRARY"
        )
    }

    static func absolute(_ path: String) -> String {
        let full = URL(fileURLWithPath: path).standardizedFileURL.path
        return full.count > 1 && full.hasSuffix("/") ? String(full.dropLast()) : full
    }
}

extension Library {
    /// Of what search indexes have to be: they know assets by numbers, which are given again once changes of the
    /// catalogue were lost, or a backup was restored.
    ///
    /// - Throws: `StoreError`.
    public func indexIdentity() throws(StoreError) -> String {
        let epoch = try reading("identify indexes") { try CommitCount.epoch($0) }
        return uuid + (epoch.map { " " + $0 } ?? "")
    }

    /// Reads from one snapshot of the catalogue, with our errors.
    func reading<Result>(
        _ doing: String,
        _ body: (Database) throws -> Result
    ) throws(StoreError) -> Result {
        do { return try catalog.read(body) } catch { throw StoreError(error, doing, path) }
    }

    /// Writes to the catalogue, all or nothing, with our errors.
    func writing<Result>(
        _ doing: String,
        _ body: (Database) throws -> Result
    ) throws(StoreError) -> Result {
        do {
            try catalog.refuseOlder()
            try settleNotes()
            return try catalog.write(body)
        } catch { throw StoreError(error, doing, path) }
    }
}

extension Library {
    /// Journal mode, synchronous and foreign keys of the writing connection, for tests.
    package func catalogSettings() throws -> [String] { try catalog.settings() }
}

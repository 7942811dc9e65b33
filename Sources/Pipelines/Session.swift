internal import Foundation
public import Logging
internal import Packs
public import Store
internal import Synchronization

/// An open library with the packs that its assets were made by.
public final class Session: Sendable {
    /// The library.
    public let library: Library
    private let loaded = Mutex<[String: LoadedPack]>([:])

    /// Is told, at debug level, what is read and how long each stage takes.
    let logger: Logger

    /// Works on a library.
    ///
    /// - Parameters:
    ///   - library: The open library.
    ///   - logger: Where details go; nowhere if not given.
    public init(
        library: Library,
        logger: Logger = Logger(label: "vsdb") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.library = library
        self.logger = logger
    }

    /// The pack of a name or the beginning of a fingerprint, or the library's default.
    ///
    /// - Parameter reference: What the user wrote; nil for the default.
    /// - Returns: The pack, networks not read yet.
    /// - Throws: `StoreError` if the library has no pack of that name, `PackError` if it has none at all or
    ///   its folder is damaged.
    public func pack(_ reference: String? = nil) throws -> LoadedPack {
        let record: PackRecord
        if let reference {
            record = try library.pack(named: reference)
        } else if let chosen = try library.defaultPack() {
            record = chosen
        } else {
            throw PackError(
                .missingNetwork,
                "library \"\(library.path)\" has no pack yet; add one with vsdb pack add DIR"
            )
        }
        if let pack = loaded.withLock({ $0[record.fingerprint] }) { return pack }
        let pack = try Pack(folder: folder(of: record))
        guard pack.fingerprint == record.fingerprint else {
            throw PackError(
                .weightsMismatch,
                "pack \"\(record.name)\": its pack.json was changed after it was added "
                    + "(fingerprint \(pack.fingerprint.prefix(12)), added as "
                    + "\(record.fingerprint.prefix(12))); add it again under another name"
            )
        }
        let fresh = LoadedPack(pack, logger: logger)
        return loaded.withLock { packs in
            if let known = packs[record.fingerprint] { return known }
            packs[record.fingerprint] = fresh
            return fresh
        }
    }

    /// Uses a pack's changed manifest from now on, and tells the catalogue of it.
    func replace(_ pack: Pack) throws {
        let path = pack.folder + "/" + Pack.manifestName
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try library.replaceManifest(text, ofPack: pack.fingerprint)
        forget(pack.fingerprint)
    }

    /// Reads a pack anew when it is asked for next.
    func forget(_ fingerprint: String) { loaded.withLock { $0[fingerprint] = nil } }

    /// The folder of a pack's files.
    public func folder(of record: PackRecord) -> String {
        record.folder.hasPrefix("/") ? record.folder : library.packsDirectory + "/" + record.name
    }
}

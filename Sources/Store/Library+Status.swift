import Foundation
import GRDB

/// What a library holds and how much room it takes.
public struct LibraryStatus: Sendable, Equatable {
    /// Its folder.
    public let path: String
    /// What tells it from all others.
    public let uuid: String
    /// The version of the folder's layout.
    public let formatVersion: Int
    /// The version of the catalogue's tables.
    public let schemaVersion: Int
    /// How many files clips were cut from.
    public let sourceCount: Int
    /// How many clips there are.
    public let clipCount: Int
    /// How many tensors clips have.
    public let assetCount: Int
    /// How many packs are registered.
    public let packCount: Int
    /// How many recipes are saved.
    public let compositionCount: Int
    /// How many collections there are.
    public let collectionCount: Int
    /// How many renders were recorded.
    public let renderCount: Int
    /// Bytes of the catalogue on the disk, its write-ahead log included.
    public let catalogByteCount: Int
    /// Bytes of the tensor file on the disk.
    public let tensorByteCount: Int
    /// Tensors that no row names; `collectGarbage` deletes them.
    public let orphans: CollectionReport
    /// Bytes free on the disk.
    public let freeByteCount: Int
}

extension Library {
    /// Counts everything, from one snapshot.
    ///
    /// - Throws: `StoreError`.
    public func status() throws(StoreError) -> LibraryStatus {
        try reading("count what it holds") { db in
            func count(_ table: String) throws -> Int {
                try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
            }
            let catalogFiles = ["", "-wal", "-shm"].map { catalog.path + $0 }
            return LibraryStatus(
                path: path,
                uuid: uuid,
                formatVersion: LibraryManifest.currentFormat,
                schemaVersion: Migrator.version,
                sourceCount: try count("sources"),
                clipCount: try count("clips"),
                assetCount: try count("assets"),
                packCount: try count("packs"),
                compositionCount: try count("compositions"),
                collectionCount: try count("collections"),
                renderCount: try count("renders"),
                catalogByteCount: catalogFiles.reduce(0) { $0 + diskByteCount($1) },
                tensorByteCount: diskByteCount(tensors.folder + "/data.mdb"),
                orphans: try Rowless(tensors, db).report(isDryRun: true),
                freeByteCount: Store.freeByteCount(path)
            )
        }
    }
}

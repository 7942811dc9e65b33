import Foundation
import GRDB
import Migrations
import Store
import Tensors

/// Libraries as they are before an operation is interrupted.
package enum StoreTemplate {
    /// Makes the library that an operation is tried on.
    ///
    /// It has the clips `StoreOperation.oldSeeds`, free pages and rowless tensors.
    ///
    /// - Throws: `StoreError` and errors of SQLite and Foundation.
    package static func make(for operation: StoreOperation, at path: String) throws {
        try makePlain(at: path)
        switch operation {
        case .migrate: try makeOld(path)
        case .repair: try damage(path)
        default: break
        }
    }

    private static func makePlain(at path: String) throws {
        struct Crash: Error {}
        let library = try Library.create(at: path)
        try library.registerPack(SyntheticClip.pack)
        _ = try library.commit(StoreOperation.oldSeeds.map { SyntheticClip.make($0) })
        let passing = (20..<28).map { SyntheticClip.make($0) }
        _ = try library.commit(passing)
        _ = try library.remove(passing.map(\.id))
        _ = try library.collectGarbage()
        _ = try? library.commit([SyntheticClip.make(30)]) {
            if $0 == .tensorsStored { throw Crash() }
        }
    }

    /// Turns the catalogue into one of the first version.
    private static func makeOld(_ path: String) throws {
        let file = path + "/" + "catalog.sqlite"
        let first = Migrations.all[0]
        let old = try DatabaseQueue(path: file + ".old")
        try old.writeWithoutTransaction { db in
            try db.execute(sql: first.sql)
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            try db.execute(sql: "ATTACH ? AS new", arguments: [file])
            let tables = try String.fetchAll(
                db,
                sql: "SELECT name FROM main.sqlite_master WHERE type = 'table'"
            )
            for table in tables {
                let names = try db.columns(in: table, in: "main").map { "\"\($0.name)\"" }
                    .joined(separator: ", ")
                try db.execute(
                    sql: "INSERT INTO main.\(table) (\(names)) SELECT \(names) FROM new.\(table)"
                )
            }
            try db.execute(
                sql: """
                    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
                    INSERT INTO grdb_migrations VALUES ('\(first.name)');
                    PRAGMA user_version = 1;
                    """
            )
            try db.execute(sql: "DETACH new")
        }
        try old.close()
        for suffix in ["-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: file + suffix)
        }
        guard rename(file + ".old", file) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// Damages both files so that each is written anew, and one clip.
    private static func damage(_ path: String) throws {
        let catalog = try DatabaseQueue(path: path + "/catalog.sqlite")
        try catalog.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            try db.execute(sql: "INSERT INTO clip_tags (clip_id, tag) VALUES (9999, 'lost')")
        }
        try catalog.close()
        let file = URL(filePath: path + "/tensors.lmdb/data.mdb")
        var bytes = try Data(contentsOf: file)
        var start = bytes.startIndex
        while let place = bytes[start...].firstRange(of: Data("uuid".utf8)) {
            bytes[place.upperBound - 1] = UInt8(ascii: "x")
            start = place.upperBound
        }
        let clip = SyntheticClip.make(StoreOperation.damagedSeed)
        start = bytes.startIndex
        while let place = bytes[start...].firstRange(of: clip.assets[0].tensor.bytes) {
            bytes[place.lowerBound + 100] ^= 1
            start = place.upperBound
        }
        try bytes.write(to: file)
    }
}

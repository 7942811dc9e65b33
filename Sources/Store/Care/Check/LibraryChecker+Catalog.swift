import Foundation
import GRDB
import Tensors

/// The catalogue: pages, keys, tables and the checksums of rows.
extension LibraryChecker {
    mutating func check(_ db: Database, uuid: String?) throws {
        let file = "\(path)/\(Library.catalogName)"
        let pragma = readsData ? "integrity_check" : "quick_check"
        for line in try String.fetchAll(db, sql: "PRAGMA \(pragma)") where line != "ok" {
            report(.catalog, "catalogue \"\(file)\": \(line)")
        }
        for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check") {
            let table: String = try row.at(0)
            let number = (try row.at(1) as Int64?).map { " \($0)" } ?? ""
            report(
                .catalog,
                "catalogue \"\(file)\": row\(number) of \(table) names a row of "
                    + "\(try row.at(2) as String) that is gone"
            )
        }
        if let fault = try SchemaCheck.fault(db) {
            // What follows reads those tables.
            throw StoreError(
                .damaged,
                "catalogue \"\(file)\": \(fault); vsdb repair writes the catalogue anew"
            )
        }
        let found = try String.fetchOne(db, sql: "SELECT value FROM library WHERE name = 'uuid'")
        if let uuid, found != uuid {
            hasStranger = true
            report(
                .catalog,
                "catalogue \"\(file)\": belongs to library \(found ?? "unknown"), not \(uuid); "
                    + "put files of one library together"
            )
        }
        let texts = "typeof(name) = 'text' ORDER BY name"
        for key in try PackRow.keys(db) {
            do throws(StoreError) {
                do { _ = try PackRow.fetch(db, key) } catch {
                    throw StoreError(error, "read a pack", path)
                }
            } catch { try add(.pack(try PackRow.name(key, db)), error) }
        }
        for name in try String.fetchAll(db, sql: "SELECT name FROM compositions WHERE \(texts)") {
            do throws(StoreError) {
                do { _ = try CompositionRow.fetch(db, where: "name = ?", arguments: [name]) } catch
                {
                    throw StoreError(error, "read composition \(name)", path)
                }
            } catch { try add(.catalog, error) }
        }
        for (time, count) in try TimeColumn.garbled(db) {
            report(
                .catalog,
                "catalogue \"\(file)\": \(count.counted("time")) in \(time) \(count == 1 ? "is" : "are") not what was "
                    + "written; vsdb repair puts the time when the library was made there"
            )
        }
        result.clipCount = try Int.fetchOne(db, sql: "SELECT count(*) FROM clips") ?? 0
        try ClipRow.forEachBroken(db) { row in
            let place = ClipID(hex: row.identity).map(LibraryProblem.Place.clip) ?? .catalog
            report(
                place,
                "clip \"\(row.name)\" (\(row.identity.prefix(12))): its row in \"\(file)\" is not what was "
                    + "written; look at its name, caption, tags and source"
            )
        }
    }

    mutating func report(_ place: LibraryProblem.Place, _ text: String) {
        result.problems.append(LibraryProblem(place, text))
    }
}

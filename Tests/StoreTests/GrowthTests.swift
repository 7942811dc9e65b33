import Foundation
import Store
import TestSupport
import Testing

/// What adding a clip costs does not depend on how many there are; `bench --growth` has the times.
@Suite struct GrowthTests {
    /// The bytes of both databases.
    private func size(of library: Library) throws -> Int {
        try ["catalog.sqlite", "catalog.sqlite-wal", "tensors.lmdb/data.mdb"].reduce(0) {
            sum,
            name in
            let facts = try FileManager.default.attributesOfItem(atPath: "\(library.path)/\(name)")
            return sum + (facts[.size] as? Int ?? 0)
        }
    }

    @Test func aClipTakesTheSameSpaceBesideTenAndBesideAThousand() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        var next = 0
        /// Adds clips of one name, each in a transaction of its own or all in few.
        func add(_ count: Int, oneByOne: Bool) throws {
            let clips = (0..<count).map { Fixture.clip(next + $0, name: "walk") }
            next += count
            for group in oneByOne ? clips.map({ [$0] }) : [clips] { _ = try library.commit(group) }
        }
        func bytesOfAClip() throws -> Int {
            let before = try size(of: library)
            try add(200, oneByOne: false)
            return (try size(of: library) - before) / 200
        }
        try add(10, oneByOne: true)
        let few = try bytesOfAClip()
        try add(1000 - next, oneByOne: false)
        let many = try bytesOfAClip()
        // Both files grow by whole pages, and the log by what waits for the next checkpoint.
        #expect(Double(many) < 1.1 * Double(few) + 4096, "\(few) bytes, then \(many)")
    }
}

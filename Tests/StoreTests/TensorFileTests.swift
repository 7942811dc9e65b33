import Foundation
import Store
import TestSupport
import Testing

/// Wrong bytes where liblmdb looks first: opening says so instead of crashing.
@Suite struct TensorFileTests {
    private static let data = "/tensors.lmdb/data.mdb"

    /// A closed library whose newer meta page is the first, and whose records fill two levels.
    private func closedLibrary(in folder: TemporaryFolder) throws -> String {
        try { _ = try Fixture.library(in: folder) }()
        let path = folder.library + Self.data
        for seed in 0..<100 {
            // Closing writes, too.
            try { _ = try Library.open(at: folder.library).commit([Fixture.clip(seed)]) }()
            let file = try Data(contentsOf: URL(fileURLWithPath: path))
            let (even, odd) = (word(file, 16 + 128), word(file, 4096 + 16 + 128))
            if even > odd, seed > 30 { break }
        }
        return path
    }

    private func word(_ file: Data, _ offset: Int) -> Int {
        (0..<8).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) }
    }

    /// Places and bytes in a meta page (`MDB_meta` behind a header of 16 bytes, mdb.c).
    private static let metaFaults: [(what: String, offset: Int, bytes: [UInt8])] = [
        ("flags", 10, [4]), ("magic", 16, [0]), ("page size", 40, [1, 0, 0, 0]),
        ("no page size", 40, [0, 0, 0, 0]),
        ("depth of free pages", 40 + 6, [99, 0]), ("root of free pages", 40 + 40, [1, 0]),
        ("depth of names", 88 + 6, [2, 0]), ("root of names", 88 + 40, [0xFF, 0xFF, 0xFF]),
        ("root beyond any file", 88 + 46, [0xFF, 0x7F]),
        ("no root", 88 + 40, [UInt8](repeating: 0xFF, count: 8)),
        ("last page", 136, [0xFF, 0xFF, 0xFF]), ("no page", 136, [0, 0, 0, 0]),
        ("last page beyond any file", 142, [0xFF, 0xFF]), ("commit", 144, [0xF0, 0xFF]),
    ]

    @Test(arguments: metaFaults)
    func aWrongMetaPageIsDamage(what: String, offset: Int, bytes: [UInt8]) throws {
        let folder = try TemporaryFolder()
        let path = try closedLibrary(in: folder)
        try overwrite(path, at: offset, with: bytes)
        let error = expectFailure(.damaged) { try Library.open(at: folder.library) }
        #expect(error?.description.contains("data.mdb") == true, "\(what)")
        #expect(error?.description.contains("backup") == true, "\(what)")
    }

    @Test func anotherVersionOfLMDBIsNewer() throws {
        let folder = try TemporaryFolder()
        let path = try closedLibrary(in: folder)
        try overwrite(path, at: 20, with: [2])
        expectFailure(.newerFormat) { try Library.open(at: folder.library) }
    }

    /// Places and bytes in the page of names (`MDB_page`, mdb.c).
    private static let rootFaults: [(what: String, offset: Int, bytes: [UInt8])] = [
        ("number", 0, [1, 1]), ("flags", 10, [1]), ("lower", 12, [0xFF, 0xFF]),
        ("upper", 14, [1, 0]), ("node", 16, [0xFF, 0xFF]),
        ("zeros", 0, [UInt8](repeating: 0, count: 4096)),
    ]

    @Test(arguments: rootFaults)
    func aRootThatIsNoTreePageIsDamage(what: String, offset: Int, bytes: [UInt8]) throws {
        let folder = try TemporaryFolder()
        let path = try closedLibrary(in: folder)
        let file = try Data(contentsOf: URL(fileURLWithPath: path))
        let root = word(file, 88 + 40) * 4096
        try overwrite(path, at: root + offset, with: bytes)
        expectFailure(.damaged) { try Library.open(at: folder.library) }
    }

    @Test func anyByteOfTheCheckedPagesOpensOrIsDamage() throws {
        let folder = try TemporaryFolder()
        let path = try closedLibrary(in: folder)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let names = word(whole, 88 + 40) * 4096
        // The fields of both meta pages, and the header and first entries of the page of names.
        let places = Array(0..<152) + Array(4096..<4096 + 152) + Array(names..<names + 20)
        for place in places {
            try overwrite(path, at: place, with: [whole[place] ^ 0x81])
            do {
                _ = try Library.open(at: folder.library)
            } catch {
                #expect([.damaged, .newerFormat].contains(error.kind), "byte \(place): \(error)")
            }
            try overwrite(path, at: place, with: [whole[place]])
        }
        #expect(try Library.check(at: folder.library).isSound)
    }

    @Test func everyCommitLeavesAFileThatPasses() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        // Copies stand for what another process finds between two commits.
        for seed in 0..<30 {
            _ = try library.commit([Fixture.clip(seed)])
            let copy = folder.path + "/copy-\(seed)"
            try FileManager.default.copyItem(atPath: folder.library, toPath: copy)
            #expect(try Library.open(at: copy).clips().count == seed + 1)
        }
    }
}

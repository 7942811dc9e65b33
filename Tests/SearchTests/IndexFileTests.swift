import Foundation
import Kernels
import Search
import SeededNumbers
import TestSupport
import Testing

/// The files: what is appended is found, readers keep what they saw, damage is told.
@Suite struct IndexFileTests {
    @Test("rows appended in parts over several segments are those of one index in memory")
    func append() throws {
        let folder = try TemporaryFolder()
        var made = RandomDescriptors(groups: 4, numbers: 32)
        let rows = made.rows(1...500)
        let identity = IndexIdentity.sample(made.layout)
        var done = 0
        for part in [1, 62, 2, 130, 0, 305] {
            let writer = try IndexWriter(folder.path, identity, segmentRows: 128)
            let added = Array(rows[done..<done + part])
            try writer.append(added, watermark: added.last?.entry.asset ?? writer.watermark)
            done += part
        }
        let index = try #require(try DescriptorIndex.open(folder.path, identity))
        #expect(index.count == 500 && index.segmentCount == 4 && index.watermark == 500)
        #expect(index.damagedRows() == [] && index.isSound)
        let memory = DescriptorIndex.ofRows(rows, made.layout)
        let query = made.query(made.next())
        #expect(
            index.nearest(query, 20).neighbours == memory.nearest(query, 20).neighbours
        )
        #expect(index.rows(of: 129) == [128] && index.rows(of: 501) == [])
        // The sketches on the disk are those of one pass: block by block the same estimates.
        for (a, b) in zip(index.segments, [0, 128, 256, 384]) {
            let expected = IndexSegment(Array(rows[b..<b + a.count]), layout: made.layout)
            let same = a.withSketch { a in expected.withSketch { b in a.elementsEqual(b) } }
            #expect(same)
        }
    }

    @Test("a reader keeps its rows while a writer appends, removes and starts anew")
    func snapshot() throws {
        let folder = try TemporaryFolder()
        var made = RandomDescriptors(groups: 2, numbers: 32)
        let identity = IndexIdentity.sample(made.layout)
        let first = made.rows(1...70)
        let writer = try IndexWriter(folder.path, identity)
        try writer.append(first, watermark: 70)
        let before = try #require(try DescriptorIndex.open(folder.path, identity))
        let query = made.query(first[3].descriptor)
        let found = before.nearest(query, 5)
        try writer.append(made.rows(71...90), watermark: 90)
        try writer.remove([3])
        let removed = try #require(try DescriptorIndex.open(folder.path, identity))
        #expect(removed.count == 89)
        #expect(!removed.nearest(query, 89).neighbours.contains { $0.row == 3 })
        #expect(removed.rows(of: 4) == [])
        try writer.restart()
        try writer.append(made.rows(1...5), watermark: 5)
        #expect(before.nearest(query, 5).neighbours == found.neighbours)
        #expect(before.damagedRows() == [])
        let after = try #require(try DescriptorIndex.open(folder.path, identity))
        #expect(after.count == 5 && after.generation == 2 && before.generation == 1)
        let folders = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(folders.filter { $0.hasPrefix("generation") } == ["generation-2"])
    }

    @Test("what a writer that died left behind the counted rows is written over")
    func dyingWriter() throws {
        let folder = try TemporaryFolder()
        var made = RandomDescriptors(groups: 2, numbers: 32)
        let identity = IndexIdentity.sample(made.layout)
        let rows = made.rows(1...20)
        try IndexWriter(folder.path, identity).append(Array(rows.prefix(10)), watermark: 10)
        let manifest = folder.path + "/manifest.json"
        let before = try Data(contentsOf: URL(fileURLWithPath: manifest))
        // The files of 20 rows with the manifest of 10: all that a kill can leave.
        try IndexWriter(folder.path, identity).append(made.rows(11...20), watermark: 20)
        try before.write(to: URL(fileURLWithPath: manifest))
        try IndexWriter(folder.path, identity)
            .append(Array(rows.suffix(10)), watermark: 20)
        let index = try #require(try DescriptorIndex.open(folder.path, identity))
        #expect(index.damagedRows() == [])
        for row in rows.indices {
            let query = made.query(rows[row].descriptor)
            #expect(index.nearest(query, 1).neighbours[0].row == row)
        }
    }

    @Test("assets without a row are remembered until they are gone")
    func rowless() throws {
        let folder = try TemporaryFolder()
        var made = RandomDescriptors(groups: 2, numbers: 32)
        let identity = IndexIdentity.sample(made.layout)
        let writer = try IndexWriter(folder.path, identity)
        try writer.append(made.rows(1...3), watermark: 5, rowless: [4, 5])
        #expect(try DescriptorIndex.open(folder.path, identity)?.rowless == [4, 5])
        try writer.remove([1], rowless: [4])
        let index = try #require(try DescriptorIndex.open(folder.path, identity))
        #expect(index.rowless == [5] && index.count == 2)
        #expect(index.adding(made.rows(6...7), watermark: 8, rowless: [8]).rowless == [5, 8])
        try writer.restart()
        #expect(try DescriptorIndex.open(folder.path, identity)?.rowless == [])
    }

    @Test("an index of another pack or library is none")
    func strangers() throws {
        let folder = try TemporaryFolder()
        var made = RandomDescriptors(groups: 2, numbers: 32)
        try IndexWriter(folder.path, .sample(made.layout)).append(made.rows(1...3), watermark: 3)
        #expect(try DescriptorIndex.open(folder.path, .sample(made.layout, pack: "other")) == nil)
        #expect(try DescriptorIndex.open(folder.path + "/none", .sample(made.layout)) == nil)
        let other = try IndexWriter(folder.path, .sample(made.layout, pack: "other"))
        #expect(other.count == 0 && other.watermark == 0)
    }

    @Test("one writer at a time; the lock goes with its owner")
    func lock() throws {
        let folder = try TemporaryFolder()
        let identity = IndexIdentity.sample(DescriptorLayout(groups: 1, numbers: 32))
        do {
            let writer = try IndexWriter(folder.path, identity)
            let error = #expect(throws: SearchError.self) {
                try IndexWriter(folder.path, identity, waits: false)
            }
            #expect(error?.kind == .locked)
            _ = writer.count
        }
        #expect(throws: Never.self) { try IndexWriter(folder.path, identity, waits: false) }
    }

    @Test("every changed byte of rows, entries and sketches is found, and such a row is no answer")
    func bitRot() throws {
        let folder = try TemporaryFolder()
        var made = RandomDescriptors(groups: 2, numbers: 32)
        let identity = IndexIdentity.sample(made.layout)
        let rows = made.rows(1...65)
        try IndexWriter(folder.path, identity).append(rows, watermark: 65)
        let files = folder.path + "/generation-1/0."
        var random = SplitMix(seed: 9)
        for name in ["rows", "sketch", "entries"] {
            let url = URL(fileURLWithPath: files + name)
            let whole = try Data(contentsOf: url)
            for _ in 0..<40 {
                var bytes = whole
                // Bytes that count: the last block of sketches is mostly of rows that are none.
                let place =
                    name == "sketch"
                    ? Int(random.next() % 64) + 64 * Int(random.next() % 8)
                    : Int(random.next() % UInt64(whole.count))
                bytes[place] ^= UInt8(1 << (random.next() % 8))
                try bytes.write(to: url)
                let index = try #require(try DescriptorIndex.open(folder.path, identity))
                #expect(!index.isSound, "\(name) at \(place)")
                #expect(index.hasWholeSketches == (name == "rows"), "\(name) at \(place)")
                // An entry's asset and start have no checksum of their own, only that of their block.
                if name == "entries", place % 16 < 12 { continue }
                let damaged = index.damagedRows()
                #expect(damaged.count == 1, "\(name) at \(place)")
                if name == "rows", let row = damaged.first {
                    let query = made.query(rows[row].descriptor)
                    let found = index.nearest(query, 65, method: .exact)
                    #expect(found.damaged == 1)
                    #expect(!found.neighbours.contains { $0.row == row })
                }
            }
            try whole.write(to: url)
            #expect(try DescriptorIndex.open(folder.path, identity)?.isSound == true)
        }
    }

    @Test("rows of no numbers, or of infinite ones, are damage and not absence")
    func nonsense() throws {
        let folder = try TemporaryFolder()
        var made = RandomDescriptors(groups: 2, numbers: 32)
        let identity = IndexIdentity.sample(made.layout)
        try IndexWriter(folder.path, identity).append(made.rows(1...65), watermark: 65)
        let url = URL(fileURLWithPath: folder.path + "/generation-1/0.rows")
        let whole = try Data(contentsOf: url)
        // NaN, infinity and minus infinity in binary16, little-endian.
        for nonsense: [UInt8] in [[0x00, 0x7E], [0x00, 0x7C], [0x00, 0xFC]] {
            let bytes = Data((0..<whole.count).map { nonsense[$0 % 2] })
            try bytes.write(to: url)
            let index = try #require(try DescriptorIndex.open(folder.path, identity))
            #expect(!index.isSound && !index.hasWholeRows)
            let found = index.nearest(made.query(made.next()), 3)
            #expect(found.neighbours.isEmpty && found.damaged == 65)
        }
    }

    @Test("an index of another format is none, and is replaced")
    func otherFormat() throws {
        let folder = try TemporaryFolder()
        var made = RandomDescriptors(groups: 2, numbers: 32)
        let identity = IndexIdentity.sample(made.layout)
        try Data("{\"format\": 1}".utf8)
            .write(to: URL(fileURLWithPath: folder.path + "/manifest.json"))
        #expect(try DescriptorIndex.open(folder.path, identity) == nil)
        try IndexWriter(folder.path, identity).append(made.rows(1...3), watermark: 3)
        #expect(try DescriptorIndex.open(folder.path, identity)?.count == 3)
    }

    @Test("any number of neighbours may be asked for")
    func countlessNeighbours() {
        var made = RandomDescriptors(groups: 2, numbers: 32)
        let index = DescriptorIndex.ofRows(made.rows(1...70), made.layout)
        #expect(index.nearest(made.query(made.next()), .max).neighbours.count == 70)
    }

    @Test("parts of an asset count as one asset, as long as one of them is left")
    func assetCount() {
        var made = RandomDescriptors(groups: 2, numbers: 32)
        let assets: [Int64] = [3, 3, 3, 5, 8, 8]
        let index = DescriptorIndex.ofRows(
            assets.map { IndexRow(IndexEntry(asset: $0), made.next()) },
            made.layout
        )
        #expect(index.assetCount == 3)
        #expect(index.removing([0, 1]).assetCount == 3)
        #expect(index.removing([3, 4, 5]).assetCount == 1)
        #expect(index.adding(made.rows(9...10), watermark: 10).assetCount == 5)
        #expect(DescriptorIndex(empty: index.identity).assetCount == 0)
    }

    @Test("what cannot be read now may be sound: a writer leaves it as it is")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        var made = RandomDescriptors(groups: 2, numbers: 32)
        let identity = IndexIdentity.sample(made.layout)
        try IndexWriter(folder.path, identity).append(made.rows(1...65), watermark: 65)
        for name in ["manifest.json", "generation-1/0.rows", "generation-1/0.entries"] {
            let path = folder.path + "/" + name
            try FileManager.default.moveItem(atPath: path, toPath: folder.path + "/aside")
            // A link to itself keeps even root from reading.
            try FileManager.default.createSymbolicLink(
                atPath: path,
                withDestinationPath: URL(fileURLWithPath: path).lastPathComponent
            )
            let errors = [
                #expect(throws: SearchError.self) {
                    try DescriptorIndex.open(folder.path, identity)
                },
                #expect(throws: SearchError.self) { try IndexWriter(folder.path, identity) },
            ]
            #expect(errors.allSatisfy { $0?.kind == .failed }, "\(name): \(errors)")
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: folder.path + "/aside", toPath: path)
            // The lock went with the writer that failed.
            #expect(try IndexWriter(folder.path, identity, waits: false).count == 65, "\(name)")
            #expect(try DescriptorIndex.open(folder.path, identity)?.generation == 1)
        }
    }

    @Test("shorter files and broken manifests are damage, and a writer starts anew")
    func damage() throws {
        let folder = try TemporaryFolder()
        var made = RandomDescriptors(groups: 2, numbers: 32)
        let identity = IndexIdentity.sample(made.layout)
        let rows = made.rows(1...65)
        for name in ["generation-1/0.rows", "generation-1/0.entries", "manifest.json"] {
            try? FileManager.default.removeItem(atPath: folder.path)
            try IndexWriter(folder.path, identity).append(rows, watermark: 65)
            let url = URL(fileURLWithPath: folder.path + "/" + name)
            let bytes = try Data(contentsOf: url)
            try bytes.dropLast(1).write(to: url)
            let error = #expect(throws: SearchError.self) {
                try DescriptorIndex.open(folder.path, identity)
            }
            #expect(error?.kind == .damaged)
            #expect(error?.description.contains("vsdb index rebuild") == true)
            let writer = try IndexWriter(folder.path, identity)
            #expect(writer.count == 0)
            try writer.append(rows, watermark: 65)
            #expect(try DescriptorIndex.open(folder.path, identity)?.count == 65)
        }
    }
}

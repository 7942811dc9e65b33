import Foundation
import Kernels
import Search

/// Measures search among descriptors: ours exact and by sketches, and other vector indices on the same rows and queries.
struct SearchBenchmark {
    private static let rowCount = 100_000
    private static let batch = 8_192
    /// Engines of `peers/search.py`, and the threads they are asked to use; 0 for all.
    private static let peers: [(name: String, engine: String, threads: Int)] = [
        ("FAISS IndexFlatIP", "faiss-flat", 1), ("FAISS IndexFlatIP", "faiss-flat", 0),
        ("FAISS SQfp16", "faiss-fp16", 1),
        ("FAISS IVF256, nprobe 32", "faiss-ivf", 0),
        ("FAISS RaBitQ, 1,000 refined", "faiss-rabitq", 0),
        ("hnswlib, M 16, ef 200", "hnswlib", 0), ("LanceDB, exact", "lancedb", 0),
        ("LanceDB IVF_PQ, 256 lists, nprobe 32", "lancedb-ivf-pq", 0),
        ("sqlite-vec", "sqlite-vec", 0), ("chromadb", "chromadb", 0),
    ]
    /// Those that also get clustered rows.
    private static let clusteredPeers = ["faiss-flat", "faiss-ivf", "hnswlib", "lancedb-ivf-pq"]
    /// Those that also get a million rows, 8.2 GB of float32.
    private static let longPeers = ["faiss-flat"]

    let folder: String
    let isLong: Bool

    /// What the index of made rows says it is.
    static func identity(_ kind: SearchData.Kind) -> IndexIdentity {
        IndexIdentity(
            library: "none",
            pack: "none",
            descriptor: kind.rawValue,
            layout: SearchData.layout
        )
    }

    /// Prints the figures.
    func run() throws {
        let peers =
            PeerProcess.isInstalled
            ? try PeerProcess(
                threads: ThreadPool.threadCount,
                program: "Benchmarks/peers/search.py",
                arguments: [folder]
            ) : nil
        var report = SearchReport(
            date: Date(),
            machine: Machine.facts(),
            peers: peers?.versions,
            read: try SearchWorker.read()
        )
        let facts = report.machine.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        print(facts.joined(separator: "\n"))
        print("peers: \(peers?.versions ?? "not installed; make bench-search does")")
        print("reading: \(report.read.map { Self.digits($0) }.joined(separator: ", ")) GB/s\n")
        let engines = Self.peers.map(\.engine)
        report.tables.append(try compare(.independent, Self.rowCount, peers, engines))
        report.tables.append(try compare(.clustered, Self.rowCount, peers, Self.clusteredPeers))
        for count in [10_000, Self.rowCount] { report.tables.append(try grow(count)) }
        if isLong {
            report.tables.append(try compare(.independent, 1_000_000, peers, Self.longPeers))
            report.tables.append(try grow(1_000_000))
        }
        try report.write()
    }

    /// Ours beside those of the peers that are named.
    private func compare(
        _ kind: SearchData.Kind,
        _ count: Int,
        _ peers: PeerProcess?,
        _ engines: [String]
    ) throws -> SearchTable {
        let (index, ingest) = try made(kind, count, in: folder + "/" + kind.rawValue)
        defer { try? FileManager.default.removeItem(atPath: folder + "/" + kind.rawValue) }
        let queries = SearchData(kind).queries()
        var searches = own(index, queries, ingest)
        if let peers {
            try writeQueries(kind, queries, index)
            _ = try peers.numbers("load \(kind.rawValue)")
            var built: [String: [Double]] = [:]
            for peer in Self.peers where engines.contains(peer.engine) {
                if built[peer.engine] == nil {
                    tell("building \(peer.engine)")
                    built[peer.engine] = try peers.numbers("build \(peer.engine)")
                }
                guard let facts = built[peer.engine], !facts[0].isNaN else { continue }
                searches.append(theirs(peer, facts, peers))
            }
        }
        // Frees its memory; if the other process ended, that is freed too.
        defer { for engine in engines { _ = try? peers?.numbers("drop \(engine)") } }
        var table = SearchTable(title: title(kind, count), rows: [])
        table.rows = try measured(searches)
        print(table.text + "\n")
        return table
    }

    /// Ours among more and more rows; of the largest also what a scan in another process takes.
    private func grow(_ count: Int) throws -> SearchTable {
        let path = folder + "/growth"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let (index, ingest) = try made(.independent, count, in: path)
        let queries = SearchData(.independent).queries()
        var table = SearchTable(title: title(.independent, count), rows: [])
        table.rows = try measured(own(index, queries, ingest))
        print(table.text)
        for threads in Set([1, ThreadPool.threadCount]).sorted() {
            let scan = try SearchWorker.scanned(path, threads: threads)
            let bytes = Double(count * SearchData.layout.byteCount)
            print(
                "Another process, \(Self.threads(threads)): exact in \(Self.digits(scan.milliseconds[0])) ms,"
                    + " \(Self.digits(bytes / scan.milliseconds[0] / 1e6)) GB/s;"
                    + " \(Self.digits(scan.ownMebibytes)) MiB of memory beside the mapped files"
            )
        }
        print("")
        return table
    }

    /// A way to search: one reading of one query, with its recall and the rows that were compared.
    private struct Search {
        var row: SearchRow
        let read: (_ mask: Int, _ number: Int) throws -> (Double, recall: Double, compared: Double?)
    }

    private func own(
        _ index: DescriptorIndex,
        _ queries: [[DescriptorQuery]],
        _ ingest: Double
    ) -> [Search] {
        let all = ThreadPool.threadCount
        let answers = answers(index, queries)
        return [SearchMethod.exact, .standard].flatMap { method in
            Set([1, all]).sorted().map { threads in
                let name = method == .exact ? "vsdb, exact" : "vsdb, sketches"
                var row = SearchRow(name: "\(name), \(Self.threads(threads))")
                row.ingest = ingest
                row.megabytes = Double(index.byteCount) / 1e6
                return Search(row: row) { mask, number in
                    ThreadPool.setThreadCount(threads)
                    defer { ThreadPool.setThreadCount(all) }
                    var outcome: SearchOutcome?
                    let milliseconds = Comparison.milliseconds {
                        outcome = index.nearest(
                            queries[mask][number],
                            SearchData.k,
                            method: method
                        )
                    }
                    let found = Set(outcome?.neighbours.map(\.row) ?? [])
                    let share = Double(found.intersection(answers[mask][number]).count)
                    return (
                        milliseconds, share / Double(SearchData.k),
                        outcome.map { Double($0.compared) }
                    )
                }
            }
        }
    }

    private func theirs(
        _ peer: (name: String, engine: String, threads: Int),
        _ facts: [Double],
        _ process: PeerProcess
    ) -> Search {
        let threads = peer.threads == 0 ? ThreadPool.threadCount : peer.threads
        var row = SearchRow(name: "\(peer.name), \(Self.threads(threads))")
        (row.ingest, row.megabytes) = (facts[0], facts[1] / 1e6)
        return Search(row: row) { mask, number in
            let answer = try process.numbers("query \(peer.engine) \(threads) \(mask) \(number)")
            return (answer[0], answer[1], nil)
        }
    }

    /// Every query of every mask, all searches in turn; the first query warms up and does not count.
    private func measured(_ searches: [Search]) throws -> [SearchRow] {
        var rows = searches.map(\.row)
        for mask in SearchData.masks.indices {
            tell("\(SearchData.masks[mask]) cells")
            var readings = [[(Double, recall: Double, compared: Double?)]](
                repeating: [],
                count: searches.count
            )
            for number in 0..<SearchData.queryCount {
                for (place, search) in searches.enumerated() {
                    // The other side's threads go to sleep meanwhile.
                    Thread.sleep(forTimeInterval: 0.005)
                    let reading = try search.read(mask, number)
                    if number > 0 { readings[place].append(reading) }
                }
            }
            for place in rows.indices {
                let taken = readings[place]
                rows[place].milliseconds.append(taken.map(\.0).median)
                rows[place].recall.append(taken.map(\.recall).mean)
                let compared = taken.compactMap(\.compared)
                if !compared.isEmpty { rows[place].compared.append(compared.mean) }
            }
        }
        return rows
    }

    /// An index in a folder, and the rows that were added in a second.
    private func made(
        _ kind: SearchData.Kind,
        _ count: Int,
        in path: String
    ) throws -> (DescriptorIndex, Double) {
        tell("\(count) \(kind.rawValue) rows")
        let data = SearchData(kind)
        let writer = try IndexWriter(path, Self.identity(kind))
        var milliseconds = 0.0
        for first in stride(from: 0, to: count, by: Self.batch) {
            let end = min(count, first + Self.batch)
            let rows = data.rows(first..<end)
            milliseconds += try Comparison.milliseconds {
                try writer.append(rows, watermark: Int64(end))
            }
        }
        guard let index = try DescriptorIndex.open(path, Self.identity(kind)) else {
            throw BenchError("the index in \(path) is gone")
        }
        // What the system still writes is not a cost of the searches.
        sync()
        return (index, 1000 * Double(count) / milliseconds)
    }

    private func answers(_ index: DescriptorIndex, _ queries: [[DescriptorQuery]]) -> [[[Int]]] {
        queries.map { queries in
            queries.map { query in
                index.nearest(query, SearchData.k, method: .exact).neighbours.map(\.row)
            }
        }
    }

    /// Queries and their exact answers beside the rows, for the peers.
    private func writeQueries(
        _ kind: SearchData.Kind,
        _ queries: [[DescriptorQuery]],
        _ index: DescriptorIndex
    ) throws {
        // As long as a row's cells: distances of vectors of very unlike length lose digits.
        let numbers = queries.flatMap { queries in
            queries.flatMap { query in query.values.map { $0 * Float(query.groups.count) } }
        }
        let answers = answers(index, queries).flatMap { $0.flatMap { $0.map { Int32($0) } } }
        for (name, data) in [
            ("queries", numbers.withUnsafeBytes { Data($0) }),
            ("answers", answers.withUnsafeBytes { Data($0) }),
        ] {
            try data.write(to: URL(fileURLWithPath: "\(folder)/\(kind.rawValue)/\(name)"))
        }
    }

    private func title(_ kind: SearchData.Kind, _ count: Int) -> String {
        "\(count.formatted(.number.locale(Locale(identifier: "en")))) \(kind.rawValue) rows of "
            + "\(SearchData.layout.groups) cells x \(SearchData.layout.width)"
    }

    private static func threads(_ count: Int) -> String {
        count == 1 ? "1 thread" : "\(count) threads"
    }

    private static func digits(_ value: Double) -> String {
        value.formatted(.number.precision(.significantDigits(3)).grouping(.never))
    }

    private func tell(_ text: String) {
        FileHandle.standardError.write(Data("bench: \(text)\n".utf8))
    }
}

extension [Double] {
    fileprivate var mean: Double { reduce(0, +) / Double(count) }
}

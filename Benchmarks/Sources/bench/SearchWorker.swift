import CPeak
import Foundation
import Kernels
import Search

/// Pieces of the search benchmark that have a process of their own, for their memory's sake.
enum SearchWorker {
    private static let scanWord = "--search-scan"
    private static let readWord = "--search-read"

    /// What an exact scan of a mapped index took.
    struct Scan: Codable {
        /// The median, by mask.
        let milliseconds: [Double]
        /// Memory of the process that is not the index's files.
        let ownMebibytes: Double
    }

    /// Does a piece if the arguments are those of one.
    static func run(_ arguments: [String]) throws -> Bool {
        switch (arguments.first, arguments.count) {
        case (scanWord, 3):
            let result = try scan(arguments[1], threads: Int(arguments[2]) ?? 1)
            FileHandle.standardOutput.write(try JSONEncoder().encode(result))
        case (readWord, 1):
            FileHandle.standardOutput.write(try JSONEncoder().encode(bandwidths()))
        default: return false
        }
        return true
    }

    /// Asks another process for a scan of an index in independent rows.
    static func scanned(_ folder: String, threads: Int) throws -> Scan {
        let child = try ChildProcess(["/proc/self/exe", scanWord, folder, String(threads)])
        return try JSONDecoder().decode(Scan.self, from: child.output)
    }

    /// GB/s that one thread reads, and all: asked of another process.
    static func read() throws -> [Double] {
        let child = try ChildProcess(["/proc/self/exe", readWord])
        return try JSONDecoder().decode([Double].self, from: child.output)
    }

    private static func scan(_ folder: String, threads: Int) throws -> Scan {
        ThreadPool.setThreadCount(threads)
        guard let index = try DescriptorIndex.open(folder, SearchBenchmark.identity(.independent))
        else { throw BenchError("there is no index in \(folder)") }
        let medians = SearchData(.independent).queries().map { queries in
            let query = queries[0]
            _ = index.nearest(query, SearchData.k, method: .exact)
            return (0..<Comparison.repetitions).map { _ in
                Comparison.milliseconds {
                    _ = index.nearest(query, SearchData.k, method: .exact)
                }
            }.median
        }
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let own = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        let kibibytes = own?.split(whereSeparator: \.isWhitespace).dropFirst().first
        return Scan(
            milliseconds: medians,
            ownMebibytes: (kibibytes.flatMap { Double($0) } ?? 0) / 1024
        )
    }

    /// The best of seven passes over a gibibyte by one thread, and over one for each by all.
    private static func bandwidths() -> [Double] {
        let count = 1 << 30
        let all = ThreadPool.threadCount
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 4096)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 1, count: count)
        let address = UInt(bitPattern: memory)
        return [1, all].map { threads in
            (0..<7).map { _ in
                let part = count / threads / 512 * 512
                let milliseconds = Comparison.milliseconds {
                    DispatchQueue.concurrentPerform(iterations: threads) { thread in
                        pk_read(UnsafeRawPointer(bitPattern: address + UInt(thread * part)), part)
                    }
                }
                return Double(threads * part) / milliseconds / 1e6
            }.max() ?? 0
        }
    }
}

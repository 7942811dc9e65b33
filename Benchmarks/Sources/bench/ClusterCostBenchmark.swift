import Foundation
import Pipelines
import Store

/// Measures what a cluster leaves to one machine: bundles into a library, and how long everything takes that looks at all
/// of it.
struct ClusterCostBenchmark {
    private static let pack = "Samples/packs/paper-doll"
    private static let clip = "Samples/clips/figure00_motion00.mp4"
    /// As many clips as a shard has.
    private static let bundleClips = 300
    private static let bundles = 5

    let program: String
    let folder: String
    let isLong: Bool

    private var sizes: [Int] { isLong ? [1_000, 10_000, 100_000] : [1_000, 10_000] }

    /// Prints the figures and writes them beside the reports of a job.
    ///
    /// - Parameter job: The folder of an ingest on a cluster whose tasks are done.
    /// - Throws: `BenchError`, or what the pipelines throw.
    func run(job: String) throws {
        let figures = try JobFigures(folder: job)
        try makeLibrary("main")
        let (bundles, other) = try makeBundles()
        let main = Session(library: try Library.open(at: folder + "/main"))
        var (merges, libraries): ([ClusterCosts.Merge], [ClusterCosts.LibrarySize]) = ([], [])
        for (stored, own) in zip(sizes, bundles) {
            let held = try main.library.clips().count
            try RandomClips(like: main).fill(main, numbers: held..<stored)
            // The first one brings the indexes up to what was filled in.
            let readings = try own.map { bundle in
                try Comparison.milliseconds { try main.importBundles([bundle]) { _ in } }
            }
            let time = Array(readings.dropFirst()).median
            merges.append(
                .init(storedClips: stored, bundleClips: Self.bundleClips, seconds: time / 1000)
            )
            print(
                "a bundle of \(Self.bundleClips) clips into \(stored): \(rounded(time)) ms, "
                    + "from \(rounded(readings.dropFirst().min() ?? 0)) to \(rounded(readings.dropFirst().max() ?? 0))"
            )
            let library = try measure(main)
            libraries.append(library)
            print(library)
        }
        try makeLibrary("empty")
        let empty = Session(library: try Library.open(at: folder + "/empty"))
        let count = try other.library.status().clipCount
        let merged = try Comparison.milliseconds {
            try empty.merge([other.library.path]) { _ in }
        }
        let merge = merged / 1000 / Double(count)
        print("a library of \(count) clips into an empty one: \(rounded(1000 * merge)) ms a clip")
        try ClusterCosts(
            tasks: figures.tasks,
            folder: figures,
            packBytes: bytes(in: Self.pack),
            merges: merges,
            libraryMerge: merge,
            libraries: libraries
        ).write()
    }

    private func makeLibrary(_ name: String) throws {
        let path = folder + "/" + name
        _ = try ChildProcess([program, "init", path, "-q"])
        _ = try ChildProcess([program, "pack", "add", Self.pack, "-q", "--library", path])
        _ = try ChildProcess([program, "ingest", Self.clip, "-q", "--library", path])
    }

    /// Bundles of a shard's size for every size of library, one more than is counted.
    private func makeBundles() throws -> ([[String]], Session) {
        try makeLibrary("other")
        let other = Session(library: try Library.open(at: folder + "/other"))
        let random = try RandomClips(like: other)
        // Numbers that the other libraries do not have.
        var number = 1_000_000_000
        let bundles = try sizes.map { size in
            try (0...Self.bundles).map { index in
                let numbers = number..<number + Self.bundleClips
                try random.fill(other, numbers: numbers)
                number = numbers.upperBound
                var request = ExportRequest(output: "\(folder)/\(size)-\(index).vsdbundle")
                request.references = numbers.map { "random-\(String($0, radix: 16))" }
                _ = try other.export(request)
                return request.output
            }
        }
        return (bundles, other)
    }

    private func measure(_ session: Session) throws -> ClusterCosts.LibrarySize {
        let path = session.library.path
        func child(_ words: String...) throws -> ChildProcess {
            try ChildProcess([program] + words + ["-q", "--library", path])
        }
        _ = try child("similar", "figure00_motion00")
        let similar = try (0..<5).map { _ in try child("similar", "figure00_motion00") }
        let check = try child("check")
        let readData = try child("check", "--read-data")
        let copy = folder + "/copy"
        let backup = try child("backup", copy)
        try FileManager.default.removeItem(atPath: copy)
        let status = try session.library.status()
        return ClusterCosts.LibrarySize(
            clips: status.clipCount,
            tensorBytes: status.tensorByteCount,
            catalogBytes: status.catalogByteCount,
            indexBytes: bytes(in: session.library.indexDirectory),
            checkSeconds: check.seconds,
            readDataSeconds: readData.seconds,
            backupSeconds: backup.seconds,
            similarSeconds: similar.map(\.seconds).median
        )
    }

    /// Bytes of all files in a folder.
    private func bytes(in folder: String) -> Int {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String }
        return (names ?? []).reduce(0) { sum, name in
            // A file that has just gone has no size.
            let facts = try? FileManager.default.attributesOfItem(atPath: folder + "/" + name)
            let isFile = facts?[.type] as? FileAttributeType == .typeRegular
            return sum + (isFile ? facts?[.size] as? Int ?? 0 : 0)
        }
    }

    private func rounded(_ value: Double) -> String {
        value.formatted(.number.precision(.significantDigits(3)).grouping(.never))
    }
}

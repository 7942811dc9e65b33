import Foundation
import Kernels

/// Measures what a user waits for, and prints one table.
///
/// Run it from the top of the repository, after `make build`: `make bench`.
@main
enum Bench {
    private static let usage = """
        Usage: bench [--long] [--only WORD] [--layers] [--growth] [--search] [--full-size]
                     [--case NAME] [--cluster-costs DIR] [--vsdb FILE]
               bench --cluster-plan [--help]

          --long       Also ingest a video of ten minutes, made for the purpose; with --search,
                       also a million rows: 5 GB of disk.
          --only WORD  Only rows whose name has the word; nothing is written.
          --layers     Only the layers of StyleGAN2, one by one.
          --growth     Only how render and ingest grow with frames and stored clips.
          --search     Only search among descriptors, beside other vector indices.
          --full-size  Only packs of the published sizes, from checkpoints to films; 6 GB of disk.
          --case NAME  With --full-size, only this one of its packs.
          --cluster-costs DIR
                       What a cluster leaves to one machine, beside the task reports of the job in
                       this folder; with --long, also beside 100,000 clips: 9 GB of disk.
          --cluster-plan
                       What an ingest by many nodes would take, from those figures.
          --vsdb FILE  The program to measure; .build/release/vsdb if not given.
        """

    static func main() {
        do {
            try run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
            exit(1)
        }
    }

    private struct Options {
        var program = ".build/release/vsdb"
        var isLong = false
        var isLayers = false
        var isGrowth = false
        var isSearch = false
        var isFullSize = false
        var caseName: String?
        var job: String?
        var word: String?

        init(_ arguments: [String]) throws {
            var arguments = arguments[...]
            while let argument = arguments.popFirst() {
                switch (argument, arguments.first) {
                case ("--long", _): isLong = true
                case ("--layers", _): isLayers = true
                case ("--growth", _): isGrowth = true
                case ("--search", _), ("--only", "search"):
                    isSearch = true
                    if argument == "--only" { arguments.removeFirst() }
                case ("--full-size", _): isFullSize = true
                case ("--case", let name?):
                    caseName = name
                    arguments.removeFirst()
                case ("--cluster-costs", let folder?):
                    job = folder
                    arguments.removeFirst()
                case ("--only", let name?):
                    word = name
                    arguments.removeFirst()
                case ("--vsdb", let file?):
                    program = file
                    arguments.removeFirst()
                default: throw BenchError("\(argument)?\n\(usage)")
                }
            }
        }
    }

    private static func run(_ arguments: [String]) throws {
        if try FullSizeWorker.run(arguments) || SearchWorker.run(arguments) { return }
        if arguments == [MachinePeak.argument] {
            return FileHandle.standardOutput.write(try JSONEncoder().encode(MachinePeak()))
        }
        if arguments.first == "--cluster-plan" {
            return try ClusterPlan(Array(arguments.dropFirst())).run()
        }
        let options = try Options(arguments)
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("vsdb-bench-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        if let job = options.job {
            try ClusterCostBenchmark(
                program: options.program,
                folder: folder,
                isLong: options.isLong
            ).run(job: job)
        } else if options.isFullSize {
            try runFullSize(options, folder)
        } else if options.isSearch {
            try SearchBenchmark(folder: folder, isLong: options.isLong).run()
        } else if options.isGrowth {
            try GrowthBenchmark(program: options.program, folder: folder).run()
        } else {
            try runTable(options, folder)
        }
    }

    private static func runFullSize(_ options: Options, _ folder: String) throws {
        let machine = Machine.facts()
        let benchmark = FullSizeBenchmark(program: options.program, folder: folder)
        let stages = try benchmark.run(only: options.caseName)
        let report = FullSizeReport(date: Date(), machine: machine, stages: stages)
        print(report.table)
        // A part of the table would pass for all of it.
        if options.caseName == nil { try report.write() }
    }

    private static func runTable(_ options: Options, _ folder: String) throws {
        let machine = Machine.facts()
        let film = folder + "/film-720.mp4"
        let peerFolder = folder + "/peer"
        let peers =
            PeerProcess.isInstalled && !options.isLayers
            ? try PeerProcess(threads: ThreadPool.threadCount, arguments: [film, peerFolder]) : nil
        let table = try Comparison(peers: peers, only: options.word)
        if options.isLayers {
            try LayerBenchmark(table: table).run()
        } else {
            // Programs first: a child's peak memory is never below that of the process that started it.
            let commands = CommandBenchmark(program: options.program, folder: folder, table: table)
            try commands.run()
            if options.isLong { try commands.runLong() }
            try LongVideo(width: 1280, height: 720, seconds: 10).write(to: film)
            try commands.runFilm(film, peerFolder: peerFolder)
            try CoreBenchmark(library: commands.library, folder: folder, table: table).run()
            try PeerBenchmark(table: table).run()
            try EncoderBenchmark(table: table).run()
            try TrainingBenchmark(table: table).run()
        }
        let version = try ChildProcess([options.program, "--version"]).output
        let report = BenchReport(
            date: Date(),
            machine: machine,
            vsdb: String(decoding: version, as: UTF8.self).trimmingCharacters(in: .newlines),
            peers: peers?.versions,
            peak: table.peak,
            rows: table.rows
        )
        let file = BenchReport.file(options.isLayers ? "layers" : "bench")
        // A first run has none, and one of another form is as good as none.
        print(report.table(against: try? BenchReport(file: file)))
        // A part of the table would pass for all of it.
        if options.word == nil { try report.write(to: file) }
    }
}

/// What went wrong.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

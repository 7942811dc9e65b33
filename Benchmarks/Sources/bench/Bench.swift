import Foundation

/// Measures what a user waits for, and prints one table.
///
/// Run it from the top of the repository, after `make build`: `make bench`.
@main
enum Bench {
    private static let usage = """
        Usage: bench [--long] [--generator] [--peers] [--encoders [WORD]]
                     [--full-size] [--case NAME] [--vsdb FILE]

          --long       Also ingest a video of ten minutes, made for the purpose.
          --generator  Only StyleGAN2 at the sizes of the published models.
          --peers      Only the cores, in turn with PyTorch's; make bench-peers installs those.
          --encoders   Only the encoders, in turn with PyTorch's; with a WORD, only rows that have it.
          --full-size  Only packs of the published sizes, from checkpoints to films; 6 GB of disk.
          --case NAME  With --full-size, only this one of its packs.
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
        var isGenerator = false
        var isPeers = false
        var isEncoders = false
        var encoderWord: String?
        var isFullSize = false
        var caseName: String?

        init(_ arguments: [String]) throws {
            var arguments = arguments[...]
            while let argument = arguments.popFirst() {
                switch (argument, arguments.first) {
                case ("--long", _): isLong = true
                case ("--generator", _): isGenerator = true
                case ("--peers", _): isPeers = true
                case ("--encoders", let word):
                    isEncoders = true
                    if let word, !word.hasPrefix("--") {
                        encoderWord = word
                        arguments.removeFirst()
                    }
                case ("--full-size", _): isFullSize = true
                case ("--case", let name?):
                    caseName = name
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
        if try FullSizeWorker.run(arguments) { return }
        let options = try Options(arguments)
        if options.isPeers { return try PeerBenchmark().run() }
        if options.isEncoders { return try EncoderBenchmark().run(only: options.encoderWord) }
        if options.isGenerator {
            let measures = try LayerBenchmark().run() + GeneratorBenchmark().run()
            let report = BenchReport(date: Date(), machine: Machine.facts(), measures: measures)
            return print(report.table(against: nil))
        }
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("vsdb-bench-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        if options.isFullSize {
            try runFullSize(options, folder)
        } else {
            try runSmall(options, folder)
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

    private static func runSmall(_ options: Options, _ folder: String) throws {
        let machine = Machine.facts()
        // Programs first: a child's peak memory is never below that of the process that started it.
        let commands = CommandBenchmark(program: options.program, folder: folder)
        var measures = try commands.run()
        if options.isLong { measures += try commands.runLong() }
        measures += try CoreBenchmark(library: commands.library, folder: folder).run()

        let report = BenchReport(date: Date(), machine: machine, measures: measures)
        let baseline = try? BenchReport(file: BenchReport.baselineFile)
        print(report.table(against: baseline))
        try report.write(to: BenchReport.latestFile)
        print("written to \(BenchReport.latestFile)")
    }
}

/// What went wrong.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

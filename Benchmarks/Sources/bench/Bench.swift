import Foundation

/// Measures what a user waits for, and prints one table.
///
/// Run it from the top of the repository, after `make build`: `make bench`.
@main
enum Bench {
    private static let usage = """
        Usage: bench [--long] [--vsdb FILE]

          --long       Also ingest a video of ten minutes, made for the purpose.
          --generator  Only StyleGAN2 at the sizes of the published models.
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

    private static func run(_ arguments: [String]) throws {
        var arguments = arguments[...]
        var program = ".build/release/vsdb"
        var isLong = false
        var isGenerator = false
        while let argument = arguments.popFirst() {
            switch (argument, arguments.first) {
            case ("--long", _): isLong = true
            case ("--generator", _): isGenerator = true
            case ("--vsdb", let file?):
                program = file
                arguments.removeFirst()
            default: throw BenchError("\(argument)?\n\(usage)")
            }
        }
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("vsdb-bench-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }

        let machine = Machine.facts()
        if isGenerator {
            let measures = try LayerBenchmark().run() + GeneratorBenchmark().run()
            let report = BenchReport(date: Date(), machine: machine, measures: measures)
            print(report.table(against: nil))
            return
        }
        // Programs first: a child's peak memory is never below that of the process that started it.
        let commands = CommandBenchmark(program: program, folder: folder)
        var measures = try commands.run()
        if isLong { measures += try commands.runLong() }
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

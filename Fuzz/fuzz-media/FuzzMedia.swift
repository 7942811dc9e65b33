import Foundation
import MediaFuzzing

/// Tries what reads films on changed ones; `fuzz-media --help` says how.
@main
enum FuzzMedia {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "--child" { return try readInputs(arguments) }
        guard let options = FuzzOptions(arguments) else {
            try FileHandle.standardError.write(contentsOf: Data(FuzzOptions.help.utf8))
            exit(64)
        }
        guard options.paths.isEmpty else {
            for path in options.paths {
                for way in 0..<15 { print(path, way, try FilmTrial.read(path, index: way)) }
            }
            return
        }
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let campaign = try FilmCampaign(
            program: URL(fileURLWithPath: program),
            folder: options.folder,
            seed: options.seed
        )
        print("seed \(options.seed), films in \(options.folder)")
        let counts = campaign.run(
            options.indices,
            until: options.seconds.map { Date().addingTimeInterval($0) } ?? .distantFuture
        )
        for finding in counts.findings { print(finding) }
        print(counts)
        if !counts.findings.isEmpty { exit(1) }
    }

    /// A process of a campaign: folder, seed, the first input, the one behind the last, films.
    private static func readInputs(_ arguments: [String]) throws {
        guard arguments.count > 5, let seed = UInt64(arguments[2]),
            let first = Int(arguments[3]), let end = Int(arguments[4]), first <= end
        else { throw FuzzingError("--child FOLDER SEED FIRST END FILM...") }
        let films = Array(arguments[5...])
        let trial = try FilmTrial(films: films, folder: arguments[1], seed: seed)
        try trial.reportAll(first..<end)
    }
}

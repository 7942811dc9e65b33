import Foundation
import MediaFuzzing

/// Tries what reads films on changed ones: `fuzz-media [--count N] [--seconds S] [--seed N] [--folder PATH]`.
///
/// `fuzz-media FILE...` reads single files, such as findings, in this process.
@main
enum FuzzMedia {
    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "--child" { return try readInputs(arguments) }
        func number(_ name: String) -> Double? {
            guard let place = arguments.firstIndex(of: "--" + name), place + 1 < arguments.count
            else { return nil }
            defer { arguments.removeSubrange(place...place + 1) }
            return Double(arguments[place + 1])
        }
        let count = number("count").map { Int($0) }
        let seconds = number("seconds")
        let seed = UInt64(number("seed") ?? 1)
        let first = Int(number("first") ?? 0)
        guard arguments.isEmpty else {
            for path in arguments {
                for way in 0..<15 { print(path, way, try FilmTrial.read(path, index: way)) }
            }
            return
        }
        let folder = FileManager.default.currentDirectoryPath + "/.build/fuzz-media"
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let campaign = try FilmCampaign(
            program: URL(fileURLWithPath: program),
            folder: folder,
            seed: seed
        )
        print("seed \(seed), films in \(folder)")
        let counts = campaign.run(
            first..<first + (count ?? (seconds == nil ? 2_000 : 1 << 40)),
            until: seconds.map { Date().addingTimeInterval($0) } ?? .distantFuture
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

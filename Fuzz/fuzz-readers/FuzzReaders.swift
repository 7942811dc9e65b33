import Foundation
import ReaderFuzzing

/// Tries the readers of weight files on changed files for a while: `fuzz-readers SECONDS SEED`.
@main
enum FuzzReaders {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "--write-seeds", let folder = arguments.last {
            return try writeSeeds(to: folder)
        }
        let seconds = arguments.first.flatMap(Double.init) ?? 60
        let seed = arguments.dropFirst().first.flatMap(UInt64.init) ?? 1
        print("seed \(seed), \(seconds) s for each of \(FuzzedReader.allCases.count) readers")
        for reader in FuzzedReader.allCases {
            let end = Date().addingTimeInterval(seconds)
            var campaign = FuzzCampaign(reader, seeds: FuzzSeeds.all(for: reader), seed: seed)
            while Date() < end { campaign.run(100) }
            print(campaign)
        }
    }

    /// Writes files for libFuzzer: one byte that says which reader, then what it reads.
    private static func writeSeeds(to folder: String) throws {
        let url = URL(fileURLWithPath: folder, isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        for (number, reader) in FuzzedReader.allCases.enumerated() {
            for (index, seed) in FuzzSeeds.all(for: reader).enumerated() {
                let file = url.appendingPathComponent("\(reader)-\(index)")
                try (Data([UInt8(number)]) + seed).write(to: file)
            }
        }
    }
}

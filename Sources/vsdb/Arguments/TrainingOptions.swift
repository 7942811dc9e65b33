import ArgumentParser
import Foundation
import Packs
import Training

/// What every kind of training is given beside its data.
struct TrainingOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder of the run; made if it is not there.", valueName: "folder"),
        completion: .directory
    )
    var output: String?

    @Option(
        help: ArgumentHelp(
            "The configuration, JSON; --print-config shows the one that is used without it.",
            valueName: "file"
        ),
        completion: .file(extensions: ["json"])
    )
    var config: String?

    @Option(help: ArgumentHelp("The number of steps, in place of run.steps.", valueName: "n"))
    var steps: Int?

    @Flag(help: "Go on from the newest checkpoint of the run.")
    var resume = false

    @Flag(help: "Print the configuration and end.")
    var printConfig = false

    func validate() throws {
        guard output != nil || printConfig else {
            throw ValidationError("name the folder of the run with -o, as -o runs/first")
        }
        if resume, let output, !FileManager.default.fileExists(atPath: output + "/checkpoints") {
            throw ValidationError("--resume: there is no run in \"\(output)\"; start it without")
        }
        if let steps, steps < 1 { throw ValidationError("--steps \(steps): give 1 or more") }
    }

    /// The configuration of the file, that of the run if it is resumed, or the standard one.
    ///
    /// - Throws: `TrainingError`, `.badConfig`, naming the key.
    func read<Config: Codable>(_ standard: Config) throws -> Config {
        let own = output.map { $0 + "/config.json" }
        let resumed = own.flatMap {
            resume && FileManager.default.fileExists(atPath: $0) ? $0 : nil
        }
        guard let config = config ?? resumed else { return standard }
        guard let data = FileManager.default.contents(atPath: config) else {
            throw TrainingError(.badConfig, "--config \"\(config)\": no readable file is there")
        }
        do {
            return try StrictJSON.decode(Config.self, from: data, source: "\"\(config)\"")
        } catch {
            throw TrainingError(.badConfig, "configuration \(error)")
        }
    }
}

public import ArgumentParser
import Foundation
import Pipelines
public import Tensors

extension Precision: ExpressibleByArgument {}

/// Where a render goes.
struct OutputOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The film: .mp4, .webm, .gif, .mkv (lossless), dir/%05d.png, or - for raw RGB frames.",
            valueName: "file"
        ),
        completion: .file()
    )
    var output: String?

    @Option(
        help: ArgumentHelp(
            "A contact sheet: content, driving motion, result over time.",
            valueName: "file"
        ),
        completion: .file(extensions: ["png", "jpg"])
    )
    var sheet: String?

    @Option(
        name: .customLong("size"),
        help: ArgumentHelp(
            "Stop the generator at this many rows for a quick preview.",
            valueName: "rows"
        )
    )
    var rows: Int?

    @Option(
        help: ArgumentHelp(
            "What the generator multiplies in: f32 or bf16; the best that the processor has and the pack "
                + "allows if not given.",
            valueName: "format"
        )
    )
    var precision: Precision?

    @Flag(
        name: .customLong("profile"),
        help: "Say where the time went, stage by stage and layer by layer."
    )
    var isProfiled = false

    mutating func validate() throws {
        if let rows, rows < 4 || rows > 16_384 || rows & (rows - 1) != 0 {
            throw ValidationError("--size \(rows): give a power of 2 from 4 up, such as 256")
        }
        guard sheet != "-" else { throw ValidationError("--sheet -: give a file, as sheet.png") }
    }

    /// The first option that was given and means nothing without a render.
    var optionOfRenders: String? {
        let options = [
            ("--size", rows != nil), ("--precision", precision != nil), ("--profile", isProfiled),
        ]
        return options.first { $0.1 }?.0
    }

    /// Whether a render is asked for.
    var isGiven: Bool { output != nil || sheet != nil }

    /// The options as the renderer takes them.
    var options: RenderOptions {
        var options = RenderOptions()
        options.output = output
        options.sheet = sheet
        options.rows = rows
        options.precision = precision
        options.isProfiled = isProfiled
        return options
    }
}

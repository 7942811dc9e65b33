import ArgumentParser
import Pipelines

/// Which times a composition shows.
struct TimingOptions: ParsableArguments {
    /// The longest film, one day; more is a mistake in units.
    private static let longestSeconds = 86_400.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Frames a second; else the pack's rate.", valueName: "rate")
    )
    var fps: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Where in the motion to begin; outside the clip is extrapolated.",
            valueName: "seconds"
        )
    )
    var start: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Where in the motion to end.", valueName: "seconds")
    )
    var end: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The length, instead of --end.", valueName: "seconds")
    )
    var duration: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many frames, instead of --end or --duration.", valueName: "n")
    )
    var frames: Int?

    mutating func validate() throws {
        let longest = Self.longestSeconds
        try requireNumber("--fps", fps, in: 0.01...1_000, "a rate from 0.01 to 1000")
        try requireNumber("--start", start, in: -longest...longest, "seconds, at most a day")
        try requireNumber("--end", end, in: -longest...longest, "seconds, at most a day")
        try requireNumber("--duration", duration, in: 0.001...longest, "seconds, at most a day")
        if let frames, !(1...10_000_000).contains(frames) {
            throw ValidationError("--frames \(frames): give a number from 1 to 10000000")
        }
        let ends = [
            end.map { _ in "--end" }, duration.map { _ in "--duration" },
            frames.map { _ in "--frames" },
        ].compactMap { $0 }
        guard ends.count <= 1 else {
            throw ValidationError("\(ends.joined(separator: " and ")): give one of them")
        }
        if let start, let end, end <= start {
            throw ValidationError(
                "--end \(Wording.trimmed(end)) does not lie behind "
                    + "--start \(Wording.trimmed(start))"
            )
        }
    }

    /// The times as the composition takes them.
    var timing: CompositionRequest.Timing {
        var timing = CompositionRequest.Timing()
        timing.frameRate = fps
        timing.start = start
        timing.end = end
        timing.duration = duration
        timing.frameCount = frames
        return timing
    }
}

import Foundation

/// Measures the built program from outside, as a user meets it: a new process each time.
struct CommandBenchmark {
    private static let clips = "Samples/clips"
    private static let pack = "Samples/packs/paper-doll"
    /// 24 clips of 50 frames at 25 per second.
    private static let clipSeconds = 48.0

    let program: String
    let folder: String

    /// A library with all sample clips, once `run` is done.
    var library: String { folder + "/library" }

    /// Ingest, start to first frame, whole command, and their memory.
    func run() throws -> [Measure] {
        var ingests: [ChildProcess] = []
        for round in 0..<Measure.repetitions {
            note("ingest \(round + 1)/\(Measure.repetitions)")
            try? FileManager.default.removeItem(atPath: library)
            try makeLibrary(library)
            ingests.append(try vsdb(["ingest", Self.clips, "-q"]))
        }
        let composition = [
            "compose", "--content", "figure00_motion00", "--motion", "figure01_motion13", "-q",
        ]
        note("compose, \(Measure.repetitions) times to standard output and as often to a film")
        let streamed = try repeated { try vsdb(composition + ["-o", "-"]) }
        let filmed = try repeated { try vsdb(composition + ["-o", folder + "/film.mp4"]) }
        return [
            Measure(
                "ingest, a second of video",
                "s",
                ingests.map { $0.seconds / Self.clipSeconds }
            ),
            Measure("ingest, peak memory", "MiB", ingests.map(\.peakMebibytes)),
            Measure(
                "compose, start of process to first frame",
                "ms",
                try streamed.map { 1000 * (try firstByte($0)) }
            ),
            Measure(
                "compose, whole process, 50 frames to mp4",
                "ms",
                filmed.map { 1000 * $0.seconds }
            ),
            Measure("compose, peak memory", "MiB", filmed.map(\.peakMebibytes)),
        ]
    }

    /// One minute and ten minutes of one video: the peak memory is to be the same.
    func runLong() throws -> [Measure] {
        let film = folder + "/long.mp4"
        note("drawing ten minutes of 320x240")
        try LongVideo(width: 320, height: 240, seconds: 600).write(to: film)
        return try [1, 10].flatMap { minutes in
            note("ingesting the first \(minutes) min")
            let long = folder + "/long-\(minutes)"
            try makeLibrary(long)
            let end = String(60 * minutes)
            let child = try ChildProcess([
                program, "ingest", film, "--end", end, "-q", "--library", long,
            ])
            return [
                Measure(
                    "ingest of \(minutes) min at 320x240, a second of video",
                    "s",
                    [child.seconds / Double(60 * minutes)]
                ),
                Measure(
                    "ingest of \(minutes) min at 320x240, peak memory",
                    "MiB",
                    [child.peakMebibytes]
                ),
            ]
        }
    }

    private func makeLibrary(_ path: String) throws {
        _ = try ChildProcess([program, "init", path, "-q"])
        _ = try ChildProcess([program, "pack", "add", Self.pack, "-q", "--library", path])
    }

    private func vsdb(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess([program] + arguments + ["--library", library])
    }

    /// Runs once without counting, which brings all files into the page cache, then as often as everything.
    private func repeated(_ work: () throws -> ChildProcess) throws -> [ChildProcess] {
        _ = try work()
        return try (0..<Measure.repetitions).map { _ in try work() }
    }

    private func firstByte(_ child: ChildProcess) throws -> Double {
        guard let seconds = child.firstByteSeconds else {
            throw BenchError("compose -o - wrote nothing")
        }
        return seconds
    }

    private func note(_ text: String) {
        FileHandle.standardError.write(Data("bench: \(text)\n".utf8))
    }
}

import Foundation
import Pipelines
import Store
import Tensors

/// Measures what grows: time and memory of a render with its frames, cost of an ingest and of a search with what is stored.
struct GrowthBenchmark {
    private static let pack = "Samples/packs/paper-doll"
    private static let clip = "Samples/clips/figure00_motion00.mp4"

    let program: String
    let folder: String

    /// Prints the figures.
    func run() throws {
        let path = folder + "/growth"
        _ = try ChildProcess([program, "init", path, "-q"])
        _ = try ChildProcess([program, "pack", "add", Self.pack, "-q", "--library", path])
        _ = try ChildProcess([program, "ingest", Self.clip, "-q", "--library", path])
        // Programs first: a child's peak memory is never below that of the process that started it.
        for (seconds, rate) in [(2, 25), (2, 250), (2, 1000), (20, 25), (80, 25)] {
            let child = try ChildProcess([
                program, "compose", "--content", "figure00_motion00", "--duration", String(seconds),
                "--fps", String(rate), "-q", "-o", folder + "/growth.mp4", "--library", path,
            ])
            print(
                "compose of \(seconds) s in \(seconds * rate) frames: "
                    + "\(rounded(child.peakMebibytes)) MiB at most"
            )
        }
        let session = Session(library: try Library.open(at: path))
        try render(session)
        try ingest(session)
        try search(session, path)
    }

    /// Whole processes of `vsdb similar` beside more and more clips; indexes are current, files in the system's cache.
    private func search(_ session: Session, _ path: String) throws {
        for stored in [10_000, 100_000] {
            try fill(session, to: stored)
            let similar = [program, "similar", "figure00_motion00", "-q", "--library", path]
            let first = try Comparison.milliseconds { _ = try ChildProcess(similar) }
            print("similar beside \(stored): \(rounded(first)) ms where the index lacks new clips")
            for more in [[], ["--mask", "right-arm"], ["--exact"], ["--by", "content"]] {
                var readings: [Double] = []
                for _ in 0..<9 {
                    readings.append(
                        try Comparison.milliseconds { _ = try ChildProcess(similar + more) }
                    )
                }
                print("  \(rounded(readings.median)) ms \(more.joined(separator: " "))")
            }
        }
    }

    /// A line through the times of renders of more and more frames.
    private func render(_ session: Session) throws {
        var points: [(frames: Double, milliseconds: Double)] = []
        for frames in [50, 100, 200, 400, 800, 1600] {
            var request = CompositionRequest(content: "figure00_motion00")
            request.timing.duration = Double(frames) / 25
            let recipe = try session.compose(request).recipe
            var options = RenderOptions()
            options.output = folder + "/growth.mp4"
            var readings: [Double] = []
            for _ in 0..<3 {
                readings.append(
                    try Comparison.milliseconds { _ = try session.render(recipe, options) }
                )
            }
            points.append((Double(frames), readings.median))
        }
        let count = Double(points.count)
        let meanX = points.reduce(0) { $0 + $1.frames } / count
        let meanY = points.reduce(0) { $0 + $1.milliseconds } / count
        let slope =
            points.reduce(0) { $0 + ($1.frames - meanX) * ($1.milliseconds - meanY) }
            / points.reduce(0) { $0 + ($1.frames - meanX) * ($1.frames - meanX) }
        let intercept = meanY - slope * meanX
        print("render into an mp4: \(rounded(intercept)) ms + \(rounded(slope)) ms a frame")
        for point in points {
            let line = intercept + slope * point.frames
            print(
                "  \(Int(point.frames)) frames: \(rounded(point.milliseconds)) ms, the line says "
                    + "\(rounded(line))"
            )
        }
    }

    /// The same clip, one frame shorter each time, into a library of ten clips and of ten thousand.
    private func ingest(_ session: Session) throws {
        var first = 0
        func cost() throws -> Double {
            var readings: [Double] = []
            for _ in 0..<9 {
                first += 1
                var request = IngestRequest(inputs: [Self.clip])
                request.start = 0.04 * Double(first)
                readings.append(
                    try Comparison.milliseconds { _ = try session.ingest(request) }
                )
            }
            return readings.median
        }
        var before = 0.0
        for stored in [10, 10_000] {
            try fill(session, to: stored)
            let after = try cost()
            print("ingest of one clip beside \(stored): \(rounded(after)) ms")
            if before > 0 { print("  \(rounded(100 * after / before)) % of the former") }
            before = after
        }
    }

    private func fill(_ session: Session, to count: Int) throws {
        let held = try session.library.clips().count
        guard held < count else { return }
        try RandomClips(like: session).fill(session, numbers: held..<count)
        // What the system still writes is not a cost of the next ingest.
        sync()
    }

    private func rounded(_ value: Double) -> String {
        value.formatted(.number.precision(.significantDigits(3)).grouping(.never))
    }
}

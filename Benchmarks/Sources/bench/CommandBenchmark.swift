import Foundation
import Kernels
import Store
import Tensors

/// Measures the built program from outside, as a user meets it: a new process each time.
struct CommandBenchmark {
    private static let clips = "Samples/clips"
    private static let pack = "Samples/packs/paper-doll"
    /// 24 clips of 50 frames at 25 per second.
    private static let clipSeconds = 48

    let program: String
    let folder: String
    let table: Comparison

    /// A library with all sample clips, once `run` is done.
    var library: String { folder + "/library" }

    /// Start, ingest, start to first frame, whole command, and their memory.
    func run() throws {
        try table.add("vsdb --version, whole process", "ms") {
            1000 * (try ChildProcess([program, "--version"]).seconds)
        }
        var peaks: [Double] = []
        try table.add("ingest of the sample clips, a second of video", "s", per: Self.clipSeconds) {
            try makeLibrary(library)
            let child = try vsdb(["ingest", Self.clips, "-q"])
            peaks.append(child.peakMebibytes)
            return child.seconds
        }
        table.add("ingest of the sample clips, peak memory", "MiB", peaks)
        if !FileManager.default.fileExists(atPath: library) {
            try makeLibrary(library)
            _ = try vsdb(["ingest", Self.clips, "-q"])
        }
        try compose()
    }

    private func compose() throws {
        let composition = [
            "compose", "--content", "figure00_motion00", "--motion", "figure01_motion13", "-q",
        ]
        let assets = folder + "/assets.safetensors"
        if PeerProcess.isInstalled { try writeAssets(assets) }
        let cold = [
            PeerProcess.interpreter, "Benchmarks/peers/sample_pack.py",
            String(ThreadPool.threadCount), assets,
        ]
        var pictures: (ours: Data, peer: Data)?
        try table.add(
            "compose, start of process to first frame",
            "ms",
            peer: PeerProcess.isInstalled
                ? {
                    let child = try ChildProcess(cold, environment: PeerProcess.environment)
                    pictures?.peer = child.output
                    return 1000 * (try firstByte(child))
                } : nil
        ) {
            let child = try vsdb(composition + ["-o", "-"])
            pictures = (child.output, pictures?.peer ?? Data())
            return 1000 * (try firstByte(child))
        }
        if let pictures, !pictures.peer.isEmpty {
            let differences = zip(pictures.ours, pictures.peer).map { abs(Int($0) - Int($1)) }
            note("the peer's first frame differs by \(differences.max() ?? 0) of 255 at most")
        }
        var peaks: [Double] = []
        try table.add("compose, whole process, 50 frames to mp4", "ms") {
            let child = try vsdb(composition + ["-o", folder + "/film.mp4"])
            peaks.append(child.peakMebibytes)
            return 1000 * child.seconds
        }
        table.add("compose, peak memory", "MiB", peaks)
    }

    /// Ten seconds of 1280x720, by the whole command and by the peers' function with compiled networks.
    func runFilm(_ film: String, peerFolder: String) throws {
        let own = folder + "/film-library"
        try table.add(
            "ingest of 10 s of 1280x720, whole command",
            "ms",
            peer: table.peers.map { peers in { try peers.milliseconds("ingest") } }
        ) {
            try makeLibrary(own)
            let child = try ChildProcess([program, "ingest", film, "-q", "--library", own])
            return 1000 * child.seconds
        }
        let isMeasured = FileManager.default.fileExists(atPath: peerFolder)
        guard isMeasured else { return }
        let stored = try Library.open(at: own)
        for kind in [AssetKind.content, .dynamics, .style, .look] {
            let distances = try stored.clips().sorted { $0.start < $1.start }.enumerated().map {
                index,
                clip in
                let file = try SafetensorsFile(path: "\(peerFolder)/\(index).safetensors")
                guard let ours = try stored.tensor(of: clip.id, kind)?.float.scalars,
                    let peers = file.raw("\(kind)")?.float.scalars
                else { throw BenchError("clip \(index) has no \(kind)") }
                return zip(ours, peers).map { abs($0 - $1) }.max() ?? 0
            }
            // Most of it comes from the peer's libav, which is newer and converts colours otherwise.
            note("the peer's \(kind) differs by \(distances.max() ?? 0) at most")
        }
    }

    /// What the peers compose of: the assets that the composition names.
    private func writeAssets(_ path: String) throws {
        let stored = try Library.open(at: library)
        func asset(_ clip: String, _ kind: AssetKind) throws -> RawTensor {
            guard let id = try stored.clips().first(where: { $0.name == clip })?.id,
                let tensor = try stored.tensor(of: id, kind)
            else { throw BenchError("\(clip) has no \(kind)") }
            return tensor
        }
        let data = try SafetensorsFile.encode([
            "content": asset("figure00_motion00", .content),
            "style": asset("figure00_motion00", .style),
            "dynamics": asset("figure01_motion13", .dynamics),
        ])
        try data.write(to: URL(fileURLWithPath: path))
    }

    /// One minute and ten minutes of one video: the peak memory is to be the same.
    func runLong() throws {
        let film = folder + "/long.mp4"
        note("drawing ten minutes of 320x240")
        try LongVideo(width: 320, height: 240, seconds: 600).write(to: film)
        for minutes in [1, 10] {
            note("ingesting the first \(minutes) min")
            let long = folder + "/long-\(minutes)"
            try makeLibrary(long)
            let child = try ChildProcess([
                program, "ingest", film, "--end", String(60 * minutes), "-q", "--library", long,
            ])
            let name = "ingest of \(minutes) min at 320x240"
            table.add("\(name), a second of video", "s", [child.seconds / Double(60 * minutes)])
            table.add("\(name), peak memory", "MiB", [child.peakMebibytes])
        }
    }

    /// An empty library with the sample pack.
    private func makeLibrary(_ path: String) throws {
        // The first time nothing is there; what cannot be removed fails in the next line.
        try? FileManager.default.removeItem(atPath: path)
        _ = try ChildProcess([program, "init", path, "-q"])
        _ = try ChildProcess([program, "pack", "add", Self.pack, "-q", "--library", path])
    }

    private func vsdb(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess([program] + arguments + ["--library", library])
    }

    private func firstByte(_ child: ChildProcess) throws -> Double {
        guard let seconds = child.firstByteSeconds else { throw BenchError("nothing was written") }
        return seconds
    }

    private func note(_ text: String) {
        FileHandle.standardError.write(Data("bench: \(text)\n".utf8))
    }
}

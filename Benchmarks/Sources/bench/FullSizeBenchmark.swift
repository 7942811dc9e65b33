import Foundation
import PaperSizes

/// A pack of published sizes: which files it is made of, and what no tensor tells.
struct FullSizeCase {
    let name: String
    /// Files by the option that they are given to; without one, all their networks are taken.
    let files: [(option: String?, model: PaperModel)]
    let options: [String]

    static let all = [
        FullSizeCase(
            name: "square-authors",
            files: [
                ("--encoder", .pSp), ("--clip", .clip), ("--dino", .dino), ("--dynamics", .authors),
            ],
            options: ["--video-length", "100"]
        ),
        FullSizeCase(
            name: "square-paper",
            files: [
                ("--generator", .nvidia), ("--encoder", .pSp), ("--clip", .clip),
                ("--dino", .dino), ("--dynamics", .paper),
            ],
            options: ["--video-length", "100"]
        ),
        FullSizeCase(
            name: "human-authors",
            files: [(nil, .fashion), ("--encoder", .pSp)],
            options: ["--video-length", "50", "--frame-size", "96x128"]
        ),
    ]

    /// The files of all networks.
    var models: [PaperModel] { files.map(\.model) }
}

/// Makes checkpoints of published sizes and does with them what a user would, a new process each time.
struct FullSizeBenchmark {
    private static let clip = "Samples/clips/figure00_motion00.mp4"
    private static let name = "figure00_motion00"
    private static let frames = 5

    let program: String
    let folder: String

    private var checkpoints: String { folder + "/checkpoints" }

    /// Seconds, memory and bytes of every stage.
    ///
    /// - Parameter only: The name of one case; nil for all.
    /// - Returns: The stages in their order.
    /// - Throws: `BenchError` if a command fails.
    func run(only: String?) throws -> [FullSizeStage] {
        let cases = FullSizeCase.all.filter { only == nil || $0.name == only }
        guard !cases.isEmpty else {
            let names = FullSizeCase.all.map(\.name).joined(separator: ", ")
            throw BenchError("--case \(only ?? ""): give one of \(names)")
        }
        try FileManager.default.createDirectory(
            atPath: checkpoints,
            withIntermediateDirectories: true
        )
        var stages: [FullSizeStage] = []
        for model in PaperModel.allCases where cases.contains(where: { $0.models.contains(model) })
        {
            let file = checkpoints + "/" + model.fileName
            let child = try worker(["--write-model", model.rawValue, checkpoints])
            stages.append(.init("checkpoints", "write \(model.rawValue)", child, file: file))
        }
        for one in cases { stages += try run(one) }
        return stages
    }

    private func run(_ one: FullSizeCase) throws -> [FullSizeStage] {
        let library = "\(folder)/\(one.name)"
        defer { try? FileManager.default.removeItem(atPath: library) }
        _ = try ChildProcess([program, "init", library, "-q"])
        var stages: [FullSizeStage] = []
        func vsdb(_ stage: String, file: String? = nil, _ words: [String]) throws -> ChildProcess {
            note("\(one.name): \(stage)")
            let child = try ChildProcess([program] + words + ["--library", library])
            stages.append(.init(one.name, stage, child, file: file))
            return child
        }
        let pack = "\(library)/packs/\(one.name)"
        _ = try vsdb("pack create", file: pack, create(one))
        _ = try vsdb("pack verify", ["pack", "verify", one.name, "-q"])
        _ = try vsdb("ingest, a clip of 2 s", ["ingest", Self.clip, "-q"])
        let composed = try vsdb("compose, 5 frames to mp4", compose(to: library + "/film.mp4"))
        stages += try frames(of: composed, in: one.name)
        _ = try vsdb(
            "compose with a text edit, 1 frame",
            compose(to: library + "/green.mkv", frames: 1)
                + ["--from", "a purple top", "--to", "a green top"]
        )
        _ = try vsdb(
            "render, 5 pictures",
            [
                "render", "film", "-o", library + "/pictures/%05d.png", "-q",
            ]
        )
        _ = try vsdb("sample", ["sample", "--seed", "7", "--psi", "0.7", "-q"])
        for network in FullSizeWorker.Network.allCases {
            note("\(one.name): \(network.rawValue) alone")
            let child = try worker(["--network", network.rawValue, pack])
            stages += try FullSizeWorker.stages(of: child, network, in: one.name)
        }
        return stages
    }

    private func create(_ one: FullSizeCase) -> [String] {
        let files = one.files.flatMap { option, model in
            [option].compactMap { $0 } + [checkpoints + "/" + model.fileName]
        }
        return ["pack", "create", one.name, "-q"] + files + one.options
    }

    private func compose(to file: String, frames: Int = Self.frames) -> [String] {
        let save = frames == Self.frames ? ["--save", "film"] : []
        return ["compose", "--content", Self.name, "--motion", Self.name, "--json"]
            + ["--frames", String(frames), "-o", file] + save
    }

    /// What the command reports of its frames: until the first is there, and each after it.
    private func frames(
        of child: ChildProcess,
        in group: String
    ) throws -> [FullSizeStage] {
        struct Done: Decodable {
            struct Report: Decodable {
                let frameCount: Int
                let renderMilliseconds: Double
                let firstFrameMilliseconds: Double
            }

            let report: Report
        }
        let lines = child.output.split(separator: UInt8(ascii: "\n"))
        // Lines of other events, such as progress, are no reports.
        let done = lines.compactMap { try? JSONDecoder().decode(Done.self, from: $0) }
        guard let report = done.last?.report, report.frameCount > 1 else {
            throw BenchError("compose --json said nothing of its frames")
        }
        let rest = report.renderMilliseconds - report.firstFrameMilliseconds
        return [
            .init(group, "  first frame, networks read", report.firstFrameMilliseconds / 1000),
            .init(group, "  each further frame", rest / Double(report.frameCount - 1) / 1000),
        ]
    }

    private func worker(_ words: [String]) throws -> ChildProcess {
        try ChildProcess([CommandLine.arguments[0]] + words)
    }

    private func note(_ text: String) {
        FileHandle.standardError.write(Data("bench: \(text)\n".utf8))
    }
}

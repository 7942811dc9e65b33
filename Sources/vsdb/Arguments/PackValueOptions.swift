import ArgumentParser
import Packs

/// What no tensor tells about a new pack.
struct PackValueOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "JSON with keys of pack.json that no weights tell, in part or all.",
            valueName: "file"
        ),
        completion: .file(extensions: ["json"])
    )
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Frames of a training video, one unit of time; else as the checkpoint says.",
            valueName: "frames"
        )
    )
    var videoLength: Int?

    @Option(
        help: ArgumentHelp("Frames a second of the training videos; else 25.", valueName: "fps")
    )
    var frameRate: Double?

    @Option(help: ArgumentHelp("How many frames of a clip are observed; else 12.", valueName: "n"))
    var observedFrames: Int?

    @Option(
        help: ArgumentHelp(
            "Width and height of the dynamics encoder's frames, such as 96x128.",
            valueName: "WxH"
        )
    )
    var frameSize: SizeArgument?

    @Option(
        help: ArgumentHelp(
            "Attention heads of the conditional model; else width/64.",
            valueName: "n"
        )
    )
    var modulationHeads: Int?

    @Option(
        help: ArgumentHelp(
            "Coarse, medium and fine W+ layers; else 4,6,8 of 18.",
            valueName: "c,m,f"
        )
    )
    var groups: GroupsArgument?

    @Option(help: ArgumentHelp("Attention heads of DINO; else width/64.", valueName: "n"))
    var dinoHeads: Int?

    @Option(help: ArgumentHelp("Under which licence the weights may be used.", valueName: "text"))
    var licence: String?

    mutating func validate() throws {
        let counts = [
            ("--video-length", videoLength), ("--observed-frames", observedFrames),
            ("--modulation-heads", modulationHeads), ("--dino-heads", dinoHeads),
        ]
        for (flag, value) in counts {
            if let value, !(1...100_000).contains(value) {
                throw ValidationError("\(flag) \(value): give a number from 1 up")
            }
        }
        try requireNumber("--frame-rate", frameRate, in: 0.01...10_000, "frames a second")
    }

    /// The keys of `pack.json` that were given.
    var tree: ConfigTree {
        var tree = ConfigTree.object([:])
        tree["time.frameRate"] = frameRate.map { .number($0) }
        tree["time.observedFrames"] = observedFrames.map { .integer($0) }
        tree["licence"] = licence.map { .text($0) }
        if let frameSize {
            tree["dynamics.config.imageHeight"] = .integer(frameSize.height)
            tree["dynamics.config.imageWidth"] = .integer(frameSize.width)
        }
        if let modulationHeads { tree["dynamics.modulation.heads"] = .integer(modulationHeads) }
        if let groups {
            tree["dynamics.modulation.groups"] = .list(groups.counts.map { .integer($0) })
        }
        if let dinoHeads { tree["dino.config.heads"] = .integer(dinoHeads) }
        return tree
    }
}

/// The value of `--frame-size`: width, an x, height.
struct SizeArgument: ExpressibleByArgument, Sendable {
    let width: Int
    let height: Int

    init?(argument: String) {
        let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let width = parts[0], let height = parts[1],
            (1...4096).contains(width), (1...4096).contains(height)
        else { return nil }
        self.width = width
        self.height = height
    }
}

/// The value of `--groups`: three counts with commas between them.
struct GroupsArgument: ExpressibleByArgument, Sendable {
    let counts: [Int]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        let counts = parts.compactMap { $0 }
        guard parts.count == 3, counts.count == 3, counts.allSatisfy({ (1...64).contains($0) })
        else { return nil }
        self.counts = counts
    }
}

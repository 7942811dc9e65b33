import Dolls
import FoundationEssentials

/// `samples.json` as `vsdb eval --samples` reads it; docs/evaluation.md describes it.
struct SamplesDocument: Encodable {
    struct Film: Encodable {
        var path: String
        var seconds: [Double]?
        var joints: String?
        var background: String?
    }

    struct Clip: Encodable {
        var name: String
        var film: Film
        var window: Int
        var caption: String
        var attributes: [String: String]
    }

    struct Pair: Encodable {
        var content: String
        var motion: String
        var truth: Film
    }

    struct Masked: Encodable {
        var content: String
        var motion: String
        var regions: [String]
        var movedJoints: [String]
        var truth: Film
    }

    struct Edit: Encodable {
        var clip: String
        var from: String
        var to: String
        var attribute: String
        var value: String
        var candidates: [String]
        var truth: Film
    }

    struct Interpolation: Encodable {
        var clip: String
        var observed: [Int]
    }

    struct Performance: Encodable {
        var name: String
        var part: String
        var label: String
        var motions: [String: String]
        var film: Film
    }

    var format = 1
    var name: String
    var source: String
    var split: String
    var frameRate = 25.0
    var jointNames = Skeleton.jointNames
    var judges: String?
    var extrapolation = [1.25, 1.5]
    var clips: [Clip] = []
    var pairs: [Pair] = []
    var masked: [Masked] = []
    var edits: [Edit] = []
    var interpolation: [Interpolation] = []
    var performances: [Performance] = []
}

/// Draws a set and writes its films.
struct EvaluationFolder {
    let set: EvaluationSet
    let folder: URL
    private let drawing = Drawing()

    init(_ set: EvaluationSet, folder: URL) {
        (self.set, self.folder) = (set, folder)
    }

    /// Writes everything, the manifest last.
    func write(_ document: SamplesDocument) throws {
        var document = document
        for clip in 0..<set.figures {
            let figure = set.world.figure(clip)
            let all = Array(0..<EvaluationSet.frames)
            try background(clip)
            document.clips.append(
                SamplesDocument.Clip(
                    name: name(clip),
                    film: try film("\(name(clip))/own", clip, figure, all) { set.pose(clip, $0) },
                    window: EvaluationSet.window,
                    caption: figure.caption,
                    attributes: Dictionary(
                        uniqueKeysWithValues: Attribute.allCases.map {
                            (String(describing: $0), figure.value(of: $0))
                        }
                    )
                )
            )
            let partner = set.partner(clip)
            document.pairs.append(
                SamplesDocument.Pair(
                    content: name(clip),
                    motion: name(partner),
                    truth: try film("\(name(clip))/as-\(name(partner))", clip, figure, all) {
                        set.pose(partner, $0)
                    }
                )
            )
            try masked(clip, &document)
            try edits(clip, &document)
            document.interpolation.append(
                SamplesDocument.Interpolation(
                    clip: name(clip),
                    observed: set.sparseFrames(clip)
                )
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try encoder.encode(document).write(to: folder.appendingPathComponent("samples.json"))
    }

    private func name(_ clip: Int) -> String {
        let digits = String(clip)
        return "figure" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }

    private func masked(_ clip: Int, _ document: inout SamplesDocument) throws {
        let figure = set.world.figure(clip)
        for part in Pose.Part.allCases {
            let truth = try film(
                "\(name(clip))/\(part.rawValue)",
                clip,
                figure,
                EvaluationSet.someFrames
            ) { set.mixed(clip, part, $0) }
            document.masked.append(
                SamplesDocument.Masked(
                    content: name(clip),
                    motion: name(set.partner(clip)),
                    regions: [part.rawValue],
                    movedJoints: part.joints,
                    truth: truth
                )
            )
        }
    }

    private func edits(_ clip: Int, _ document: inout SamplesDocument) throws {
        let figure = set.world.figure(clip)
        for attribute in figure.editable {
            let edit = set.edit(clip, attribute)
            let truth = try film(
                "\(name(clip))/\(attribute)",
                clip,
                edit.target,
                EvaluationSet.someFrames
            ) { set.pose(clip, $0) }
            document.edits.append(
                SamplesDocument.Edit(
                    clip: name(clip),
                    from: figure.caption,
                    to: edit.target.caption,
                    attribute: String(describing: attribute),
                    value: edit.target.value(of: attribute),
                    candidates: edit.candidates.map(\.caption),
                    truth: truth
                )
            )
        }
    }

    /// Draws a film and its joints beside it.
    private func film(
        _ path: String,
        _ clip: Int,
        _ figure: Figure,
        _ frames: [Int],
        _ pose: (Int) -> Pose
    ) throws -> SamplesDocument.Film {
        var file = FilmFile(width: 128, height: 128, frameRate: 25)
        var joints: [[[Double]]] = []
        for frame in frames {
            file.append(drawing.draw(figure, pose(frame)))
            joints.append(
                Skeleton(figure, pose(frame)).joints.map {
                    [($0.x * 100).rounded() / 100, ($0.y * 100).rounded() / 100]
                }
            )
        }
        try file.write(to: folder.appendingPathComponent(path + ".avi"))
        try JSONEncoder().encode(joints).write(to: folder.appendingPathComponent(path + ".json"))
        let isWhole = frames == Array(0..<frames.count)
        return SamplesDocument.Film(
            path: path + ".avi",
            seconds: isWhole ? nil : frames.map { Double($0) / 25 },
            joints: path + ".json",
            background: "\(name(clip))/background.avi"
        )
    }

    private func background(_ clip: Int) throws {
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent(name(clip)),
            withIntermediateDirectories: true
        )
        var file = FilmFile(width: 128, height: 128, frameRate: 25)
        file.append(drawing.drawBackground(of: set.world.figure(clip), set.pose(clip, 0)))
        let path = "\(name(clip))/background.avi"
        try file.write(to: folder.appendingPathComponent(path))
    }
}

extension Pose.Part {
    /// The joints that a part takes along.
    var joints: [String] {
        switch self {
        case .rightArm: ["rightElbow", "rightHand"]
        case .leftArm: ["leftElbow", "leftHand"]
        case .legs: ["rightKnee", "rightFoot", "leftKnee", "leftFoot"]
        case .torso:
            [
                "head", "neck", "hip", "rightShoulder", "rightElbow", "rightHand", "leftShoulder",
                "leftElbow", "leftHand",
            ]
        case .head: ["head"]
        }
    }
}

/// `draw-dolls eval-set`.
func writeEvaluationSet(_ options: Options) throws {
    let figures = try options.number("figures")
    let motions = try options.number("motions", figures)
    guard figures > 1, (2...figures).contains(motions) else {
        throw UsageError(
            description:
                "--figures \(figures) --motions \(motions): at least 2, and no more motions "
                + "than figures"
        )
    }
    let world = try options.world
    let folder = URL(fileURLWithPath: try options.text("folder"), isDirectory: true)
    let set = EvaluationSet(world, figures: figures, motions: motions)
    let document = SamplesDocument(
        name: "dolls, \(figures) figures and \(motions) motions",
        source: "draw-dolls eval-set --seed \(world.seed) --split \(world.split) "
            + "--figures \(figures) --motions \(motions)",
        split: String(describing: world.split),
        judges: options.has("judges") ? try options.text("judges") : nil
    )
    try EvaluationFolder(set, folder: folder).write(document)
}

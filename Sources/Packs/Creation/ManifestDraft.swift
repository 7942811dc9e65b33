internal import Foundation
internal import Models
internal import Tensors

/// `pack.json` while it is worked out: defaults, then tensors and options of the files, then the user's word.
struct ManifestDraft {
    /// Defaults that were taken.
    private(set) var notes: [String] = []
    /// Defaults that may well be wrong, and sizes that hardly fit.
    private(set) var warnings: [String] = []

    private let request: PackRequest
    private var tree: ConfigTree
    private let user: ConfigTree
    private let userDocument: (path: String, data: Data)?
    private var open: [OpenKey] = []

    /// Keys that are not for a user to state.
    private static let reserved = ["format", "name", "provenance"]
    private static let reservedParts = ["weights", "latentAverage", "vocabulary", "merges"]
    private static let zeros = String(repeating: "0", count: 64)

    init(_ request: PackRequest, _ choice: SourceChoice) throws {
        self.request = request
        userDocument = try request.config.map { path in
            guard let data = FileManager.default.contents(atPath: path) else {
                throw PackError(.badRequest, "--config \"\(path)\": there is no readable file")
            }
            return (path, data)
        }
        user = try Self.userTree(userDocument).overlaid(by: request.values)
        for kind in NetworkKind.allCases where choice.chosen[kind] == nil {
            guard let keys = user[kind.rawValue]?.leafKeys.first else { continue }
            throw PackError(
                .badRequest,
                "the key \(kind.rawValue)\(keys.isEmpty ? "" : ".\(keys)") is stated, but no file "
                    + "brings \(kind.title)"
            )
        }
        tree = FieldDefaults.manifest
        tree["name"] = .text(request.name)
        tree["licence"] = .text("not stated")
        tree["provenance"] = .text("")
        let generator = choice.chosen[.generator].map { $0.1.known }
        let sizes = generator?["config"]?.decoded(as: StyleGAN2Config.self)
        for kind in NetworkKind.allCases {
            guard let (_, network) = choice.chosen[kind] else { continue }
            add(network, generator: sizes)
        }
        tree["summary"] = .text(summary(choice))
        addTime(choice)
        tree = tree.overlaid(by: user)
    }

    private static func userTree(_ document: (path: String, data: Data)?) throws -> ConfigTree {
        guard let (path, data) = document else { return .object([:]) }
        let tree: ConfigTree
        do {
            tree = try JSONDecoder().decode(ConfigTree.self, from: data)
        } catch {
            throw PackError(.badRequest, "--config \"\(path)\": it \(JSONFault.text(data, error))")
        }
        guard tree.members != nil else {
            throw PackError(.badRequest, "--config \"\(path)\": it is no JSON object")
        }
        for key in tree.leafKeys {
            let parts = key.split(separator: ".").map(String.init)
            let isReserved =
                reserved.contains(key)
                || parts.dropFirst().first.map(reservedParts.contains) == true
            if isReserved {
                throw PackError(
                    .badRequest,
                    "--config \"\(path)\": the key \(key) is written by vsdb; leave it out"
                )
            }
        }
        return tree
    }

    private func summary(_ choice: SourceChoice) -> String {
        let frame = choice.chosen[.generator]?.1.summary ?? ""
        let others = NetworkKind.allCases.dropFirst().filter { tree[$0.rawValue] != nil }
        return frame
            + (others.isEmpty ? "" : "; with \(others.map(\.title).joined(separator: ", "))")
    }

    /// Puts a network's keys in: its tensors' and options' over the defaults.
    private mutating func add(_ network: RecognizedNetwork, generator: StyleGAN2Config?) {
        let kind = network.kind
        let stated = user[kind.rawValue] ?? .object([:])
        let known = network.known.overlaid(by: stated)
        let (assumed, open) = FieldDefaults.complete(kind, known, generator: generator)
        // A null of the user is a statement too: there is no such value.
        for key in assumed.leafKeys where stated[key] == nil {
            guard let value = assumed[key] else { continue }
            notes.append("\(kind.rawValue).\(key): assumed \(value.text)")
            if let doubt = Self.doubt(kind, key, value) { warnings.append(doubt) }
        }
        // Nothing but training needs DINO: it does not stop a pack.
        if kind == .dino, !open.isEmpty, stated.leafKeys == [], request.files[.dino] == nil {
            notes.append(
                "no DINO: no tensor tells its attention heads, a divisor of the width "
                    + "\(known["config.width"]?.text ?? "") (--dino-heads N brings it)"
            )
            return
        }
        self.open += open
        var tree = assumed.overlaid(by: network.known)
        tree["weights"] = .object([
            "path": .text(PackPlan.fileName(kind)), "sha256": .text(Self.zeros),
            "prefix": .text(kind == .encoder ? "encoder." : ""),
        ])
        if kind == .encoder, network.latentAverage != nil {
            tree["latentAverage"] = .text(PackPlan.latentAverageName)
        }
        self.tree[kind.rawValue] = tree
    }

    /// What is said of a default that no tensor backs and that changes pictures.
    private static func doubt(_ kind: NetworkKind, _ key: String, _ value: ConfigTree) -> String? {
        switch (kind, key) {
        case (.dynamics, "modulation.heads"):
            "assumed \(value.text) attention heads of the conditional model; a wrong number gives wrong "
                + "pictures: state --modulation-heads"
        case (.dynamics, "modulation.deltaScale"):
            "assumed the deltaScale \(value.text), the authors' delta_inversion_weight; a wrong number "
                + "gives wrong pictures: state dynamics.modulation.deltaScale in --config F"
        default: nil
        }
    }

    /// Frames that are wider or narrower than the pictures that are made of them.
    private static func aspectWarning(_ manifest: PackManifest) -> String? {
        guard let frame = manifest.dynamics?.config else { return nil }
        let picture = manifest.generator.config
        guard frame.imageWidth * picture.height != frame.imageHeight * picture.width else {
            return nil
        }
        return "the dynamics encoder's frames are \(frame.imageWidth)x\(frame.imageHeight), the "
            + "generator's pictures \(picture.width)x\(picture.height): another aspect; sizes are "
            + "WIDTHxHEIGHT, see --frame-size"
    }

    /// The clock: one unit of t is the nominal length of a training video.
    private mutating func addTime(_ choice: SourceChoice) {
        let rate = user["time.frameRate"]?.number ?? FieldDefaults.frameRate
        let unit: Double
        if let stated = user["time.unitSeconds"]?.number {
            unit = stated
        } else if let recognition = choice.chosen[.dynamics]?.0 {
            let length = request.videoLength ?? recognition.videoLength
            if length == nil {
                open.append(
                    OpenKey(
                        key: "time.unitSeconds",
                        option: "--video-length",
                        meaning: "frames of a training video, the authors' video_length"
                    )
                )
            }
            unit = Double(length ?? 1) / rate
            notes.append(
                "time.unitSeconds: \(length ?? 1) frames at \(ConfigTree.number(rate).text) a second"
            )
        } else {
            unit = Self.secondsWithoutMotion
        }
        for key in ["unitSeconds", "clipSeconds", "trainedSeconds"] {
            tree["time.\(key)"] = .number(unit)
        }
        for key in ["frameRate", "observedFrames"] where user["time.\(key)"] == nil {
            notes.append("time.\(key): assumed \(tree["time.\(key)"]?.text ?? "")")
        }
    }

    /// The length of clips of a pack in which nothing moves.
    private static let secondsWithoutMotion = 2.0

    /// Names the vocabulary's files.
    mutating func add(_ vocabulary: VocabularyFiles) {
        func file(_ name: String) -> ConfigTree {
            .object(["path": .text(name), "sha256": .text(Self.zeros)])
        }
        tree["clip.merges"] = file(VocabularyFiles.mergesName)
        if vocabulary.symbols != nil {
            tree["clip.vocabulary"] = file(VocabularyFiles.symbolsName)
        }
    }

    /// The finished document, hashes of files still zero.
    mutating func manifest(_ choice: SourceChoice) throws -> PackManifest {
        if !open.isEmpty { throw question() }
        let source = request.config.map { "--config \"\($0)\"" } ?? "pack \"\(request.name)\""
        var manifest: PackManifest
        do {
            manifest = try StrictJSON.decode(PackManifest.self, from: tree.data(), source: source)
            if let (path, data) = userDocument,
                let key = try StrictJSON.unknownKey(in: data, decoded: manifest)
            {
                throw PackError(
                    .badRequest,
                    "--config \"\(path)\": the key \(key) is not known, or belongs to a network that "
                        + "the pack has not"
                )
            }
            try manifest.validate()
        } catch let error as ConfigError {
            throw refusal(of: error) ?? PackError(.weightsMismatch, misfit(error, choice))
        } catch let error as PackError where error.kind == .badManifest {
            throw PackError(.badRequest, error.description)
        }
        if let warning = Self.aspectWarning(manifest) { warnings.append(warning) }
        manifest.provenance = Provenance.text(of: choice.files, maker: request.maker)
        return manifest
    }

    /// Asks for everything that is missing at once.
    private func question() -> PackError {
        var options: [String] = []
        var lines: [String] = []
        for open in open where !options.contains("\(open.option) \(open.meaning)") {
            options.append("\(open.option) \(open.meaning)")
            lines.append("\(open.key) (\(open.meaning)): give \(open.option)")
        }
        return PackError(
            .badRequest,
            "pack \"\(request.name)\": no tensor and no option of the files tells "
                + lines.joined(separator: "; ") + ", or state the key in --config F"
        )
    }

    /// The refusal of a value that the user stated, with the option that stated it; nil for what files say.
    private func refusal(of error: ConfigError) -> PackError? {
        let frame = ["dynamics.config.imageHeight", "dynamics.config.imageWidth"]
        let keys = error.key == "dynamics.modulation.positions" ? frame : [error.key]
        guard let key = keys.first(where: { user[$0] != nil }) else { return nil }
        let isOption = request.values[key] != nil
        let option =
            switch key {
            case "dynamics.modulation.heads": "--modulation-heads"
            case "dynamics.modulation.groups": "--groups"
            case "dino.config.heads": "--dino-heads"
            case "time.frameRate": "--frame-rate"
            case "time.observedFrames": "--observed-frames"
            default: frame.contains(key) ? "--frame-size" : key
            }
        let place = isOption ? option : "--config \"\(request.config ?? "")\""
        return PackError(
            .badRequest,
            "\(place): the key \(error)\(isOption || option == key ? "" : "; see \(option)")"
        )
    }

    /// Two networks that do not fit together, with where they come from.
    private func misfit(_ error: ConfigError, _ choice: SourceChoice) -> String {
        let files = NetworkKind.allCases.compactMap { kind in
            choice.chosen[kind].map { "\(kind.rawValue) from \"\($0.0.file.path)\"" }
        }
        return "pack \"\(request.name)\" would not fit together: the key \(error) "
            + "(\(files.joined(separator: ", ")))"
    }
}

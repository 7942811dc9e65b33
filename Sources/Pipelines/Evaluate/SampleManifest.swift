internal import Foundation
internal import Packs

/// `samples.json`: clips with the truth about them, and what is to be made of them.
///
/// Any domain can write it; docs/evaluation.md says what every key means. Paths are relative to the folder.
struct SampleManifest: Codable, Sendable {
    static let name = "samples.json"
    static let currentFormat = 1

    /// A film with what is known about it.
    struct Film: Codable, Sendable {
        var path: String
        /// The second of each frame; frame k at k / frameRate if nil.
        var seconds: [Double]?
        /// JSON: for each frame the points `[x, y]` in the order of `jointNames`.
        var joints: String?
        /// A picture of what is behind the figure.
        var background: String?
        /// A film whose pixels above middle grey are the figure.
        var mask: String?
    }

    struct Clip: Codable, Sendable {
        var name: String
        var film: Film
        /// Frames that may be observed; the film may go on.
        var window: Int
        var caption: String?
        var attributes: [String: String]?
    }

    struct Pair: Codable, Sendable {
        var content: String
        var motion: String
        var truth: Film
    }

    struct Masked: Codable, Sendable {
        var content: String
        var motion: String
        var regions: [String]
        var movedJoints: [String]
        var truth: Film
    }

    struct Edit: Codable, Sendable {
        var clip: String
        var from: String
        var to: String
        var attribute: String
        var value: String
        var candidates: [String]
        var truth: Film?
    }

    struct Interpolation: Codable, Sendable {
        var clip: String
        var observed: [Int]
    }

    /// A film of which it is known what it shares with others.
    struct Performance: Codable, Sendable {
        var name: String
        /// `classes`, `motions`, `figures` or `combined`: what labels mean, and whom it is compared with.
        var part: String
        var label: String
        /// What each region of the pack does.
        var motions: [String: String]
        var film: Film
    }

    var format: Int
    var name: String
    var source: String
    var split: String
    var frameRate: Double
    var jointNames: [String]?
    var judges: String?
    var extrapolation: [Double]?
    var clips: [Clip]
    var pairs: [Pair]?
    var masked: [Masked]?
    var edits: [Edit]?
    var interpolation: [Interpolation]?
    var performances: [Performance]?

    /// Reads and checks the document of a folder.
    ///
    /// - Throws: `RequestError` if there is none, `PackError`, `.badManifest`, naming the key.
    static func read(_ folder: String) throws -> SampleManifest {
        let path = folder + "/" + name
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RequestError(
                "samples \"\(folder)\": there is no readable \(name) in it; docs/evaluation.md says what "
                    + "it holds"
            )
        }
        let source = "samples \"\(path)\""
        let manifest = try StrictJSON.decode(SampleManifest.self, from: data, source: source)
        if let problem = manifest.problem {
            throw PackError(.badManifest, "\(source): the key \(problem)")
        }
        return manifest
    }

    /// The first key whose value cannot be, and why; nil if all can.
    private var problem: String? {
        if format != Self.currentFormat {
            return "format is \(format), this vsdb reads \(Self.currentFormat)"
        }
        if !(frameRate > 0 && frameRate <= 1000) {
            return "frameRate is \(frameRate), expected 0 to 1000"
        }
        if clips.isEmpty, (performances ?? []).isEmpty {
            return "clips is empty, and there are no performances"
        }
        if let wrong = (extrapolation ?? []).first(where: { !($0 > 1 && $0 <= 10) }) {
            return "extrapolation holds \(wrong), expected windows from 1 to 10"
        }
        var seen: Set<String> = []
        for (index, clip) in clips.enumerated() {
            if !seen.insert(clip.name).inserted { return "clips.\(index).name is there twice" }
            if clip.window < 2 {
                return "clips.\(index).window is \(clip.window), expected 2 or more"
            }
        }
        return unknownName(seen) ?? wrongDetail ?? wrongPerformance
    }

    private var wrongPerformance: String? {
        let parts = ["classes", "motions", "figures", "combined"]
        return (performances ?? []).enumerated().first { !parts.contains($1.part) }
            .map {
                "performances.\($0).part is \"\($1.part)\", expected one of "
                    + parts.joined(separator: ", ")
            }
    }

    /// A clip that is named and not there.
    private func unknownName(_ known: Set<String>) -> String? {
        var uses: [(String, String)] = []
        for (index, pair) in (pairs ?? []).enumerated() {
            uses += [
                ("pairs.\(index).content", pair.content), ("pairs.\(index).motion", pair.motion),
            ]
        }
        for (index, item) in (masked ?? []).enumerated() {
            uses += [
                ("masked.\(index).content", item.content), ("masked.\(index).motion", item.motion),
            ]
        }
        uses += (edits ?? []).enumerated().map { ("edits.\($0).clip", $1.clip) }
        uses += (interpolation ?? []).enumerated().map { ("interpolation.\($0).clip", $1.clip) }
        return uses.first { !known.contains($0.1) }.map { "\($0.0): there is no clip \"\($0.1)\"" }
    }

    private var wrongDetail: String? {
        let joints = Set(jointNames ?? [])
        for (index, item) in (masked ?? []).enumerated() {
            if let joint = item.movedJoints.first(where: { !joints.contains($0) }) {
                return "masked.\(index).movedJoints: \"\(joint)\" is not in jointNames"
            }
            if item.regions.isEmpty { return "masked.\(index).regions is empty" }
        }
        for (index, edit) in (edits ?? []).enumerated() {
            if !edit.candidates.contains(edit.to) || Set(edit.candidates).count < 2 {
                return "edits.\(index).candidates must hold the text of \"to\" and others"
            }
        }
        for (index, item) in (interpolation ?? []).enumerated() {
            let window = clips.first { $0.name == item.clip }?.window ?? 0
            let isRising = zip(item.observed, item.observed.dropFirst()).allSatisfy { $0 < $1 }
            if item.observed.count < 2 || !isRising
                || !item.observed.allSatisfy({ (0..<window).contains($0) })
            {
                return
                    "interpolation.\(index).observed must rise within the window, two frames at least"
            }
        }
        return nil
    }
}

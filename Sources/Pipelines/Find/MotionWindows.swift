internal import Foundation
internal import Packs

/// The parts of clips that `--anywhere` looks at: about as long as the reference, a quarter of that apart.
///
/// An index holds parts of one length. Lengths are rounded to a half octave, so that there are few of them; the best parts
/// are then compared once more with the reference's own length, at finer steps.
struct MotionWindows: Equatable {
    /// Seconds of a part.
    let length: Double
    /// The length that the pack was trained on.
    private let standard: Double

    /// Parts of the length that the pack was trained on.
    init(_ pack: LoadedPack) { self.init(pack, seconds: pack.manifest.time.trainedSeconds) }

    /// Parts about as long as a reference, from an eighth of the length that the pack was trained on to four times it.
    init(_ pack: LoadedPack, seconds: Double) {
        standard = pack.manifest.time.trainedSeconds
        let octaves = seconds > 0 ? log2(seconds / standard) : 0
        length = standard * exp2((2 * min(max(octaves, -3), 2)).rounded() / 2)
    }

    /// What is added to the name of an index of them.
    var suffix: String {
        length == standard ? "-windows" : "-windows-\(Int((length * 1_000).rounded()))"
    }

    /// The parts that indexes in a folder are of, by their names.
    static func made(in folder: String, _ pack: LoadedPack) -> [MotionWindows] {
        // A folder that cannot be listed has no index that could be read.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return (-6...4).map { MotionWindows(pack, seconds: standardSeconds(pack, $0)) }
            .filter { names.contains(SearchAspect.motion.rawValue + $0.suffix) }
    }

    private static func standardSeconds(_ pack: LoadedPack, _ halfOctaves: Int) -> Double {
        pack.manifest.time.trainedSeconds * exp2(Double(halfOctaves) / 2)
    }

    /// Where parts of a clip begin, the last one at its end; one for a clip that is hardly longer than a part.
    func starts(_ duration: Double) -> [Double] {
        guard duration > 1.25 * length else { return [0] }
        let rest = duration - length
        let count = Int((rest / (length / 4)).rounded(.up))
        return (0...count).map { rest * Double($0) / Double(count) }
    }
}

extension Double {
    /// Seconds with at most two digits after the point.
    var shortSeconds: String {
        let text = String((self * 100).rounded() / 100)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

import ArgumentParser
import Pipelines

/// The value of `--mix`: a clip and how much of its motion is taken, `CLIP:WEIGHT`.
struct MixArgument: ExpressibleByArgument, Sendable {
    let reference: String
    let weight: Double

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), colon > argument.startIndex,
            let weight = Double(argument[argument.index(after: colon)...]), weight.isFinite
        else { return nil }
        reference = String(argument[..<colon])
        self.weight = weight
    }
}

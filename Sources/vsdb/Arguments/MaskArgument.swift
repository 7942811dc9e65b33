import ArgumentParser
import Foundation

/// The value of `--mask`: regions, cells or pictures, united by commas, each with a weight if wanted.
struct MaskArgument: ExpressibleByArgument, Sendable {
    /// The parts, such as `right-arm`, `left-half:0.5`, `0,2-5,4` or `mask.png`.
    let parts: [String]

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        // A file may have commas in its name.
        if FileManager.default.fileExists(atPath: argument) {
            parts = [argument]
            return
        }
        // Cells have commas of their own: put the pieces of r,c-r,c together again.
        var parts: [String] = []
        var pieces = argument.split(separator: ",", omittingEmptySubsequences: false)[...]
        while let piece = pieces.popFirst() {
            if piece.isCellNumber, pieces.count >= 2, pieces.first?.isCellMiddle == true {
                parts.append(([piece] + pieces.prefix(2)).joined(separator: ","))
                pieces = pieces.dropFirst(2)
            } else if piece.isCellNumber, let next = pieces.popFirst() {
                parts.append("\(piece),\(next)")
            } else {
                parts.append(String(piece))
            }
        }
        guard !parts.contains(where: \.isEmpty) else { return nil }
        self.parts = parts
    }
}

extension Substring {
    /// Digits only.
    fileprivate var isCellNumber: Bool { !isEmpty && allSatisfy(\.isASCIIDigit) }

    /// The middle of `r,c-r,c`: two numbers around a minus sign.
    fileprivate var isCellMiddle: Bool {
        let ends = split(separator: "-", omittingEmptySubsequences: false)
        return ends.count == 2 && ends.allSatisfy(\.isCellNumber)
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

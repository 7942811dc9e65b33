import Foundation

/// The parts of a reference to a clip: `NAME`, `NAME@2s-4s`, `NAME@1.5s-`, `NAME@-4s`, `NAME@2s`.
///
/// Times are seconds of the source file, from its first frame; the `s` may be left out.
struct Reference: Equatable {
    /// The times after the `@`.
    enum Times: Equatable {
        case all
        case moment(Double)
        /// An end that is left out is that of the clip.
        case range(from: Double?, to: Double?)
    }

    /// What was written.
    let text: String
    let name: String
    let times: Times

    /// Takes a reference apart.
    ///
    /// - Throws: `StoreError`, `.invalidValue`.
    init(_ text: String) throws(StoreError) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        self.text = text
        name = String(parts[0]).composed
        guard !name.isEmpty else {
            throw StoreError(.invalidValue, "reference \"\(text)\": it has no name; see vsdb list")
        }
        guard parts.count == 2 else {
            times = .all
            return
        }
        guard let times = Self.times(parts[1]) else {
            throw StoreError(
                .invalidValue,
                "reference \"\(text)\": \"\(parts[1])\" is no time; write seconds, as in "
                    + "\(name)@2s-4s, \(name)@1.5s- or \(name)@2s"
            )
        }
        self.times = times
    }

    static func times(_ text: Substring) -> Times? {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        if ends.count == 1 { return seconds(ends[0]).map { .moment($0) } }
        guard ends[0].isEmpty || seconds(ends[0]) != nil else { return nil }
        guard ends[1].isEmpty || seconds(ends[1]) != nil else { return nil }
        guard !ends[0].isEmpty || !ends[1].isEmpty else { return nil }
        return .range(from: seconds(ends[0]), to: seconds(ends[1]))
    }

    /// A plain decimal number: neither exponents nor `inf`, which `Double` would take.
    private static func seconds(_ text: Substring) -> Double? {
        let digits = text.hasSuffix("s") ? text.dropLast() : text
        guard let first = digits.utf8.first, (48...57).contains(first),
            digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }),
            let value = Double(digits), value.isFinite
        else { return nil }
        return value
    }
}

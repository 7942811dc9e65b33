import Foundation

/// The rule for names of clips, compositions and packs.
///
/// A name has 1 to 200 bytes of UTF-8 in composed form (NFC), no `@` (it starts a time range), no
/// `/` (names become file names), no control characters, no white space at either end, and does
/// not begin with `-` (it would look like a flag) or `.`.
public enum ClipName {
    /// The greatest length in bytes of UTF-8.
    public static let byteLimit = 200

    /// Whether a text may be used as it is.
    public static func isValid(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.elementsEqual(sanitised(text).utf8)
    }

    /// The nearest text that may be used: bad characters become `-`, long ones are cut.
    public static func sanitised(_ text: String) -> String {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let scalars = trimmed.precomposedStringWithCanonicalMapping.unicodeScalars.map { scalar in
            let isBad =
                scalar == "@" || scalar == "/" || scalar.properties.generalCategory == .control
                || scalar.properties.generalCategory == .lineSeparator
                || scalar.properties.generalCategory == .paragraphSeparator
            return isBad ? "-" : scalar
        }
        var name = String(String.UnicodeScalarView(scalars))
        name = String(name.drop { $0 == "-" || $0 == "." || $0.isWhitespace })
        while name.utf8.count > byteLimit { name.removeLast() }
        name = name.trimmingCharacters(in: .whitespacesAndNewlines)
        return name.isEmpty ? "clip" : name
    }

    /// The end of a segment's name: `@2s-4s`, in seconds of the source.
    package static func range(_ start: Double, _ end: Double) -> String {
        "@\(seconds(start))-\(seconds(end))"
    }

    /// The shortest decimal number of seconds, to the millisecond: `2s`, `2.04s`.
    static func seconds(_ seconds: Double) -> String {
        // -0 and 0 are the same second.
        var text = String(format: "%.3f", max(0, seconds) + 0)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text + "s"
    }

    /// Leaves room for `-12345` at the end of a long name.
    package static func shortened(_ name: String) -> String {
        var name = name
        while name.utf8.count > byteLimit - 8 { name.removeLast() }
        return name
    }
}

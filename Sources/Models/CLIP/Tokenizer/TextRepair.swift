import Foundation

/// Repairs text that was damaged on its way: the part of ftfy's `fix_text` that captions need.
///
/// Resolves HTML references (unless a `<` says that the text is HTML), UTF-8 read as Latin-1 or
/// Windows-1252, terminal escapes, Latin ligatures, full- and half-width forms, curly quotes, line breaks
/// and control characters, and composes (NFC). Mojibake of other code pages stays as it is.
/// Source: the behaviour that the ftfy documentation describes, https://ftfy.readthedocs.io.
public enum TextRepair {
    /// Repeats the repairs until nothing changes, line by line.
    public static func repaired(_ text: String) -> String {
        var isMarkup = false
        var result = String.UnicodeScalarView()
        for line in lines(of: text.unicodeScalars) {
            if line.contains("<") { isMarkup = true }
            var current = String(line)
            // Each round undoes one layer of damage; more layers than this do not occur.
            for _ in 0..<16 {
                let next = repairedOnce(current, isMarkup: isMarkup)
                if next.unicodeScalars.elementsEqual(current.unicodeScalars) { break }
                current = next
            }
            result.append(contentsOf: current.unicodeScalars)
        }
        return String(result)
    }

    private static func lines(
        of scalars: String.UnicodeScalarView
    ) -> [Substring.UnicodeScalarView] {
        var lines: [Substring.UnicodeScalarView] = []
        var rest = scalars[...]
        while let end = rest.firstIndex(of: "\n") {
            lines.append(rest[...end])
            rest = rest[rest.index(after: end)...]
        }
        return rest.isEmpty ? lines : lines + [rest]
    }

    private static func repairedOnce(_ text: String, isMarkup: Bool) -> String {
        let unescaped = isMarkup ? text : HTMLEntities.unescapeUnambiguous(text)
        let scalars = Mojibake.repaired(withoutTerminalEscapes(Array(unescaped.unicodeScalars)))
        var result = String.UnicodeScalarView()
        for (index, scalar) in scalars.enumerated() {
            if scalar == "\r", index + 1 < scalars.count, scalars[index + 1] == "\n" { continue }
            result.append(contentsOf: replacement(of: scalar).unicodeScalars)
        }
        return String(result).precomposedStringWithCanonicalMapping
    }

    private static func withoutTerminalEscapes(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard scalars.contains("\u{1B}") else { return scalars }
        var result: [Unicode.Scalar] = []
        var rest = scalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "\u{1B}", rest.first == "[" {
                let tail = rest.dropFirst().drop { ("0"..."9").contains($0) || $0 == ";" }
                if let letter = tail.first, letter.isASCII, letter.properties.isAlphabetic {
                    rest = tail.dropFirst()
                    continue
                }
            }
            result.append(scalar)
        }
        return result
    }

    private static func replacement(of scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        // Line breaks of other systems; U+0085 is caught below as an ellipsis.
        case 0x0D, 0x2028, 0x2029: return "\n"
        case 0x80...0x9F:
            let meant = Windows1252.character(of: UInt8(scalar.value)) ?? scalar
            return meant == scalar ? String(Character(scalar)) : replacement(of: meant)
        // Control characters, deprecated Arabic controls, byte order mark, interlinear annotation.
        case 0x00...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC:
            return ""
        // Curly quotes.
        case 0x2BC, 0x2018...0x201B: return "'"
        case 0x201C...0x201F: return "\""
        case 0x3000: return " "
        case 0xFB05: return "\u{17F}t"
        // Latin ligatures and digraphs, then full- and half-width forms.
        case 0x132, 0x133, 0x149, 0x1C4...0x1CC, 0x1F1...0x1F3, 0xFB00...0xFB04, 0xFB06,
            0xFF01...0xFFEF:
            return String(Character(scalar)).precomposedStringWithCompatibilityMapping
        default: return String(Character(scalar))
        }
    }
}

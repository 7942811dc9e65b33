/// Brings a caption into the form that CLIP's tokenizer encodes.
///
/// Source: CLIP `clip/simple_tokenizer.py`, `basic_clean`, `whitespace_clean` and `encode`.
public enum CaptionCleaning {
    /// Repairs the text, resolves HTML references twice, collapses white space and lowers the case.
    public static func cleaned(_ text: String) -> String {
        let unescaped = HTMLEntities.unescape(HTMLEntities.unescape(TextRepair.repaired(text)))
        return lowercased(collapsed(unescaped))
    }

    /// One space for each run of white space, none at the ends.
    private static func collapsed(_ text: String) -> String {
        text.unicodeScalars
            .split { $0.properties.isWhitespace }
            .map { String($0) }
            .joined(separator: " ")
    }

    /// The lower case of Unicode: one character may become several, and a capital sigma at the end of a
    /// word becomes a final sigma.
    private static func lowercased(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var result = ""
        for (index, scalar) in scalars.enumerated() {
            if scalar == "\u{3A3}" {
                result += endsWord(scalars, at: index) ? "\u{3C2}" : "\u{3C3}"
            } else {
                result += scalar.properties.lowercaseMapping
            }
        }
        return result
    }

    /// Source: The Unicode Standard, section 3.13, table 3-17, `Final_Sigma`.
    private static func endsWord(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
        let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
        let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        return before?.properties.isCased == true && after?.properties.isCased != true
    }
}

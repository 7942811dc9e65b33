/// The pieces of a cleaned caption that are encoded one by one.
enum CaptionWord: Equatable {
    /// The text `<|startoftext|>`.
    case start
    /// The text `<|endoftext|>`.
    case end
    /// A contraction, a run of letters, a single number character or a run of other characters.
    case text(String.UnicodeScalarView.SubSequence)
}

extension CaptionWord {
    static func == (left: CaptionWord, right: CaptionWord) -> Bool {
        switch (left, right) {
        case (.start, .start), (.end, .end): true
        case (.text(let one), .text(let other)): one.elementsEqual(other)
        default: false
        }
    }
}

/// Splits a cleaned caption as the pattern of CLIP does.
///
/// Source: CLIP `clip/simple_tokenizer.py`, `self.pat`.
enum CaptionWords {
    private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"]
        .map { Array($0.unicodeScalars) }
    private static let start = Array(BytePairVocabulary.startToken.unicodeScalars)
    private static let end = Array(BytePairVocabulary.endToken.unicodeScalars)

    private enum Kind {
        case space
        case letter
        case number
        case other
    }

    static func split(_ text: String) -> [CaptionWord] {
        let scalars = text.unicodeScalars
        var words: [CaptionWord] = []
        var position = scalars.startIndex
        while position < scalars.endIndex {
            let rest = scalars[position...]
            if hasPrefix(rest, start) {
                words.append(.start)
                position = scalars.index(position, offsetBy: start.count)
                continue
            }
            if hasPrefix(rest, end) {
                words.append(.end)
                position = scalars.index(position, offsetBy: end.count)
                continue
            }
            let length = length(ofWordAt: rest)
            let next = scalars.index(position, offsetBy: max(length, 1))
            if length > 0 { words.append(.text(scalars[position..<next])) }
            position = next
        }
        return words
    }

    /// The number of scalars of the word at the start of `rest`, 0 before white space.
    private static func length(ofWordAt rest: Substring.UnicodeScalarView) -> Int {
        if let contraction = contractions.first(where: { hasPrefix(rest, $0) }) {
            return contraction.count
        }
        guard let first = rest.first else { return 0 }
        switch kind(of: first) {
        case .space: return 0
        case .number: return 1
        case .letter: return rest.prefix { kind(of: $0) == .letter }.count
        case .other: return rest.prefix { kind(of: $0) == .other }.count
        }
    }

    /// Compares without regard to case; of lower-case text only the long s is left to fold.
    private static func hasPrefix(
        _ text: Substring.UnicodeScalarView,
        _ prefix: [Unicode.Scalar]
    ) -> Bool {
        var index = text.startIndex
        for wanted in prefix {
            guard index < text.endIndex else { return false }
            let scalar = text[index] == "\u{17F}" ? "s" : text[index]
            guard scalar == wanted else { return false }
            index = text.index(after: index)
        }
        return true
    }

    private static func kind(of scalar: Unicode.Scalar) -> Kind {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            .letter
        case .decimalNumber, .letterNumber, .otherNumber: .number
        default: scalar.properties.isWhitespace ? .space : .other
        }
    }
}

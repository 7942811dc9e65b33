/// A word or sign of a filter.
struct FilterToken: Equatable {
    enum Kind: Equatable {
        /// Without quotes: a field, a keyword or a value.
        case word(String)
        /// What stood in quotes.
        case text(String)
        /// A run of `=`, `!`, `<` and `>`.
        case sign(String)
        case open
        case close
        case comma
        case end
    }

    let kind: Kind
    /// The number of its first character.
    let start: Int

    /// The token as it is named in messages.
    var shown: String {
        switch kind {
        case .word(let word): "\"\(word)\""
        case .text(let text): "the text \"\(text)\""
        case .sign(let sign): "\"\(sign)\""
        case .open: "\"(\""
        case .close: "\")\""
        case .comma: "\",\""
        case .end: "the end"
        }
    }
}

/// Takes a filter apart.
struct FilterTokenizer {
    private static let signs: Set<Character> = ["=", "!", "<", ">"]
    private static let quotes: Set<Character> = ["\"", "'"]
    private static let curlyQuotes: Set<Character> = [
        "\u{201C}", "\u{201D}", "\u{2018}", "\u{2019}", "\u{201E}",
    ]
    private static let escapes: [Character: Character] = [
        "\\": "\\", "\"": "\"", "'": "'", "n": "\n", "t": "\t",
    ]

    private let source: FilterText
    private var place = 0

    private init(_ source: FilterText) { self.source = source }

    /// All tokens; the last one is the end.
    ///
    /// - Throws: `StoreError`, `.invalidValue`, for a quote that is not closed and the like.
    static func tokens(of source: FilterText) throws(StoreError) -> [FilterToken] {
        var tokenizer = FilterTokenizer(source)
        var tokens: [FilterToken] = []
        repeat { tokens.append(try tokenizer.next()) } while tokens.last?.kind != .end
        return tokens
    }

    private var current: Character? {
        place < source.characters.count ? source.characters[place] : nil
    }

    private mutating func next() throws(StoreError) -> FilterToken {
        while let character = current, character.isWhitespace { place += 1 }
        let start = place
        guard let character = current else { return FilterToken(kind: .end, start: start) }
        let kind: FilterToken.Kind
        switch character {
        case "(": kind = .open
        case ")": kind = .close
        case ",": kind = .comma
        case _ where Self.quotes.contains(character):
            return FilterToken(kind: .text(try quoted(character)), start: start)
        case _ where Self.signs.contains(character):
            return FilterToken(kind: .sign(run { Self.signs.contains($0) }), start: start)
        case _ where Self.curlyQuotes.contains(character):
            throw source.fault(
                #"this is a quote of printed texts; write " or ' around the text"#,
                at: place
            )
        default:
            return FilterToken(kind: .word(run(Self.isOfWord)), start: start)
        }
        place += 1
        return FilterToken(kind: kind, start: start)
    }

    private static func isOfWord(_ character: Character) -> Bool {
        !character.isWhitespace && !signs.contains(character) && !quotes.contains(character)
            && !["(", ")", ","].contains(character)
    }

    private mutating func run(_ isPart: (Character) -> Bool) -> String {
        var text = ""
        while let character = current, isPart(character) {
            text.append(character)
            place += 1
        }
        return text
    }

    private mutating func quoted(_ quote: Character) throws(StoreError) -> String {
        let start = place
        var text = ""
        place += 1
        while let character = current, character != quote {
            if character == "\\" {
                let next = place + 1 < source.characters.count ? source.characters[place + 1] : " "
                guard let meant = Self.escapes[next] else {
                    throw source.fault(
                        #"after a backslash, \, ", ', n or t is expected; write \\ for a backslash"#,
                        at: place
                    )
                }
                text.append(meant)
                place += 2
            } else {
                text.append(character)
                place += 1
            }
        }
        guard current != nil else {
            throw source.fault("this quote is not closed; put \(quote) behind the text", at: start)
        }
        place += 1
        return text
    }
}

/// Reads a filter by recursive descent.
///
/// ```
/// condition = part { "or" part }
/// part      = factor { "and" factor }
/// factor    = "not" factor | "(" condition ")" | field relation value
///           | field [ "not" ] word-relation value | field [ "not" ] "in" "(" value { "," value } ")"
/// ```
struct FilterParser {
    private static let keywords: Set<String> = Set(
        ["and", "or", "not"]
            + FilterRelation.allCases.map(\.rawValue).filter { $0.first?.isLetter == true }
    )
    /// Signs of other languages, and what is written here.
    private static let foreign = ["&&": "and", "&": "and", "||": "or", "|": "or", "!": "not"]

    let source: FilterText
    private let tokens: [FilterToken]
    private var position = 0
    private var depth = 0
    var testCount = 0
    var valueCount = 0
    /// The field of the comparison before this place.
    var lastField: FilterField?

    /// The tree of a filter.
    ///
    /// - Throws: `StoreError`, `.invalidValue`, with a caret under the place.
    static func parse(_ text: String) throws(StoreError) -> FilterNode {
        guard text.utf8.count <= FilterExpression.byteLimit else {
            throw StoreError(
                .invalidValue,
                "filter: it has \(text.utf8.count) bytes, more than \(FilterExpression.byteLimit); "
                    + "put the clips into a collection, or tag them, and ask for that"
            )
        }
        let source = FilterText(characters: Array(text))
        if let zero = source.characters.firstIndex(of: "\0") {
            throw source.fault("a zero byte is no text; leave it out", at: zero)
        }
        var parser = FilterParser(
            source: source,
            tokens: try FilterTokenizer.tokens(of: source)
        )
        guard parser.current.kind != .end else {
            throw source.fault("it is empty; write a condition, such as duration > 2", at: 0)
        }
        let node = try parser.condition()
        if parser.current.kind != .end { throw parser.strayToken(or: "the end") }
        return node
    }

    private init(source: FilterText, tokens: [FilterToken]) {
        self.source = source
        self.tokens = tokens
    }

    var current: FilterToken { tokens[position] }

    mutating func advance() { position = min(position + 1, tokens.count - 1) }

    /// The keyword at this place, in lower case.
    var keyword: String? {
        guard case .word(let word) = current.kind else { return nil }
        let lower = word.lowercased()
        return Self.keywords.contains(lower) ? lower : nil
    }

    mutating func take(_ wanted: String) -> Bool {
        guard keyword == wanted else { return false }
        advance()
        return true
    }

    private mutating func condition() throws(StoreError) -> FilterNode {
        var parts = [try part()]
        while take("or") { parts.append(try part()) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func part() throws(StoreError) -> FilterNode {
        var factors = [try factor()]
        while take("and") { factors.append(try factor()) }
        return factors.count == 1 ? factors[0] : .all(factors)
    }

    private mutating func factor() throws(StoreError) -> FilterNode {
        let token = current
        if take("not") {
            return .not(try nested(token) { (parser) throws(StoreError) in try parser.factor() })
        }
        switch token.kind {
        case .open:
            advance()
            let inner = try nested(token) { (parser) throws(StoreError) in try parser.condition() }
            guard current.kind == .close else {
                throw current.kind == .end
                    ? source.fault("this parenthesis is not closed; put ) behind", at: token.start)
                    : strayToken(or: ")")
            }
            advance()
            return inner
        case .word(let word) where keyword == nil:
            guard let field = FilterField(rawValue: word.lowercased()) else {
                throw unknownField(word, at: token.start)
            }
            advance()
            return try test(of: field)
        default:
            let hint = foreignHint(token) ?? ""
            throw source.fault(
                "expected here: a condition, such as duration > 2, not \(token.shown)\(hint)",
                at: token.start
            )
        }
    }

    private mutating func nested(
        _ token: FilterToken,
        _ body: (inout FilterParser) throws(StoreError) -> FilterNode
    ) throws(StoreError) -> FilterNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= FilterExpression.depthLimit else {
            throw source.fault(
                "more than \(FilterExpression.depthLimit) parentheses or negations lie in each "
                    + "other; write it flatter",
                at: token.start
            )
        }
        return try body(&self)
    }

    private func unknownField(_ word: String, at place: Int) -> StoreError {
        let near = nearNames(to: word, among: FilterExpression.fieldNames)
        let meant = near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?"
        return source.fault(
            "there is no field \"\(word)\"\(foreignHint(current) ?? meant)",
            at: place,
            hint: "fields: " + FilterExpression.fieldNames.joined(separator: ", ")
        )
    }

    /// A token where the filter, or a part in parentheses, should go on or end.
    private func strayToken(or end: String) -> StoreError {
        let token = current
        if token.kind == .close {
            return source.fault("this parenthesis closes none; leave it out", at: token.start)
        }
        var quotes = ""
        if case .word(let word) = token.kind, lastField?.valueType == .text,
            FilterField(rawValue: word.lowercased()) == nil
        {
            quotes = "; put a text of several words in quotes"
        }
        return source.fault(
            "expected here: and, or, or \(end), not \(token.shown)\(foreignHint(token) ?? quotes)",
            at: token.start
        )
    }

    private func foreignHint(_ token: FilterToken) -> String? {
        switch token.kind {
        case .word(let text), .sign(let text):
            Self.foreign[text].map { "; write \($0) for \(text)" }
        default: nil
        }
    }
}

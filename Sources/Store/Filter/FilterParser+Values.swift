import Foundation

extension FilterParser {
    /// The value at this place, in the form that its field needs.
    ///
    /// - Throws: `StoreError`, `.invalidValue`, with a caret under the value.
    mutating func value(of field: FilterField) throws(StoreError) -> FilterValue {
        let token = current
        let type = field.valueType
        let text: String
        switch token.kind {
        case .word(let word): text = word
        case .text(let quoted): text = quoted
        default:
            throw source.fault(
                "expected here: \(type.expected), not \(token.shown)",
                at: token.start
            )
        }
        advance()
        guard let value = value(text, of: field) else {
            throw source.fault(
                "\(field.rawValue) is \(type.expected), not \(token.shown)",
                at: token.start
            )
        }
        return value
    }

    private mutating func value(_ text: String, of field: FilterField) -> FilterValue? {
        switch field.valueType {
        case .text: return .text(text)
        case .hash:
            let digits = text.lowercased()
            let isHash = (Library.shortestHash...64).contains(digits.utf8.count)
            return isHash && isHexadecimal(digits) ? .text(digits) : nil
        case .kind:
            return MediaKind(rawValue: text.lowercased()).map { .text($0.rawValue) }
        case .flag:
            let flags = ["true": true, "yes": true, "false": false, "no": false]
            return flags[text.lowercased()].map { .flag($0) }
        case .date: return FilterDate.span(text).map { .span(first: $0.first, next: $0.next) }
        case .number: return number(text).map { scaled($0, field) }
        case .seconds: return seconds(text).map { scaled($0, field) }
        }
    }

    /// Seconds with a unit behind them, or as a word of its own.
    private mutating func seconds(_ text: String) -> Double? {
        let units = [("ms", 0.001), ("min", 60), ("s", 1)]
        let lower = text.lowercased()
        for (unit, factor) in units where lower.hasSuffix(unit) {
            return number(String(lower.dropLast(unit.count))).map { $0 * factor }
        }
        guard let value = number(text) else { return nil }
        if case .word(let word) = current.kind,
            let unit = units.first(where: { $0.0 == word.lowercased() })
        {
            advance()
            return value * unit.1
        }
        return value
    }

    /// A plain decimal number: neither exponents nor `inf`, which `Double` would take.
    private func number(_ text: String) -> Double? {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard let first = digits.utf8.first, (48...57).contains(first),
            digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }),
            let value = Double(text), value.isFinite, abs(value) < 1e12
        else { return nil }
        return value
    }

    /// In units of the field's scale, without the noise of binary fractions: 1.001 s are 1001 ms.
    private func scaled(_ value: Double, _ field: FilterField) -> FilterValue {
        .number((value * field.scale * 1000).rounded() / 1000)
    }
}

/// Dates of filters: `2026-03-01`, `2026-03-01T14:30`, `2026-03-01T14:30:05`, all in UTC.
enum FilterDate {
    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    /// The moments that a date stands for: a day, a minute or a second.
    ///
    /// - Returns: The first moment, and the first one behind, as the catalogue stores times; nil
    ///   if the text is no date.
    static func span(_ text: String) -> (first: String, next: String)? {
        var text = text.uppercased()[...]
        if text.hasSuffix("Z") { text = text.dropLast() }
        let halves = text.split(omittingEmptySubsequences: false) { $0 == "T" || $0 == " " }
        guard let day = numbers(halves[0], "-", widths: [4, 2, 2]), halves.count <= 2 else {
            return nil
        }
        var parts = DateComponents(year: day[0], month: day[1], day: day[2])
        var length = 86_400.0
        if halves.count == 2 {
            let clock = numbers(halves[1], ":", widths: [2, 2, 2])
            guard let clock = clock ?? numbers(halves[1], ":", widths: [2, 2]) else { return nil }
            (parts.hour, parts.minute) = (clock[0], clock[1])
            if clock.count == 3 { parts.second = clock[2] }
            length = clock.count == 3 ? 1 : 60
        }
        // Times are compared as texts, which four digits of a year bear.
        guard (1...9998).contains(day[0]), parts.isValidDate(in: calendar),
            let first = calendar.date(from: parts)
        else { return nil }
        return (timestamp(first), timestamp(first.addingTimeInterval(length)))
    }

    private static func numbers(
        _ text: Substring,
        _ separator: Character,
        widths: [Int]
    ) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == widths,
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } })
        else { return nil }
        return parts.compactMap { Int($0) }
    }
}

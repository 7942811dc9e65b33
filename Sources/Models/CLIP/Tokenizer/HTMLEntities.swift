/// The character references of HTML.
enum HTMLEntities {
    private struct Entity {
        let text: String
        /// Whether browsers read the name without a semicolon, too.
        let standsAlone: Bool
    }

    private static let entities: [String: Entity] = {
        var entities: [String: Entity] = [:]
        for item in htmlEntityNames.split(whereSeparator: \.isWhitespace) {
            let parts = item.split(separator: "=")
            var text = String.UnicodeScalarView()
            for code in parts[1].split(separator: "+") {
                guard let scalar = UInt32(code, radix: 16).flatMap(Unicode.Scalar.init) else {
                    continue
                }
                text.append(scalar)
            }
            let name = parts[0].hasSuffix("*") ? parts[0].dropLast() : parts[0]
            entities[String(name)] = Entity(
                text: String(text),
                standsAlone: name.count < parts[0].count
            )
        }
        return entities
    }()

    /// Resolves references as browsers do, also old names without a semicolon: `&notit` is `¬it`.
    ///
    /// Source: HTML Living Standard, section 13.2.5.72; Python's `html.unescape`.
    static func unescape(_ text: String) -> String {
        replaceReferences(in: text, stop: isEndOfName, limit: 32) { name, hasSemicolon in
            if name.first == "#" {
                guard let (value, length) = number(name) else { return nil }
                return value + String(name.dropFirst(length))
                    + (hasSemicolon && length < name.count ? ";" : "")
            }
            if let entity = entities[String(name)], hasSemicolon || entity.standsAlone {
                return entity.text
            }
            for length in stride(from: name.count - (hasSemicolon ? 0 : 1), to: 1, by: -1) {
                if let entity = entities[String(name.prefix(length))], entity.standsAlone {
                    return entity.text + name.dropFirst(length) + (hasSemicolon ? ";" : "")
                }
            }
            return nil
        }
    }

    /// Resolves only what can hardly be meant otherwise: references that end with a semicolon, also
    /// those whose name was put in capitals.
    static func unescapeUnambiguous(_ text: String) -> String {
        replaceReferences(in: text, stop: isNoNameCharacter, limit: 25) {
            name,
            hasSemicolon in
            guard hasSemicolon else { return nil }
            if name.first == "#" {
                guard let (value, length) = number(name), length == name.count else { return nil }
                return value
            }
            if let entity = entities[String(name)] { return entity.text }
            let lower = name.lowercased()
            guard name.uppercased() == name, let entity = entities[lower] else { return nil }
            return entity.text.uppercased()
        }
    }

    /// Calls `replacement` with each `&name`; nil leaves it as it is.
    private static func replaceReferences(
        in text: String,
        stop: (Unicode.Scalar) -> Bool,
        limit: Int,
        replacement: (_ name: Substring, _ hasSemicolon: Bool) -> String?
    ) -> String {
        guard text.unicodeScalars.contains("&") else { return text }
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let ampersand = rest.firstIndex(of: "&") {
            result.append(contentsOf: rest[..<ampersand])
            rest = rest[rest.index(after: ampersand)...]
            let name = rest.prefix(limit).prefix { !stop($0) && $0 != ";" }
            let hasSemicolon = name.endIndex < rest.endIndex && rest[name.endIndex] == ";"
            if !name.isEmpty, let value = replacement(Substring(name), hasSemicolon) {
                result.append(contentsOf: value.unicodeScalars)
                rest = rest[name.endIndex...]
                if hasSemicolon { rest = rest.dropFirst() }
            } else {
                result.append("&")
            }
        }
        result.append(contentsOf: rest)
        return String(result)
    }

    private static func isEndOfName(_ scalar: Unicode.Scalar) -> Bool {
        "\t\n\u{C} <&#;".unicodeScalars.contains(scalar)
    }

    private static func isNoNameCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "#", "0"..."9", "A"..."Z", "a"..."z": false
        default: true
        }
    }

    /// The character of `#123` or `#x7B` and how much of the name was read.
    private static func number(_ name: Substring) -> (text: String, length: Int)? {
        let isHex = name.dropFirst().first.map { $0 == "x" || $0 == "X" } ?? false
        let start = isHex ? 2 : 1
        let digits = name.dropFirst(start).prefix {
            $0.isASCII && (isHex ? $0.isHexDigit : $0.isNumber)
        }
        guard !digits.isEmpty else { return nil }
        let length = start + digits.count
        // More digits than fit are beyond Unicode.
        guard let code = UInt32(digits, radix: isHex ? 16 : 10), code != 0,
            let scalar = Unicode.Scalar(code)
        else { return ("\u{FFFD}", length) }
        if let byte = UInt8(exactly: code), let meant = Windows1252.character(of: byte) {
            return (String(Character(meant)), length)
        }
        let isControl = scalar.properties.generalCategory == .control
        let isAllowed = "\t\n\u{C}\r".unicodeScalars.contains(scalar)
        let isNoncharacter = scalar.properties.isNoncharacterCodePoint
        return (isControl && !isAllowed || isNoncharacter ? "" : String(Character(scalar)), length)
    }
}

/// The Windows code page 1252, which is Latin-1 except for 27 of the bytes 0x80...0x9F.
enum Windows1252 {
    private static let upper: [UInt32] = [
        0x20AC, 0x81, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039,
        0x152, 0x8D, 0x17D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
        0x2DC, 0x2122, 0x161, 0x203A, 0x153, 0x9D, 0x17E, 0x178,
    ]

    private static let bytes: [UInt32: UInt8] = Dictionary(
        uniqueKeysWithValues: zip(upper, UInt8(0x80)...UInt8(0x9F))
    )

    /// The character of one of the bytes 0x80...0x9F, nil for others; unassigned bytes keep their number.
    static func character(of byte: UInt8) -> Unicode.Scalar? {
        (0x80...0x9F).contains(byte) ? Unicode.Scalar(upper[Int(byte) - 0x80]) : nil
    }

    /// The byte of a character outside ASCII, read as Windows-1252 or Latin-1.
    static func byte(of scalar: Unicode.Scalar) -> UInt8? {
        if let byte = bytes[scalar.value] { return byte }
        return (0x80...0xFF).contains(scalar.value) ? UInt8(scalar.value) : nil
    }
}

/// Text in UTF-8 that was read as Latin-1 or Windows-1252: `cafÃ©` for `café`.
enum Mojibake {
    /// Puts back each run of characters whose bytes are UTF-8.
    ///
    /// Genuine text hardly ever spells UTF-8, with one exception that is left alone: an accented capital
    /// before a punctuation mark (`CAFÉ”`), unless the capital is the U+00C2 or U+00C3 of common mojibake.
    static func repaired(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard scalars.contains(where: { !$0.isASCII }) else { return scalars }
        var result: [Unicode.Scalar] = []
        var position = 0
        while position < scalars.count {
            if let (scalar, length) = character(at: scalars[position...]) {
                result.append(scalar)
                position += length
            } else {
                result.append(scalars[position])
                position += 1
            }
        }
        return result
    }

    /// The character whose UTF-8 bytes stand at the start of `rest`, and how many they are.
    private static func character(
        at rest: ArraySlice<Unicode.Scalar>
    ) -> (scalar: Unicode.Scalar, length: Int)? {
        guard let first = rest.first, let lead = Windows1252.byte(of: first) else { return nil }
        let length: Int
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return nil
        }
        guard rest.count >= length else { return nil }
        let bytes = rest.prefix(length).compactMap(Windows1252.byte(of:))
        guard bytes.count == length, let text = String(validating: bytes, as: UTF8.self),
            let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1
        else { return nil }
        if length == 2, lead > 0xC3, let second = rest.dropFirst().first, isPunctuation(second) {
            return nil
        }
        return (scalar, length)
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .dashPunctuation, .finalPunctuation, .initialPunctuation, .otherPunctuation,
            .openPunctuation, .spaceSeparator, .otherSymbol, .currencySymbol, .format:
            true
        default: false
        }
    }
}

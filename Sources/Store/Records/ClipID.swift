internal import Hashing

/// What makes two clips the same clip: source bytes, range, encoder settings and pack.
///
/// The 32-byte SHA-256 of these parts. It does not depend on path, name, caption or library, so
/// the same file ingested twice, or on two machines, has the same id.
public struct ClipID: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// All 64 lower-case hexadecimal digits.
    public let hex: String

    /// The first 12 digits, as shown to people.
    public var short: String { String(hex.prefix(12)) }

    /// The same as `short`.
    public var description: String { short }

    /// Computes the id of a clip.
    ///
    /// - Parameters:
    ///   - sourceSHA256: The hash of the source file, in hexadecimal digits.
    ///   - start: The first second of the range in the source; 0 for a still.
    ///   - end: The second where the range ends.
    ///   - packFingerprint: The weights that encoded it.
    ///   - settings: Everything else that changes the codes, as one canonical text.
    public init(
        sourceSHA256: String,
        start: Double,
        end: Double,
        packFingerprint: String,
        settings: String
    ) {
        let hash = SHA256()
        // Lengths in front of texts keep ("ab", "c") apart from ("a", "bc").
        func add(_ text: String) {
            withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { hash.update($0) }
            hash.update(Array(text.utf8))
        }
        add("vsdb clip 1")
        add(sourceSHA256.lowercased())
        for seconds in [start, end] {
            // -0 and 0 are the same second.
            let bits = (seconds + 0).bitPattern.littleEndian
            withUnsafeBytes(of: bits) { hash.update($0) }
        }
        add(packFingerprint.lowercased())
        add(settings)
        hex = hash.finish().hex
    }

    /// Takes the 64 hexadecimal digits of an id, or nothing else.
    public init?(hex: String) {
        let digits = hex.lowercased()
        guard digits.utf8.count == 64, isHexadecimal(digits) else { return nil }
        self.hex = digits
    }

    /// The order of the hexadecimal digits.
    public static func < (left: ClipID, right: ClipID) -> Bool { left.hex < right.hex }

    /// Reads the 64 digits.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = ClipID(hex: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\"\(text)\" is not a clip id: 64 hexadecimal digits"
            )
        }
        self = id
    }

    /// Writes the 64 digits.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// Whether a text is made of lower-case hexadecimal digits only.
func isHexadecimal(_ text: String) -> Bool {
    text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
}

/// The printable characters that stand for bytes in byte-pair vocabularies.
///
/// Bytes that Latin-1 prints stand for themselves; the others follow from U+0100 on.
/// Source: GPT-2 and CLIP, `bytes_to_unicode`.
enum BytePairAlphabet {
    /// The end-of-word mark on the last symbol of a word.
    static let endOfWord = "</w>"

    /// The bytes in the order of the vocabulary: printable ones first.
    static let bytes: [UInt8] = printable + (0...255).filter { !printable.contains($0) }

    /// The character of each byte of `bytes`.
    static let characters: [String] = bytes.enumerated().map { index, byte in
        let scalar = index < printable.count ? UInt32(byte) : 256 + UInt32(index - printable.count)
        return Unicode.Scalar(scalar).map { String(Character($0)) } ?? ""
    }

    private static let printable: [UInt8] =
        Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
}

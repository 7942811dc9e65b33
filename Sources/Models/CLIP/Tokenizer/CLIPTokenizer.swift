public import Foundation

/// Turns captions into the token numbers of a CLIP text network.
///
/// Source: CLIP `clip/simple_tokenizer.py` and `tokenize`; Radford et al., "Learning Transferable Visual
/// Models From Natural Language Supervision", 2021.
public struct CLIPTokenizer: Sendable {
    /// The number of merges that the released models use of their file.
    public static let releasedMergeCount = 49_152 - 256 - 2

    private let vocabulary: BytePairVocabulary

    /// The number of tokens, start and end included.
    public var vocabularyCount: Int { vocabulary.count }
    /// The token at the start of every text.
    public var start: Int32 { vocabulary.start }
    /// The token at the end of every text; the text's feature is read at its position.
    public var end: Int32 { vocabulary.end }

    /// Reads the vocabulary of the released models.
    ///
    /// - Parameters:
    ///   - merges: A text in the form of `bpe_simple_vocab_16e6.txt`: a comment line, then one merge a
    ///     line, of which the first 48,894 count.
    ///   - place: What to call it in errors.
    /// - Throws: `TokenizerError` if a line is not a merge.
    public init(merges: Data, place: String) throws {
        let count = Self.releasedMergeCount
        let lines = Self.lines(of: merges, limit: count + 1).dropFirst()
        guard lines.count == count else {
            throw TokenizerError(
                "vocabulary \"\(place)\" has \(lines.count) merges, expected at least \(count); "
                    + "pass its vocab.json too if it is a pack's"
            )
        }
        vocabulary = try BytePairVocabulary(mergeLines: Array(lines), place: place)
    }

    /// Reads the vocabulary of the released models from a file.
    ///
    /// - Parameter merges: The file, in the form of `bpe_simple_vocab_16e6.txt`.
    /// - Throws: `TokenizerError` if the file cannot be read or a line is not a merge.
    public init(merges: String) throws {
        try self.init(merges: Self.contents(of: merges), place: merges)
    }

    /// Reads a vocabulary that numbers its symbols in a file of their own, as Hugging Face writes them.
    ///
    /// - Parameters:
    ///   - vocabulary: A JSON object of symbol to number, start and end token included.
    ///   - merges: A comment line that starts with `#version`, then one merge a line.
    /// - Throws: `TokenizerError` if a file cannot be read or the two do not fit together.
    public init(vocabulary: String, merges: String) throws {
        let ids: [String: Int32]
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: vocabulary))
            ids = try JSONDecoder().decode([String: Int32].self, from: data)
        } catch {
            throw TokenizerError(
                "vocabulary \"\(vocabulary)\" is not JSON of symbol to number: \(error)"
            )
        }
        var lines = Self.lines(of: try Self.contents(of: merges), limit: .max)
        if lines.first?.hasPrefix("#version") == true { lines.removeFirst() }
        self.vocabulary = try BytePairVocabulary(ids: ids, mergeLines: lines, place: vocabulary)
    }

    /// A tokenizer of learnt merges, the same that the two files of `BytePairTrainer` give.
    ///
    /// - Parameter trained: The merges.
    /// - Throws: `TokenizerError` if the merges contradict each other, which learnt ones do not.
    public init(_ trained: BytePairTrainer) throws {
        vocabulary = try BytePairVocabulary(
            mergeLines: trained.merges.map { $0[...] },
            place: "learnt merges"
        )
    }

    /// Encodes a caption: start, tokens, end, then zeros.
    ///
    /// - Parameters:
    ///   - text: Any text; it is cleaned as `CaptionCleaning` states.
    ///   - contextLength: The number of positions of the text network, at least 2.
    ///   - truncating: Whether a longer text is cut and ended instead of refused.
    /// - Returns: `contextLength` tokens.
    /// - Throws: `TokenizerError` if the text is too long and is not to be truncated.
    public func encode(
        _ text: String,
        contextLength: Int = 77,
        truncating: Bool = false
    ) throws -> [Int32] {
        precondition(
            contextLength >= 2,
            "a context of \(contextLength) has no room for start and end"
        )
        var tokens = tokens(of: text)
        if tokens.count > contextLength {
            guard truncating else {
                throw TokenizerError(
                    "the text \"\(text.prefix(60))…\" has \(tokens.count) tokens, the text network takes "
                        + "\(contextLength): shorten it"
                )
            }
            tokens.removeSubrange((contextLength - 1)...)
            tokens.append(end)
        }
        return tokens + [Int32](repeating: 0, count: contextLength - tokens.count)
    }

    /// The tokens of a text without limit: start, tokens, end.
    public func tokens(of text: String) -> [Int32] {
        var tokens = [start]
        for word in CaptionWords.split(CaptionCleaning.cleaned(text)) {
            switch word {
            case .start: tokens.append(start)
            case .end: tokens.append(end)
            case .text(let scalars): tokens += vocabulary.symbols(of: Array(String(scalars).utf8))
            }
        }
        return tokens + [end]
    }

    private static func contents(of path: String) throws -> Data {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw TokenizerError("vocabulary \"\(path)\" cannot be read: \(error)")
        }
    }

    /// The first lines that are not empty.
    private static func lines(of data: Data, limit: Int) -> [Substring] {
        let newline = UInt8(ascii: "\n")
        let carriageReturn = UInt8(ascii: "\r")
        // The released file has five times the merges that count; the rest is not decoded.
        var (end, found, isInLine) = (data.startIndex, 0, false)
        for byte in data where found < limit {
            end += 1
            if byte == newline, isInLine { found += 1 }
            isInLine = byte != newline
        }
        return String(decoding: data[..<end], as: UTF8.self).utf8
            .split(separator: newline, maxSplits: limit)
            .prefix(limit)
            .map { Substring($0.last == carriageReturn ? $0.dropLast() : $0) }
    }
}

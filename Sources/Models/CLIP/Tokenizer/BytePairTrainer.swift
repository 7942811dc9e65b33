public import Foundation

/// Learns the merges of a byte-pair encoding from captions, for `CLIPTokenizer`.
///
/// The words and bytes are those that the tokenizer sees: captions cleaned, lower-cased and split by CLIP's pattern,
/// the last byte of a word with an end mark. The pair that occurs most often becomes a symbol, again and again; of
/// pairs that are as frequent, the one of the earliest symbols. The result depends on the captions alone, not on
/// their order. Symbols are numbered as CLIP's: 256 bytes, 256 bytes with the end mark, merges, start, end.
/// Source: Sennrich et al. 2016, algorithm 1; CLIP `clip/simple_tokenizer.py`.
public struct BytePairTrainer: Sendable {
    /// The merges, the first to be applied first: two symbols with a space between.
    public let merges: [String]

    /// The number of symbols, start and end included.
    public var vocabularyCount: Int { 2 * BytePairAlphabet.bytes.count + merges.count + 2 }

    /// Learns merges.
    ///
    /// - Parameters:
    ///   - captions: Any texts; an equal one counts every time.
    ///   - limit: The largest number of merges, from 0 up; fewer if no pair is left that occurs twice.
    public init(captions: some Sequence<String>, limit: Int) {
        precondition(limit >= 0, "\(limit) merges")
        var counts: [[UInt8]: Int] = [:]
        for caption in captions {
            for case .text(let scalars) in CaptionWords.split(CaptionCleaning.cleaned(caption)) {
                counts[Array(String(scalars).utf8), default: 0] += 1
            }
        }
        var learning = Learning(counts)
        var merges: [String] = []
        while merges.count < limit, let merge = learning.next() { merges.append(merge) }
        self.merges = merges
    }

    /// `merges.txt`: a version line, then one merge a line.
    public var mergesFile: Data {
        Data((["#version: 0.2"] + merges).map { $0 + "\n" }.joined().utf8)
    }

    /// `vocab.json`: every symbol with its number, in the order of the numbers.
    public var vocabularyFile: Data {
        let entries = symbols.enumerated().map { number, symbol in
            let escaped = symbol.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            return "\"\(escaped)\": \(number)"
        }
        return Data("{\(entries.joined(separator: ", "))}\n".utf8)
    }

    private var symbols: [String] {
        BytePairAlphabet.characters
            + BytePairAlphabet.characters.map { $0 + BytePairAlphabet.endOfWord }
            + merges.map { $0.replacing(" ", with: "") }
            + [BytePairVocabulary.startToken, BytePairVocabulary.endToken]
    }
}

/// The words of a text as symbols, and how often each pair of neighbours occurs.
private struct Learning {
    private struct Pair: Hashable {
        let left: Int
        let right: Int
    }

    private struct Word {
        var symbols: [Int]
        let count: Int
    }

    /// The spelling of every symbol so far.
    private var spellings: [String]
    private var known: Set<String>
    private var words: [Word]
    private var counts: [Pair: Int] = [:]
    /// The words in which a pair occurs, or did.
    private var places: [Pair: Set<Int>] = [:]

    init(_ wordCounts: [[UInt8]: Int]) {
        let characters = BytePairAlphabet.characters
        spellings = characters + characters.map { $0 + BytePairAlphabet.endOfWord }
        known = Set(spellings + [BytePairVocabulary.startToken, BytePairVocabulary.endToken])
        var numbers = [Int](repeating: 0, count: 256)
        for (number, byte) in BytePairAlphabet.bytes.enumerated() { numbers[Int(byte)] = number }
        words = wordCounts.map { bytes, count in
            var symbols = bytes.map { numbers[Int($0)] }
            if let last = symbols.indices.last { symbols[last] += characters.count }
            return Word(symbols: symbols, count: count)
        }
        for place in words.indices { note(place, 1) }
    }

    /// Merges the most frequent pair everywhere; nil if none occurs twice.
    mutating func next() -> String? {
        while let pair = mostFrequent {
            let (left, right) = (spellings[pair.left], spellings[pair.right])
            // Another way to a symbol that is there would give it two numbers; such a pair stays apart.
            guard known.insert(left + right).inserted else {
                counts[pair] = nil
                places[pair] = nil
                continue
            }
            spellings.append(left + right)
            for place in places[pair] ?? [] { merge(pair, in: place) }
            places[pair] = nil
            return "\(left) \(right)"
        }
        return nil
    }

    private var mostFrequent: Pair? {
        let best = counts.max { one, other in
            if one.value != other.value { return one.value < other.value }
            if one.key.left != other.key.left { return one.key.left > other.key.left }
            return one.key.right > other.key.right
        }
        return best.flatMap { $0.value > 1 ? $0.key : nil }
    }

    private mutating func merge(_ pair: Pair, in place: Int) {
        note(place, -1)
        var merged: [Int] = []
        for symbol in words[place].symbols {
            // Left to right, as the tokenizer merges: a symbol that was just made is not the left half of the same pair.
            if symbol == pair.right, merged.last == pair.left {
                merged[merged.count - 1] = spellings.count - 1
            } else {
                merged.append(symbol)
            }
        }
        words[place].symbols = merged
        note(place, 1)
    }

    /// Counts the pairs of a word, or takes them off.
    private mutating func note(_ place: Int, _ sign: Int) {
        let word = words[place]
        for (left, right) in zip(word.symbols, word.symbols.dropFirst()) {
            let pair = Pair(left: left, right: right)
            let count = counts[pair, default: 0] + sign * word.count
            counts[pair] = count == 0 ? nil : count
            if sign > 0 { places[pair, default: []].insert(place) }
        }
    }
}

import Foundation

/// The symbols of a byte-pair encoding and the merges that build them.
struct BytePairVocabulary: Sendable {
    /// The number of symbols, start and end included.
    let count: Int
    /// The symbol at the start of every text.
    let start: Int32
    /// The symbol at the end of every text, the largest of the released models.
    let end: Int32

    private struct Pair: Hashable {
        let left: Int32
        let right: Int32
    }

    private struct Merge {
        let rank: Int
        let symbol: Int32
    }

    /// The symbol of each byte inside a word.
    private let inner: [Int32]
    /// The symbol of each byte at the end of a word.
    private let final: [Int32]
    private let merges: [Pair: Merge]

    static let startToken = "<|startoftext|>"
    static let endToken = "<|endoftext|>"

    /// Builds the vocabulary of the released models: symbols are numbered in the order of the merges.
    init(mergeLines: [Substring], place: String) throws {
        var ids: [String: Int32] = [:]
        ids.reserveCapacity(mergeLines.count + 514)
        for mark in ["", BytePairAlphabet.endOfWord] {
            for character in BytePairAlphabet.characters {
                ids[character + mark] = Int32(ids.count)
            }
        }
        for line in mergeLines {
            let (left, right) = try Self.halves(of: line, place)
            ids[String(left + right)] = Int32(ids.count)
        }
        ids[Self.startToken] = Int32(ids.count)
        ids[Self.endToken] = Int32(ids.count)
        guard ids.count == mergeLines.count + 514 else {
            throw TokenizerError("vocabulary \"\(place)\" lists a merge twice")
        }
        try self.init(ids: ids, mergeLines: mergeLines, place: place)
    }

    /// Builds a vocabulary whose symbols are numbered in a file of their own.
    init(ids: [String: Int32], mergeLines: [Substring], place: String) throws {
        func id(_ symbol: some StringProtocol) throws -> Int32 {
            guard let id = ids[String(symbol)] else {
                throw TokenizerError("vocabulary \"\(place)\" lacks the symbol \(symbol)")
            }
            return id
        }
        guard Set(ids.values).count == ids.count,
            ids.values.allSatisfy({ $0 >= 0 && $0 < ids.count })
        else {
            throw TokenizerError(
                "vocabulary \"\(place)\" must number its \(ids.count) symbols 0..<\(ids.count)"
            )
        }
        var inner = [Int32](repeating: 0, count: 256)
        var final = inner
        for (byte, character) in zip(BytePairAlphabet.bytes, BytePairAlphabet.characters) {
            inner[Int(byte)] = try id(character)
            final[Int(byte)] = try id(character + BytePairAlphabet.endOfWord)
        }
        var merges: [Pair: Merge] = [:]
        merges.reserveCapacity(mergeLines.count)
        for (rank, line) in mergeLines.enumerated() {
            let (left, right) = try Self.halves(of: line, place)
            let pair = Pair(left: try id(left), right: try id(right))
            merges[pair] = Merge(rank: rank, symbol: try id(left + right))
        }
        count = ids.count
        start = try id(Self.startToken)
        end = try id(Self.endToken)
        self.inner = inner
        self.final = final
        self.merges = merges
    }

    private static func halves(
        of line: Substring,
        _ place: String
    ) throws -> (left: Substring, right: Substring) {
        let utf8 = line.utf8
        guard let space = utf8.firstIndex(of: UInt8(ascii: " ")),
            space > utf8.startIndex, utf8.index(after: space) < utf8.endIndex
        else { throw TokenizerError("vocabulary \"\(place)\": \"\(line)\" is not a merge of two") }
        return (line[..<space], line[utf8.index(after: space)...])
    }

    /// Encodes the UTF-8 bytes of one word: the merge of lowest rank first, everywhere from left to right.
    func symbols(of word: [UInt8]) -> [Int32] {
        var symbols = word.map { inner[Int($0)] }
        guard let last = word.last else { return [] }
        symbols[symbols.count - 1] = final[Int(last)]
        while symbols.count > 1 {
            var best: (pair: Pair, merge: Merge)?
            for index in 1..<symbols.count {
                let pair = Pair(left: symbols[index - 1], right: symbols[index])
                guard let merge = merges[pair], merge.rank < best?.merge.rank ?? .max else {
                    continue
                }
                best = (pair, merge)
            }
            guard let best else { break }
            var merged: [Int32] = []
            merged.reserveCapacity(symbols.count)
            var index = 0
            while index < symbols.count {
                if index + 1 < symbols.count, symbols[index] == best.pair.left,
                    symbols[index + 1] == best.pair.right
                {
                    merged.append(best.merge.symbol)
                    index += 2
                } else {
                    merged.append(symbols[index])
                    index += 1
                }
            }
            symbols = merged
        }
        return symbols
    }
}

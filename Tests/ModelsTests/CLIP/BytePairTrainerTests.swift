import Foundation
import Models
import Testing

/// Merges that are learnt from captions, and the tokenizer that reads them.
struct BytePairTrainerTests {
    @Test func theMostFrequentPairComesFirst() {
        // "low": 5, "lower": 2, "newest": 6, "widest": 3, the example of Sennrich et al. 2016.
        let captions =
            [String](repeating: "low", count: 5) + [String](repeating: "lower", count: 2)
            + [String](repeating: "newest", count: 6) + [String](repeating: "widest", count: 3)
        let trained = BytePairTrainer(captions: captions, limit: 4)
        // "e s" and "s t</w>" occur 9 times each, and "e" comes before "s"; then what is left of "est</w>".
        #expect(trained.merges == ["e s", "es t</w>", "l o", "e w"])
        #expect(trained.vocabularyCount == 518)
    }

    @Test func aPairThatOccursOnceStays() {
        #expect(BytePairTrainer(captions: ["abc"], limit: 10).merges.isEmpty)
        #expect(BytePairTrainer(captions: [String](), limit: 10).merges.isEmpty)
        #expect(BytePairTrainer(captions: ["ab", "ab"], limit: 10).merges == ["a b</w>"])
        #expect(BytePairTrainer(captions: ["ab", "ab"], limit: 0).merges.isEmpty)
    }

    @Test func runsOfOneLetterMergeFromTheLeft() throws {
        let trained = BytePairTrainer(captions: ["aaaaa", "aaaaa"], limit: 10)
        // Of "a a a a a</w>" the pair "a a" occurs 3 times as counted by place.
        #expect(trained.merges == ["a a", "aa a</w>", "aa aaa</w>"])
        let tokenizer = try CLIPTokenizer(trained)
        #expect(tokenizer.tokens(of: "aaaaa") == [515, 514, 516])
    }

    @Test func captionsAreSplitAndLoweredAsTheTokenizerDoes() {
        // Words do not merge over spaces, digits stand alone, contractions are words of their own.
        let captions = [String](repeating: "It's 42  DRESSES!", count: 3)
        let merges = BytePairTrainer(captions: captions, limit: 100).merges
        #expect(merges.contains("i t</w>"))
        #expect(merges.contains("' s</w>"))
        #expect(!merges.contains { $0.contains("4") || $0.contains("!") || $0.contains("E") })
        #expect(merges.last.map { $0.replacing(" ", with: "") } == "dresses</w>")
    }

    @Test func theOrderOfCaptionsDoesNotMatter() {
        let captions = (0..<300).map { number in
            "a \(["red", "blue", "grün"][number % 3]) \(["dress", "skirt"][number % 2]) no \(number)"
        }
        let trained = BytePairTrainer(captions: captions, limit: 60)
        let again = BytePairTrainer(captions: captions.reversed(), limit: 60)
        #expect(trained.merges == again.merges)
        #expect(trained.vocabularyFile == again.vocabularyFile)
    }

    @Test(arguments: [
        "a photo of a woman", "Ein Mädchen im grünen Kleid", "赤いドレスの女性", "платье 👗 красное",
        "naïve \"quoted\" back\\slash", "it's 1999!", "<|endoftext|> </w> a</w>",
    ])
    func filesGiveTheTokenizerThatLearntMergesGive(caption: String) throws {
        let trained = BytePairTrainer(
            captions: [caption, caption, "a photo of a</w> man", "a man of a photo"],
            limit: 500
        )
        #expect(Set(trained.merges).count == trained.merges.count)
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("trained-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let vocabulary = folder.appendingPathComponent("vocab.json")
        let merges = folder.appendingPathComponent("merges.txt")
        try trained.vocabularyFile.write(to: vocabulary)
        try trained.mergesFile.write(to: merges)
        let read = try CLIPTokenizer(vocabulary: vocabulary.path, merges: merges.path)
        let direct = try CLIPTokenizer(trained)
        #expect(read.vocabularyCount == trained.vocabularyCount)
        #expect(read.start == Int32(trained.vocabularyCount - 2))
        #expect(read.end == Int32(trained.vocabularyCount - 1))
        for text in [caption, "a photo", "something else: é"] {
            #expect(read.tokens(of: text) == direct.tokens(of: text))
        }
        // Every word of the caption occurs twice, so that each became one symbol.
        if !caption.contains("<|") {
            let words = CLIPTokenizerTests.wordCount(caption)
            #expect(read.tokens(of: caption).count == words + 2)
        }
    }

    @Test func anotherWayToASymbolGivesNoSecondNumber() throws {
        // The letters "</w>" inside a word spell the end mark: "a" + "</w>" is the last "a" of a word already.
        let trained = BytePairTrainer(
            captions: [String](repeating: "x</w></w>", count: 4) + ["x< /w>", "w></w>"],
            limit: 100
        )
        let tokenizer = try CLIPTokenizer(trained)
        #expect(tokenizer.vocabularyCount == trained.vocabularyCount)
    }
}

extension CLIPTokenizerTests {
    /// The number of words by CLIP's pattern: runs of letters, single digits, other runs.
    static func wordCount(_ text: String) -> Int {
        let pattern = #/'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/#
        return text.lowercased().matches(of: pattern.matchingSemantics(.unicodeScalar)).count
    }
}

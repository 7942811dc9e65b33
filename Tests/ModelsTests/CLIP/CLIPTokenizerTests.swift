import Foundation
import Models
import Testing

struct CLIPTokenizerTests {
    /// A vocabulary of the bytes and two merges, as a pack carries it.
    private func smallTokenizer(merges: String = "#version: 0.2\nc a\nca t</w>\n") throws
        -> CLIPTokenizer
    {
        let printable = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
        let characters = (printable + (0x100..<0x100 + 256 - printable.count))
            .compactMap { Unicode.Scalar(UInt32($0)).map { String(Character($0)) } }
        let symbols =
            characters + characters.map { $0 + "</w>" }
            + ["ca", "cat</w>", "<|startoftext|>", "<|endoftext|>"]
        var vocabulary: [String: Int] = [:]
        for (id, symbol) in symbols.enumerated() { vocabulary[symbol] = id }
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let vocabularyFile = folder.appendingPathComponent("vocab.json")
        let mergesFile = folder.appendingPathComponent("merges.txt")
        try JSONSerialization.data(withJSONObject: vocabulary).write(to: vocabularyFile)
        try Data(merges.utf8).write(to: mergesFile)
        return try CLIPTokenizer(vocabulary: vocabularyFile.path, merges: mergesFile.path)
    }

    @Test func aPackBringsItsOwnVocabulary() throws {
        let tokenizer = try smallTokenizer()
        #expect(tokenizer.vocabularyCount == 516)
        // "c" is byte 0x63, number 66; with the end mark 256 more.
        #expect(tokenizer.tokens(of: "cat") == [514, 513, 515])
        #expect(tokenizer.tokens(of: "CA c") == [514, 66, 64 + 256, 66 + 256, 515])
        #expect(try tokenizer.encode("cat", contextLength: 5) == [514, 513, 515, 0, 0])
    }

    @Test func aTextThatIsTooLongIsRefusedOrCut() throws {
        let tokenizer = try smallTokenizer()
        #expect(throws: TokenizerError.self) { try tokenizer.encode("a b c", contextLength: 4) }
        let cut = try tokenizer.encode("cat cat cat", contextLength: 4, truncating: true)
        #expect(cut == [514, 513, 513, 515])
    }

    @Test(arguments: ["#version: 0.2\nx y\n", "#version: 0.2\nonehalf\n", "#version: 0.2\na \n"])
    func mergesThatDoNotFitTheVocabularyAreRefused(merges: String) {
        #expect(throws: TokenizerError.self) { try smallTokenizer(merges: merges) }
    }

    @Test func aMissingFileIsRefused() {
        #expect(throws: TokenizerError.self) { try CLIPTokenizer(merges: "/nowhere/merges.txt") }
        #expect(throws: TokenizerError.self) {
            try CLIPTokenizer(vocabulary: "/nowhere/vocab.json", merges: "/nowhere/merges.txt")
        }
    }

    @Test(arguments: [
        // A capital sigma becomes final only behind a letter and before none.
        ("ΟΔΟΣ ΣΟΣ Σ", "οδος σος σ"),
        ("\u{130}", "i\u{307}"),
        ("a\r\n b\u{3000}\u{A0}c ", "a b c"),
        ("&lt;b&gt; &#x41;&#66; &notit; &#128;", "<b> ab ¬it; €"),
        ("<i>&eacute;&ampamp;</i>", "<i>é&</i>"),
    ])
    func cleaning(text: String, expected: String) {
        let cleaned = CaptionCleaning.cleaned(text)
        #expect(cleaned.unicodeScalars.elementsEqual(expected.unicodeScalars), "\(cleaned)")
    }

    @Test(arguments: [
        ("cafÃ©", "café"),
        ("Ã¼ber â‚¬5", "über €5"),
        ("ðŸ˜€", "😀"),
        // Double damage needs two rounds.
        ("cafÃƒÂ©", "café"),
        // Genuine text.
        ("“CAFÉ” naïve", "\"CAFÉ\" naïve"),
        ("P&EACUTE;REZ", "PÉREZ"),
        ("\u{1B}[31mred\u{1B}[0m", "red"),
        ("1\u{85}2", "1…2"),
    ])
    func repair(text: String, expected: String) {
        let repaired = TextRepair.repaired(text)
        #expect(repaired.unicodeScalars.elementsEqual(expected.unicodeScalars), "\(repaired)")
    }
}

import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Vocabulary

/// The strings that the original tokenizer encoded, with the vocabulary that the program carries.
struct CLIPTokenizerGoldenTests {
    /// Strings of the shared set, by index, whose repair differs from ftfy's, with the reason: none.
    private static let repairGaps: [Int: String] = [:]

    private struct Text: Decodable {
        let text: String
        // swift-format-ignore: AlwaysUseLowerCamelCase
        // The keys of the golden file.
        let after_ftfy: String
        let cleaned: String
        let ids: [Int32]
        let untruncated: [Int32]
        // swift-format-ignore: AlwaysUseLowerCamelCase
        // The keys of the golden file.
        let raises_without_truncate: Bool

        /// Whether our repair gives what ftfy gave.
        var isRepairedAlike: Bool {
            TextRepair.repaired(text).unicodeScalars.elementsEqual(after_ftfy.unicodeScalars)
        }

        /// Whether ftfy changed nothing, so that every tokenizer must agree.
        var isSound: Bool { text.unicodeScalars.elementsEqual(after_ftfy.unicodeScalars) }
    }

    private struct File: Decodable {
        let cases: [Text]
        let start: Int32
        let end: Int32
        // swift-format-ignore: AlwaysUseLowerCamelCase
        // The keys of the golden file.
        let context_length: Int
        // swift-format-ignore: AlwaysUseLowerCamelCase
        // The keys of the golden file.
        let vocab_size: Int
    }

    private func tokenizer() throws -> CLIPTokenizer {
        try CLIPTokenizer(merges: CLIPVocabulary.merges(), place: "inside vsdb")
    }

    private func file(of golden: GoldenCase) throws -> File {
        let data = try Data(contentsOf: URL(fileURLWithPath: golden.path("tokens")))
        return try JSONDecoder().decode(File.self, from: data)
    }

    @Test(arguments: try Goldens.cases(number: 4, prefix: "clip_tokenizer"))
    func goldenTokens(golden: GoldenCase) throws {
        let file = try file(of: golden)
        let tokenizer = try tokenizer()
        #expect(tokenizer.vocabularyCount == file.vocab_size)
        #expect(tokenizer.start == file.start && tokenizer.end == file.end)
        for (index, item) in file.cases.enumerated() {
            // Damage that only ftfy repairs is taken as it left it: the repair has a test of its own.
            let text = item.isSound || item.isRepairedAlike ? item.text : item.after_ftfy
            let context = file.context_length
            let ids = try tokenizer.encode(text, contextLength: context, truncating: true)
            #expect(ids == item.ids, "string \(index) \(item.text.debugDescription)")
            #expect(tokenizer.tokens(of: text) == item.untruncated, "string \(index)")
            if item.raises_without_truncate {
                #expect(throws: TokenizerError.self, "string \(index)") {
                    try tokenizer.encode(text, contextLength: context)
                }
            } else {
                #expect(try tokenizer.encode(text, contextLength: context) == item.ids)
            }
        }
    }

    @Test(arguments: try Goldens.cases(number: 4, prefix: "clip_tokenizer"))
    func goldenCleaning(golden: GoldenCase) throws {
        for (index, item) in try file(of: golden).cases.enumerated() {
            let cleaned = CaptionCleaning.cleaned(item.after_ftfy)
            #expect(
                cleaned.unicodeScalars.elementsEqual(item.cleaned.unicodeScalars),
                "string \(index): \(cleaned.debugDescription), not \(item.cleaned.debugDescription)"
            )
            // Another set may hold damage that only ftfy knows.
            if !item.isSound, try Goldens.set() != "shared" { continue }
            #expect(
                item.isRepairedAlike == (Self.repairGaps[index] == nil),
                "string \(index): \(TextRepair.repaired(item.text).debugDescription)"
            )
        }
    }

    @Test(
        arguments: try Goldens.cases(number: 4, prefix: "clip_").filter { $0.url("texts") != nil }
    )
    func goldenTokensOfTheCaptions(golden: GoldenCase) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: golden.path("texts")))
        let texts = try JSONDecoder().decode([String].self, from: data)
        let tokens = try Goldens.tensor("tokens", in: Goldens.io(golden))
        let tokenizer = try tokenizer()
        let encoded = try texts.flatMap {
            try tokenizer.encode($0, contextLength: tokens.shape[1], truncating: true)
        }
        #expect(encoded.map { Int($0) } == tokens.integers)
    }

    @Test func theFullVocabularyLoadsQuickly() throws {
        var fastest = Double.infinity
        for _ in 0..<5 {
            let began = Self.threadSeconds
            _ = try tokenizer()
            fastest = min(fastest, Self.threadSeconds - began)
        }
        // A command that encodes one caption should not feel it; the thread's own time hardly feels others.
        #expect(fastest < 0.5)
    }

    /// Seconds that this thread has computed.
    private static var threadSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

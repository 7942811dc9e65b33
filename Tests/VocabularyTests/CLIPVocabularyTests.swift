import Foundation
import Hashing
import TestSupport
import Testing
import Vocabulary

/// The vocabulary that the program carries.
struct CLIPVocabularyTests {
    @Test func theUnpackedMergesAreTheOnesOfTheReference() throws {
        let merges = try CLIPVocabulary.merges()
        #expect(SHA256.digest(merges).hex == CLIPVocabulary.sha256)
        #expect(merges.starts(with: Data("\"bpe_simple_vocab_16e6.txt#version: 0.2\n".utf8)))
    }

    @Test(arguments: try Goldens.cases(number: 4, prefix: "clip_tokenizer"))
    func theGoldensNameTheSameHash(golden: GoldenCase) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: golden.path("tokens")))
        let file = try JSONDecoder().decode(JSON.self, from: data)
        #expect(file["merges_file_sha256_uncompressed"]?.string == CLIPVocabulary.sha256)
    }

    @Test func theLicenceStandsBesideIt() {
        #expect(CLIPVocabulary.licence.contains("Copyright (c) 2021 OpenAI"))
        #expect(CLIPVocabulary.licence.contains("MIT License"))
    }
}

internal import CVocabulary
internal import Compression
public import Foundation

/// The byte-pair vocabulary of the released CLIP models, which the program carries packed.
///
/// Nothing is unpacked until it is asked for. Source: OpenAI CLIP, `bpe_simple_vocab_16e6.txt.gz`.
public enum CLIPVocabulary {
    /// The file's SHA-256, unpacked, in hexadecimal digits.
    public static let sha256 = "67603cfda2e032ad77b5f8808af37789d590db664b26df8705d2bf8b3c553fc8"

    /// The number of tokens that a model with this vocabulary has, start and end included.
    public static let tokenCount = 49_408

    /// Unpacks the merges: a comment line, then one merge a line, UTF-8, 3 MB.
    ///
    /// - Returns: The text, as `CLIPTokenizer(merges:)` takes it.
    /// - Throws: `VocabularyError` if the program's file is damaged.
    public static func merges() throws(VocabularyError) -> Data {
        let packed = vocabulary_merges()
        do {
            return try Gzip.inflate(
                Data(bytes: packed.start, count: packed.count),
                limit: unpackedLimit
            )
        } catch {
            throw VocabularyError(problem: "\(error)")
        }
    }

    private static let unpackedLimit = 16 << 20

    /// The licence under which the vocabulary is passed on: MIT, OpenAI.
    public static var licence: String {
        let packed = vocabulary_licence()
        return String(
            decoding: UnsafeBufferPointer(start: packed.start, count: packed.count),
            as: UTF8.self
        )
    }
}

/// A vocabulary inside the program that is not what was built.
public struct VocabularyError: Error, Sendable, CustomStringConvertible {
    let problem: String

    /// What is wrong and what to do.
    public var description: String {
        "the CLIP vocabulary inside this program does not unpack (\(problem)); the file of the program "
            + "is damaged: install vsdb again"
    }
}

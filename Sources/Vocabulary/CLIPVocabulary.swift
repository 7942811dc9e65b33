internal import CVocabulary
internal import CZlib
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
        try unpacked(vocabulary_merges())
    }

    /// The licence under which the vocabulary is passed on: MIT, OpenAI.
    public static var licence: String {
        let packed = vocabulary_licence()
        return String(
            decoding: UnsafeBufferPointer(start: packed.start, count: packed.count),
            as: UTF8.self
        )
    }

    /// Inflates a gzip file of one member, whose last four bytes tell its unpacked size.
    private static func unpacked(_ packed: vocabulary_bytes) throws(VocabularyError) -> Data {
        let size = UnsafeBufferPointer(start: packed.start, count: packed.count).suffix(4)
            .reversed().reduce(0) { $0 << 8 | Int($1) }
        var text = Data(count: size)
        let status = text.withUnsafeMutableBytes { buffer in
            let room = buffer.bindMemory(to: UInt8.self)
            var stream = z_stream()
            stream.next_in = UnsafeMutablePointer(mutating: packed.start)
            stream.avail_in = UInt32(packed.count)
            stream.next_out = room.baseAddress
            stream.avail_out = UInt32(room.count)
            // 16 more than the largest window of 15 bits asks for gzip, whose checksum zlib compares.
            let layout = Int32(MemoryLayout<z_stream>.size)
            let began = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, layout)
            guard began == Z_OK else { return began }
            defer { inflateEnd(&stream) }
            return inflate(&stream, Z_FINISH)
        }
        guard status == Z_STREAM_END else { throw VocabularyError(status: status) }
        return text
    }
}

/// A vocabulary inside the program that is not what was built.
public struct VocabularyError: Error, Sendable, CustomStringConvertible {
    /// What zlib answered.
    let status: Int32

    /// What is wrong and what to do.
    public var description: String {
        "the CLIP vocabulary inside this program does not unpack (zlib says \(status)); the file of "
            + "the program is damaged: install vsdb again"
    }
}

import Foundation

/// Files that are often found in the place of weights, and what to do about each.
enum ForeignFile {
    private static let magics: [(start: [UInt8], problem: String)] = [
        ([0x1F, 0x8B], "is compressed with gzip; unpack it with gunzip"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "is compressed with xz; unpack it with unxz"),
        (Array("BZh".utf8), "is compressed with bzip2; unpack it with bunzip2"),
        ([0x28, 0xB5, 0x2F, 0xFD], "is compressed with zstd; unpack it with unzstd"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "is a 7z archive; unpack it"),
        (Array("Rar!".utf8), "is a RAR archive; unpack it"),
        (
            [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A],
            "is an HDF5 file, as Keras writes it; no network here is published so"
        ),
        (Array("GGUF".utf8), "is a GGUF file of a language model"),
        ([0x93] + Array("NUMPY".utf8), "is a single NumPy array"),
    ]

    /// What a file is that no reader takes, by its first bytes.
    ///
    /// - Parameter start: The first bytes, all of a short file.
    /// - Returns: The end of a sentence that begins with the file.
    static func problem(_ start: Data) -> String {
        if start.isEmpty { return "is empty; fetch it again" }
        if let known = magics.first(where: { start.starts(with: $0.start) }) {
            return known.problem
        }
        if start.dropFirst(257).starts(with: "ustar".utf8) {
            return "is a tar archive; unpack it and name the file in it. torch.save wrote such "
                + "files before version 0.1.10: load one of those in PyTorch and save it again"
        }
        if start.count >= 16, start.allSatisfy({ $0 == 0 }) {
            return "starts with nothing but zeros; the download was not finished, fetch it again"
        }
        return text(start) ?? "is none of safetensors, a torch archive, a legacy torch file or a "
            + "pickle of protocols 2 to 5"
    }

    private static func text(_ start: Data) -> String? {
        let controls: [UInt8] = [9, 10, 12, 13]
        guard start.allSatisfy({ $0 >= 32 && $0 != 127 || controls.contains($0) }) else {
            return nil
        }
        // The last character may be cut in two, so that it need not be UTF-8.
        let text = String(decoding: start, as: UTF8.self)
        let trimmed = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
        if text.hasPrefix("version https://git-lfs.github.com/spec/") {
            return "is a Git LFS pointer, not the file itself; run: git lfs pull"
        }
        if ["<!doctype html", "<html", "<head", "<body"].contains(where: trimmed.hasPrefix) {
            return "is an HTML page; the download went wrong, fetch the file itself"
        }
        if trimmed.hasPrefix("<?xml") {
            return "is an XML document, often the answer of a server; the download went wrong"
        }
        if trimmed.hasPrefix("{") || trimmed.hasPrefix("[") {
            return "is a JSON text and holds no weights"
        }
        if ["(dp", "(lp", "ccopy_reg\n", "ccollections\n"].contains(where: text.hasPrefix) {
            return "is a pickle of protocol 0 or 1; protocols 2 to 5 are read, load it in Python "
                + "and save it again"
        }
        // A few bytes of anything may look like text.
        guard start.count >= 16 else { return nil }
        return "is a text file and holds no weights"
    }
}

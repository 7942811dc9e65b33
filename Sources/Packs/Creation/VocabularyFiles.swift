internal import Compression
internal import Foundation
internal import Models

/// CLIP's vocabulary as a pack stores it.
struct VocabularyFiles: Sendable {
    static let mergesName = "merges.txt"
    static let symbolsName = "vocab.json"

    /// The merges, one a line.
    let merges: Data
    /// Symbols and their numbers, JSON; nil if the merges alone define them.
    let symbols: Data?

    /// Far more than any list of merges, so that a bomb stays small.
    private static let sizeLimit = 64 << 20

    /// Finds the vocabulary for a pack's CLIP: the stated one, or that of its folder.
    ///
    /// - Returns: The files; nil if the pack has no CLIP or nothing states one: the released models' is in the
    ///   program.
    /// - Throws: `PackError` if the files do not make a vocabulary of CLIP's size.
    static func choose(_ request: PackRequest, _ choice: SourceChoice) throws -> VocabularyFiles? {
        guard let (recognition, network) = choice.chosen[.clip] else {
            guard let path = request.tokenizer else { return nil }
            throw PackError(
                .badRequest,
                "--tokenizer \"\(path)\": the pack has no CLIP to use it; add --clip F"
            )
        }
        let count = network.known["config.vocabulary"]?.integer ?? 0
        let folder = recognition.file.path
        let files: VocabularyFiles
        let place = request.tokenizer ?? folder
        if let path = request.tokenizer {
            files = try read(path)
        } else if recognition.file.format == .huggingFaceFolder,
            FileManager.default.fileExists(atPath: folder + "/" + mergesName),
            FileManager.default.fileExists(atPath: folder + "/" + symbolsName)
        {
            files = try read(folder)
        } else {
            return nil
        }
        try files.check(count: count, place: place)
        return files
    }

    private static func read(_ path: String) throws -> VocabularyFiles {
        func content(_ path: String) throws -> Data {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw PackError(.notFound, "--tokenizer \"\(path)\": there is no readable file")
            }
            return data
        }
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if exists, isFolder.boolValue {
            return VocabularyFiles(
                merges: try content(path + "/" + mergesName),
                symbols: try content(path + "/" + symbolsName)
            )
        }
        let data = try content(path)
        guard Gzip.isGzip(data) else { return VocabularyFiles(merges: data, symbols: nil) }
        do {
            return VocabularyFiles(
                merges: try Gzip.inflate(data, limit: sizeLimit),
                symbols: nil
            )
        } catch {
            throw PackError(.badRequest, "--tokenizer \"\(path)\": \(error)")
        }
    }

    /// Builds the tokenizer once, from copies, and compares its size with CLIP's.
    private func check(count: Int, place: String) throws {
        let folder = NSTemporaryDirectory() + "/vsdb-vocabulary-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        try write(to: folder)
        let tokenizer: CLIPTokenizer
        do {
            let merges = folder + "/" + Self.mergesName
            tokenizer =
                symbols == nil
                ? try CLIPTokenizer(merges: merges)
                : try CLIPTokenizer(vocabulary: folder + "/" + Self.symbolsName, merges: merges)
        } catch let error as TokenizerError {
            let text = error.description.replacingOccurrences(of: folder + "/", with: "")
            throw PackError(.badRequest, "--tokenizer \"\(place)\": \(text)")
        }
        guard tokenizer.vocabularyCount == count else {
            throw PackError(
                .weightsMismatch,
                "--tokenizer \"\(place)\" has \(tokenizer.vocabularyCount) tokens, the CLIP \(count); "
                    + "pass the one that it was trained with"
            )
        }
    }

    /// Writes the files into a folder.
    func write(to folder: String) throws {
        try merges.write(to: URL(fileURLWithPath: folder + "/" + Self.mergesName))
        try symbols?.write(to: URL(fileURLWithPath: folder + "/" + Self.symbolsName))
    }
}

import Foundation
public import Tensors

/// Weight files of any readable format, told apart by their content.
public enum Checkpoint {
    /// Opens a file of any readable format, or a Hugging Face folder; see `CheckpointFile.Format`.
    ///
    /// Nothing in the file is executed.
    ///
    /// - Parameter path: The file or folder.
    /// - Returns: Its tensors by name.
    /// - Throws: `CheckpointError` or `SafetensorsError` if the file cannot be read, is damaged or
    ///   has another format.
    public static func open(path: String) throws -> any TensorArchive {
        try HuggingFaceFolder.isFolder(path)
            ? HuggingFaceFolder(path: path) : openFile(path: path)
    }

    /// Opens a single file.
    static func openFile(path: String) throws -> any TensorArchive {
        let bytes = try bytes(of: path)
        guard let start = bytes.part(0..<min(bytes.count, 512)) else {
            throw CheckpointError(path, "cannot be read")
        }
        if isZip(start) { return try TorchArchive(path: path, bytes: bytes) }
        if LegacyTorchStream.magicLength(start) != nil {
            return try LegacyTorchFile(path: path, bytes: bytes)
        }
        if isSafetensors(start) {
            return try SafetensorsFile(path: path, bytes: bytes)
        }
        if start.first == 0x80 { return try PickleFile(path: path, bytes: bytes) }
        throw CheckpointError(path, ForeignFile.problem(start))
    }

    /// Opens a file for reading.
    static func bytes(of path: String) throws -> FileBytes {
        do {
            return try FileBytes(path: path)
        } catch {
            let reason = error.description.prefix(1).lowercased() + error.description.dropFirst()
            throw CheckpointError(path, "cannot be read: \(reason)", kind: .unreadable)
        }
    }

    /// All bytes of a file, mapped.
    static func all(_ bytes: FileBytes, path: String) throws -> Data {
        guard let data = bytes.all() else { throw CheckpointError(path, "cannot be mapped") }
        return data
    }

    /// Whether bytes start as a zip archive does.
    private static func isZip(_ start: Data) -> Bool {
        start.starts(with: [0x50, 0x4B, 0x03, 0x04])
            || start.starts(with: [0x50, 0x4B, 0x05, 0x06])
    }

    /// Whether the length of a header is followed by a JSON object; the reader says if it is longer
    /// than the file.
    private static func isSafetensors(_ start: Data) -> Bool {
        guard start.count > 8 else { return false }
        let length = start.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
        }
        return length < 1 << 48 && start[start.startIndex + 8] == UInt8(ascii: "{")
    }
}

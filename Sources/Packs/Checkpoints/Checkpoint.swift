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
        if isSafetensors(start, fileSize: bytes.count) {
            return try SafetensorsFile(path: path, bytes: bytes)
        }
        if start.first == 0x80 { return try PickleFile(path: path, bytes: bytes) }
        if start.dropFirst(257).starts(with: "ustar".utf8) {
            throw CheckpointError(
                path,
                "is a tar archive, which torch.save wrote before version 0.1.10; load it in PyTorch "
                    + "and save it again"
            )
        }
        throw CheckpointError(
            path,
            "is none of safetensors, a torch archive, a legacy torch file or a pickle of "
                + "protocols 2 to 5"
        )
    }

    /// Opens a file for reading.
    static func bytes(of path: String) throws -> FileBytes {
        do {
            return try FileBytes(path: path)
        } catch {
            throw CheckpointError(path, "cannot be read: \(error)")
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

    /// Whether a header length that fits is followed by a JSON object.
    private static func isSafetensors(_ start: Data, fileSize: Int) -> Bool {
        guard start.count > 8 else { return false }
        let length = start.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
        }
        return length <= UInt64(fileSize - 8) && start[start.startIndex + 8] == UInt8(ascii: "{")
    }
}

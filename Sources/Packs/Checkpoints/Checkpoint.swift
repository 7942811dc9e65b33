import Foundation
public import Tensors

/// Weight files of any readable format, told apart by their content.
public enum Checkpoint {
    /// Opens a safetensors file or a torch archive (`.pt`, `.pth`, `.ckpt`, TorchScript).
    ///
    /// Nothing in the file is executed.
    ///
    /// - Parameter path: The file.
    /// - Returns: Its tensors by name.
    /// - Throws: `CheckpointError` or `SafetensorsError` if the file cannot be read, is damaged or has
    ///   another format.
    public static func open(path: String) throws -> any TensorArchive {
        let data = try mapped(path: path)
        if TorchArchive.isZip(data) { return try TorchArchive(path: path, data: data) }
        if isSafetensors(data) { return try SafetensorsFile(path: path, data: data) }
        if data.first == 0x80 {
            throw CheckpointError(
                path,
                "is a bare pickle, not a torch archive; load it in PyTorch and save its state "
                    + "dictionary as safetensors or with torch.save of version 1.6 or later"
            )
        }
        throw CheckpointError(path, "is neither a safetensors file nor a torch archive")
    }

    /// Maps a file into memory.
    static func mapped(path: String) throws -> Data {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        } catch {
            throw CheckpointError(path, "cannot be read: \(error.localizedDescription)")
        }
    }

    /// Whether a header length that fits is followed by a JSON object.
    private static func isSafetensors(_ data: Data) -> Bool {
        guard data.count > 8 else { return false }
        let length = data.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
        }
        return length <= UInt64(data.count - 8) && data[data.startIndex + 8] == UInt8(ascii: "{")
    }
}

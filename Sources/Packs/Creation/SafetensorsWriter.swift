internal import Foundation
internal import Glibc
internal import Hashing
package import Tensors

/// Writes a safetensors file tensor by tensor, so that memory holds one at a time.
///
/// Wide elements come first, then names in order, as the reference implementation writes them: every tensor is
/// then aligned to its elements.
package struct SafetensorsWriter {
    /// A tensor to be written, read from its file when its turn comes.
    package struct Entry {
        /// What it is called in the new file.
        let name: String
        /// Its name in the source.
        let source: String
        /// The source.
        let archive: any TensorArchive

        /// Names a tensor, its name in the source, and the source.
        package init(name: String, source: String, archive: any TensorArchive) {
            self.name = name
            self.source = source
            self.archive = archive
        }
    }

    private struct Place: Encodable {
        let dtype: String
        let shape: [Int]
        // swift-format-ignore: AlwaysUseLowerCamelCase
        // The key of the format.
        let data_offsets: [Int]
    }

    /// What goes to the disk at once.
    private static let pieceSize = 4 << 20

    private let path: String
    private let file: FileHandle
    private let sum = SHA256()

    /// Writes a new file and waits until it is on the disk.
    ///
    /// - Parameters:
    ///   - entries: The tensors.
    ///   - path: The file, which must not be there.
    ///   - step: Is told each tensor's name before it is written; throwing stops.
    /// - Returns: The file's SHA-256.
    /// - Throws: `PackError` for a tensor with NaN or infinity, errors of the disk, what `step` throws.
    package static func write(
        _ entries: [Entry],
        to path: String,
        step: (String) throws -> Void
    ) throws -> String {
        guard FileManager.default.createFile(atPath: path, contents: nil) else {
            throw PackError(.notFound, "\"\(path)\" cannot be written; check the folder")
        }
        let writer = SafetensorsWriter(
            path: path,
            file: try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        )
        defer { try? writer.file.close() }
        try writer.write(entries, step)
        try writer.file.synchronize()
        return writer.sum.finish().hex
    }

    private func write(_ entries: [Entry], _ step: (String) throws -> Void) throws {
        var places: [String: Place] = [:]
        var offset = 0
        let ordered = try sorted(entries)
        for (entry, dtype, shape) in ordered {
            let size = shape.reduce(dtype.byteCount, *)
            places[entry.name] = Place(
                dtype: dtype.rawValue,
                shape: shape,
                data_offsets: [offset, offset + size]
            )
            offset += size
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var header = try encoder.encode(places)
        header.append(
            Data(repeating: UInt8(ascii: " "), count: (64 - (header.count + 8) % 64) % 64)
        )
        try append(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header)
        for (entry, _, _) in ordered {
            try step(entry.name)
            try append(try tensor(entry))
        }
    }

    /// The tensors in the order of the file, with type and shape.
    private func sorted(_ entries: [Entry]) throws -> [(Entry, DType, [Int])] {
        try entries.map { entry in
            guard let layout = entry.archive.layout(entry.source) else { throw gone(entry) }
            return (entry, layout.dtype, layout.shape)
        }
        .sorted { left, right in
            (-left.1.byteCount, left.0.name) < (-right.1.byteCount, right.0.name)
        }
    }

    private func tensor(_ entry: Entry) throws -> Data {
        guard let tensor = entry.archive.raw(entry.source) else { throw gone(entry) }
        guard tensor.isFinite else {
            throw PackError(
                .weightsMismatch,
                "checkpoint \"\(entry.archive.path)\": tensor \(entry.source) holds NaN or infinity; "
                    + "use a checkpoint from before training diverged"
            )
        }
        return tensor.bytes
    }

    private func gone(_ entry: Entry) -> PackError {
        PackError(
            .weightsMismatch,
            "checkpoint \"\(entry.archive.path)\": tensor \(entry.source) is missing"
        )
    }

    private func append(_ data: Data) throws {
        var rest = data[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Self.pieceSize)
            try file.write(contentsOf: piece)
            sum.update(piece)
            rest = rest.dropFirst(piece.count)
        }
    }
}

/// Makes the names in a folder survive a power cut.
package func synchroniseFolder(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw PackError(.notFound, "folder \"\(path)\" cannot be opened")
    }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
        throw PackError(.notFound, "folder \"\(path)\" cannot be brought to the disk")
    }
}

package import Foundation
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

    /// Writes a new file of tensors whose layouts are known before their elements, and waits until it is on the disk.
    ///
    /// - Parameters:
    ///   - layouts: Names and layouts.
    ///   - path: The file, which must not be there; its folder is.
    ///   - bytes: Gives the elements of a tensor when its turn comes.
    /// - Returns: The file's SHA-256.
    /// - Throws: Errors of the disk, what `bytes` throws.
    package static func write(
        _ layouts: [String: TensorLayout],
        to path: String,
        bytes: (String) throws -> Data
    ) throws -> String {
        try Data().write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        let writer = SafetensorsWriter(
            path: path,
            file: try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        )
        defer { try? writer.file.close() }
        let ordered = Self.sorted(layouts.map { ($0.key, $0.value) }) { ($0.1, $0.0) }
        try writer.writeHeader(ordered)
        for (name, layout) in ordered {
            let data = try bytes(name)
            precondition(data.count == layout.byteCount, "\(name) is not \(layout)")
            try writer.append(data)
        }
        try writer.file.synchronize()
        return writer.sum.finish().hex
    }

    private func write(_ entries: [Entry], _ step: (String) throws -> Void) throws {
        let layouts = try entries.map { entry in
            guard let layout = entry.archive.layout(entry.source) else { throw gone(entry) }
            return (entry, layout)
        }
        let ordered = Self.sorted(layouts) { ($0.1, $0.0.name) }
        try writeHeader(ordered.map { ($0.0.name, $0.1) })
        for (entry, _) in ordered {
            try step(entry.name)
            try append(try tensor(entry))
        }
    }

    /// Tensors in the order of the file.
    private static func sorted<Item>(
        _ items: [Item],
        _ facts: (Item) -> (TensorLayout, String)
    ) -> [Item] {
        items.map { ($0, facts($0)) }
            .sorted { left, right in
                (-left.1.0.dtype.byteCount, left.1.1) < (-right.1.0.dtype.byteCount, right.1.1)
            }
            .map(\.0)
    }

    private func writeHeader(_ ordered: [(name: String, layout: TensorLayout)]) throws {
        var places: [String: Place] = [:]
        var offset = 0
        for (name, layout) in ordered {
            places[name] = Place(
                dtype: layout.dtype.rawValue,
                shape: layout.shape,
                data_offsets: [offset, offset + layout.byteCount]
            )
            offset += layout.byteCount
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var header = try encoder.encode(places)
        header.append(
            Data(repeating: UInt8(ascii: " "), count: (64 - (header.count + 8) % 64) % 64)
        )
        try append(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header)
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

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

    private let file: FileHandle
    private let sum = SHA256()

    /// Writes a new file of tensors of other files and waits until it is on the disk.
    ///
    /// - Parameters:
    ///   - entries: The tensors.
    ///   - path: The file, which must not be there; its folder is.
    ///   - step: Is told each tensor's name before it is written; throwing stops.
    /// - Returns: The file's SHA-256.
    /// - Throws: `PackError` for a tensor with NaN or infinity and for a name given twice, errors of the disk,
    ///   what `step` throws.
    package static func write(
        _ entries: [Entry],
        to path: String,
        step: (String) throws -> Void
    ) throws -> String {
        var named: [String: Entry] = [:]
        for entry in entries {
            if let other = named.updateValue(entry, forKey: entry.name) {
                throw PackError(
                    .weightsMismatch,
                    "checkpoint \"\(entry.archive.path)\": tensors \(other.source) and \(entry.source) would "
                        + "both be called \(entry.name)"
                )
            }
        }
        return try write(
            named,
            to: path,
            layout: { entry in
                guard let layout = entry.archive.layout(entry.source) else { throw gone(entry) }
                return layout
            },
            bytes: { name, entry in
                try step(name)
                return try bytes(of: entry)
            }
        )
    }

    /// Writes a new file of tensors whose layouts are known before their elements, and waits until it is on the disk.
    ///
    /// - Parameters:
    ///   - sources: Where each tensor comes from, by its name.
    ///   - path: The file, which must not be there; its folder is.
    ///   - layout: Gives the layout of a tensor.
    ///   - bytes: Gives the elements of a tensor when its turn comes.
    /// - Returns: The file's SHA-256.
    /// - Throws: Errors of the disk, what `layout` and `bytes` throw.
    package static func write<Source>(
        _ sources: [String: Source],
        to path: String,
        layout: (Source) throws -> TensorLayout,
        bytes: (String, Source) throws -> Data
    ) throws -> String {
        let ordered = try sources.map {
            (name: $0.key, source: $0.value, layout: try layout($0.value))
        }
        .sorted { left, right in
            (-left.layout.dtype.byteCount, left.name)
                < (-right.layout.dtype.byteCount, right.name)
        }
        try Data().write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        let writer = SafetensorsWriter(
            file: try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        )
        defer { try? writer.file.close() }
        try writer.writeHeader(ordered.map { ($0.name, $0.layout) })
        for (name, source, layout) in ordered {
            let data = try bytes(name, source)
            precondition(data.count == layout.byteCount, "\(name) is not \(layout)")
            try writer.append(data)
        }
        try writer.file.synchronize()
        return writer.sum.finish().hex
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

    private static func bytes(of entry: Entry) throws -> Data {
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

    private static func gone(_ entry: Entry) -> PackError {
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

public import Foundation

/// A safetensors file that cannot be read, with file, place and rule.
public struct SafetensorsError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, where, and the rule that it breaks.
    public let description: String

    init(_ path: String, _ problem: String) {
        description = "safetensors \"\(path)\": \(problem)".asOneLine
    }
}

extension String {
    /// The text without control characters and, if it is very long, without its end.
    ///
    /// Messages quote names out of files, which may hold anything: line feeds, orders to a
    /// terminal.
    package var asOneLine: String {
        let limit = 1500
        let isLong = unicodeScalars.count > limit
        return String(String.UnicodeScalarView(unicodeScalars.prefix(limit))).withoutControls
            + (isLong ? "..." : "")
    }

    /// The text with a replacement character for every one that moves a terminal's cursor, colours
    /// it, ends the line or turns the direction of writing.
    package var withoutControls: String {
        var shown = UnicodeScalarView()
        for scalar in unicodeScalars { shown.append(scalar.isControl ? "\u{FFFD}" : scalar) }
        return String(shown)
    }
}

extension Int {
    /// The number with its noun: `1 tensor`, `2 tensors`.
    package func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}

extension Unicode.Scalar {
    /// Whether it is an order and not a character to be seen.
    fileprivate var isControl: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: properties.isBidiControl
        }
    }
}

/// A safetensors file whose tensors are mapped or read when asked for.
///
/// Source: the safetensors format: 8 bytes of header length, a JSON header of name to dtype, shape
/// and byte range, then the bytes without holes or overlaps.
public struct SafetensorsFile: TensorArchive {
    /// The largest header that is read, as in the reference implementation.
    public static let headerLimit = 100_000_000

    /// Where the file lies.
    public let path: String
    /// All tensor names, sorted.
    public let names: [String]
    /// Free text of the header's `__metadata__`.
    public let metadata: [String: String]

    private let bytes: FileBytes
    private let tensors: [String: SafetensorsHeader.Place]

    /// Opens a file and checks its header.
    ///
    /// - Parameter path: The file.
    /// - Throws: `SafetensorsError` if the file cannot be read or breaks a rule of the format.
    public init(path: String) throws {
        do {
            try self.init(path: path, bytes: FileBytes(path: path))
        } catch let error as FileBytes.OpenError {
            throw SafetensorsError(path, "cannot be read: \(error)")
        }
    }

    /// Reads a file that is already in memory.
    ///
    /// - Parameters:
    ///   - path: The name used in messages.
    ///   - data: The whole file.
    /// - Throws: `SafetensorsError` if it breaks a rule of the format.
    public init(path: String, data: Data) throws {
        try self.init(path: path, bytes: FileBytes(data))
    }

    /// Reads the header of a file that is open.
    ///
    /// - Parameters:
    ///   - path: The name used in messages.
    ///   - bytes: The whole file.
    ///   - headerLimit: The largest header to read.
    /// - Throws: `SafetensorsError` if it breaks a rule of the format.
    public init(path: String, bytes: FileBytes, headerLimit: Int = Self.headerLimit) throws {
        guard bytes.count >= 8, let prefix = bytes.part(0..<8) else {
            throw SafetensorsError(path, "\(bytes.count) bytes are too few for a header")
        }
        let declared = prefix.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
        }
        guard declared <= UInt64(headerLimit) else {
            throw SafetensorsError(
                path,
                "byte 0: the header claims \(declared) bytes, more than the \(headerLimit) that are "
                    + "allowed"
            )
        }
        guard declared <= UInt64(bytes.count - 8) else {
            throw SafetensorsError(
                path,
                "byte 0: the header claims \(declared) bytes, but only \(bytes.count - 8) follow; the "
                    + "file is cut off, fetch it again"
            )
        }
        guard let json = bytes.part(8..<8 + Int(declared)) else {
            throw SafetensorsError(path, "the header cannot be read")
        }
        let header = try SafetensorsHeader(
            json,
            bodyStart: 8 + Int(declared),
            fileSize: bytes.count,
            path: path
        )
        self.path = path
        self.bytes = bytes
        tensors = header.tensors
        metadata = header.metadata
        names = tensors.keys.sorted()
    }

    /// The tensor of that name, or nil.
    public func raw(_ name: String) -> RawTensor? {
        guard let place = tensors[name], let part = bytes.part(place.range) else { return nil }
        return RawTensor(dtype: place.layout.dtype, shape: place.layout.shape, bytes: part)
    }

    /// Element type and shape of the tensor of that name, or nil; no element is read.
    public func layout(_ name: String) -> TensorLayout? { tensors[name]?.layout }

    /// Encodes tensors as a safetensors file, names sorted, header padded to 64 bytes.
    ///
    /// - Parameters:
    ///   - tensors: What to store.
    ///   - metadata: Free text for the header.
    /// - Returns: The bytes of the file.
    /// - Throws: An encoding error; none is expected.
    public static func encode(
        _ tensors: [String: RawTensor],
        metadata: [String: String] = [:]
    ) throws -> Data {
        var header: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
        var offset = 0
        let ordered = tensors.sorted { $0.key < $1.key }
        for (name, tensor) in ordered {
            let entry: [String: Any] = [
                "dtype": tensor.dtype.rawValue, "shape": tensor.shape,
                "data_offsets": [offset, offset + tensor.bytes.count],
            ]
            header[name] = entry
            offset += tensor.bytes.count
        }
        var json = try JSONSerialization.data(withJSONObject: header, options: .sortedKeys)
        let padding = (64 - (json.count + 8) % 64) % 64
        json.append(Data(repeating: UInt8(ascii: " "), count: padding))
        var file = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
        file.append(json)
        for (_, tensor) in ordered { file.append(tensor.bytes) }
        return file
    }
}

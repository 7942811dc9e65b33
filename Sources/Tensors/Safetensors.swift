public import Foundation

/// A safetensors file that cannot be read, with file, place and rule.
public struct SafetensorsError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, where, and the rule that it breaks.
    public let description: String

    init(_ path: String, _ problem: String) {
        description = "safetensors \"\(path)\": \(problem)"
    }
}

/// A memory-mapped safetensors file.
///
/// Source: the safetensors format: 8 bytes of header length, a JSON header of name to dtype, shape and
/// byte range, then the bytes without holes or overlaps.
public struct SafetensorsFile: TensorArchive {
    /// The largest header that is read, as in the reference implementation.
    public static let headerLimit = 100_000_000

    /// Where the file lies.
    public let path: String
    /// All tensor names, sorted.
    public let names: [String]
    /// Free text of the header's `__metadata__`.
    public let metadata: [String: String]
    private let tensors: [String: RawTensor]

    private struct Entry: Decodable {
        let dtype: String
        let shape: [Int]
        // swift-format-ignore: AlwaysUseLowerCamelCase
        // The key of the format.
        let data_offsets: [Int]
    }

    private enum HeaderValue: Decodable {
        case metadata([String: String])
        case tensor(Entry)

        init(from decoder: any Decoder) throws {
            if let entry = try? Entry(from: decoder) {
                self = .tensor(entry)
            } else {
                self = .metadata(try [String: String](from: decoder))
            }
        }
    }

    /// Maps a file and checks its header.
    ///
    /// - Parameter path: The file.
    /// - Throws: `SafetensorsError` if the file cannot be read or breaks a rule of the format.
    public init(path: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        } catch {
            throw SafetensorsError(path, "cannot be read: \(error.localizedDescription)")
        }
        try self.init(path: path, data: data)
    }

    /// Reads a file that is already in memory.
    ///
    /// - Parameters:
    ///   - path: The name used in messages.
    ///   - data: The whole file.
    /// - Throws: `SafetensorsError` if it breaks a rule of the format.
    public init(path: String, data: Data) throws {
        func fail(_ problem: String) -> SafetensorsError { SafetensorsError(path, problem) }
        guard data.count >= 8 else { throw fail("\(data.count) bytes are too few for a header") }
        let declared = data.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
        }
        guard declared <= UInt64(Self.headerLimit), declared <= UInt64(data.count - 8) else {
            throw fail("the header claims \(declared) bytes, the file has \(data.count)")
        }
        let start = data.startIndex + 8
        let body = start + Int(declared)
        let header: [String: HeaderValue]
        do {
            header = try JSONDecoder().decode([String: HeaderValue].self, from: data[start..<body])
        } catch {
            throw fail("the header is not the JSON of this format: \(error)")
        }
        var tensors: [String: RawTensor] = [:]
        var metadata: [String: String] = [:]
        var ranges: [(Range<Int>, String)] = []
        for (name, value) in header {
            switch value {
            case .metadata(let text):
                guard name == "__metadata__" else { throw fail("\(name) is not a tensor entry") }
                metadata = text
            case .tensor(let entry):
                guard let dtype = DType(rawValue: entry.dtype) else {
                    throw fail("tensor \(name) has the unknown dtype \(entry.dtype)")
                }
                guard entry.data_offsets.count == 2, entry.data_offsets[0] >= 0,
                    entry.data_offsets[0] <= entry.data_offsets[1],
                    entry.data_offsets[1] <= data.endIndex - body
                else { throw fail("tensor \(name) has offsets \(entry.data_offsets)") }
                let range = entry.data_offsets[0]..<entry.data_offsets[1]
                var size = dtype.byteCount
                for extent in entry.shape {
                    let (product, overflow) = size.multipliedReportingOverflow(by: extent)
                    guard extent >= 0, !overflow else {
                        throw fail("tensor \(name) has the shape \(entry.shape)")
                    }
                    size = product
                }
                guard size == range.count else {
                    throw fail(
                        "tensor \(name) is \(entry.shape) \(entry.dtype), \(size) bytes, "
                            + "but its range has \(range.count)"
                    )
                }
                ranges.append((range, name))
                tensors[name] = RawTensor(
                    dtype: dtype,
                    shape: entry.shape,
                    bytes: data[body + range.lowerBound..<body + range.upperBound]
                )
            }
        }
        var end = 0
        for (range, name) in ranges.sorted(by: {
            ($0.0.lowerBound, $0.0.upperBound) < ($1.0.lowerBound, $1.0.upperBound)
        }) {
            guard range.lowerBound == end else {
                throw fail("tensor \(name) starts at \(range.lowerBound), expected \(end)")
            }
            end = range.upperBound
        }
        guard end == data.endIndex - body else {
            throw fail("\(data.endIndex - body - end) bytes follow the last tensor")
        }
        self.path = path
        self.tensors = tensors
        self.metadata = metadata
        self.names = tensors.keys.sorted()
    }

    /// The tensor of that name, or nil.
    public func raw(_ name: String) -> RawTensor? { tensors[name] }

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

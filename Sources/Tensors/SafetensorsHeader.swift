import Foundation

/// The header of a safetensors file: where each tensor lies.
struct SafetensorsHeader {
    /// A tensor and the range of the file that holds its bytes.
    struct Place {
        let layout: TensorLayout
        let range: Range<Int>
    }

    private(set) var tensors: [String: Place] = [:]
    private(set) var metadata: [String: String] = [:]

    private struct Entry: Decodable {
        let dtype: String
        let shape: [Int]
        // swift-format-ignore: AlwaysUseLowerCamelCase
        // The key of the format.
        let data_offsets: [Int]
    }

    private enum Value: Decodable {
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

    /// Reads the JSON of a header and checks it against the size of the file.
    ///
    /// - Throws: `SafetensorsError` naming the entry and the rule that it breaks.
    init(_ json: Data, bodyStart: Int, fileSize: Int, path: String) throws {
        let entries: [String: Value]
        do {
            entries = try JSONDecoder().decode([String: Value].self, from: json)
        } catch {
            throw SafetensorsError(
                path,
                "the header, from byte 8 on, \(JSONFault.text(json, error)); expected an object of "
                    + "names with dtype, shape and data_offsets"
            )
        }
        // The decoder keeps one of two equal keys and says nothing.
        guard Self.entryCount(of: json) == entries.count else {
            throw SafetensorsError(path, "the header names a tensor twice")
        }
        for (name, value) in entries {
            switch value {
            case .metadata(let text):
                guard name == "__metadata__" else {
                    throw SafetensorsError(path, "\(name) is not a tensor entry")
                }
                metadata = text
            case .tensor(let entry):
                let available = fileSize - bodyStart
                let place = try Self.place(of: entry, name, available: available, path: path)
                tensors[name] = Place(
                    layout: place.layout,
                    range: bodyStart + place.range.lowerBound..<bodyStart + place.range.upperBound
                )
            }
        }
        try checkCover(of: bodyStart..<fileSize, path: path)
    }

    /// Where a tensor lies after the header, checked against its shape.
    private static func place(
        of entry: Entry,
        _ name: String,
        available: Int,
        path: String
    ) throws -> Place {
        guard let dtype = DType(rawValue: entry.dtype) else {
            throw SafetensorsError(path, "tensor \(name) has the unknown dtype \(entry.dtype)")
        }
        guard entry.data_offsets.count == 2, entry.data_offsets[0] >= 0,
            entry.data_offsets[0] <= entry.data_offsets[1], entry.data_offsets[1] <= available
        else {
            let isBeyond = entry.data_offsets.count == 2 && entry.data_offsets[1] > available
            throw SafetensorsError(
                path,
                "tensor \(name) has the data_offsets \(entry.data_offsets), expected a start and an "
                    + "end, not before it, within the \(available) bytes that follow the header"
                    + (isBeyond ? "; if the file is cut off, fetch it again" : "")
            )
        }
        let range = entry.data_offsets[0]..<entry.data_offsets[1]
        var size = dtype.byteCount
        for extent in entry.shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else {
                throw SafetensorsError(
                    path,
                    "tensor \(name) has the shape \(entry.shape), expected extents from 0 up whose "
                        + "product can be counted"
                )
            }
            size = product
        }
        guard size == range.count else {
            throw SafetensorsError(
                path,
                "tensor \(name) is \(entry.shape) \(entry.dtype), \(size) bytes, "
                    + "but its range has \(range.count)"
            )
        }
        return Place(layout: TensorLayout(dtype: dtype, shape: entry.shape), range: range)
    }

    /// The tensors must follow each other without holes and overlaps up to the end of the file.
    private func checkCover(of body: Range<Int>, path: String) throws {
        var end = body.lowerBound
        let ordered = tensors.sorted {
            ($0.value.range.lowerBound, $0.value.range.upperBound)
                < ($1.value.range.lowerBound, $1.value.range.upperBound)
        }
        for (name, place) in ordered {
            guard place.range.lowerBound == end else {
                throw SafetensorsError(
                    path,
                    "tensor \(name) starts at \(place.range.lowerBound - body.lowerBound), "
                        + "expected \(end - body.lowerBound)"
                )
            }
            end = place.range.upperBound
        }
        guard end == body.upperBound else {
            throw SafetensorsError(path, "\(body.upperBound - end) bytes follow the last tensor")
        }
    }

    /// The number of entries of the outermost object of a valid JSON text.
    private static func entryCount(of json: Data) -> Int {
        var depth = 0
        var isText = false
        var isEscaped = false
        var colons = 0
        for byte in json {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":") where depth == 1: colons += 1
            default: break
            }
        }
        return colons
    }
}

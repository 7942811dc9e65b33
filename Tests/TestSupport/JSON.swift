/// A JSON value whose shape is not known beforehand.
public enum JSON: Decodable, Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// Reads whatever value is there.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    /// The member of an object, or nil.
    public subscript(key: String) -> JSON? { object?[key] }

    /// The element of an array, or nil.
    public subscript(index: Int) -> JSON? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }

    /// The number, or nil if the value is none.
    public var double: Double? { if case .number(let value) = self { value } else { nil } }

    /// The number if it is whole, or nil.
    public var int: Int? { double.flatMap { Int(exactly: $0) } }

    /// The truth value, or nil if the value is none.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The text, or nil if the value is none.
    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The elements, or nil if the value is no array.
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }

    /// The members, or nil if the value is no object.
    public var object: [String: JSON]? { if case .object(let value) = self { value } else { nil } }

    /// The elements of an array of whole numbers, or nil if it is none.
    public var ints: [Int]? {
        guard let array else { return nil }
        let values = array.compactMap(\.int)
        return values.count == array.count ? values : nil
    }
}

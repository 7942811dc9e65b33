public import Foundation

/// What a pickle holds, as plain values; classes stay names, nothing is ever called.
public indirect enum PickleValue: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case string(String)
    case bytes(Data)
    /// A list, a tuple or a set.
    case list([PickleValue])
    /// The entries of a dictionary in their order.
    case dictionary([(key: PickleValue, value: PickleValue)])
    case tensor(StridedTensor)
    /// The name of a class or function, `module.name`.
    case global(String)
    case object(PickleObject)

    /// The value of a dictionary's key, or of an object's attribute or key, or nil.
    ///
    /// Lightning's options are a kind of dictionary of their own.
    public subscript(key: String) -> PickleValue? {
        switch self {
        case .dictionary(let entries): entries.first { $0.key.string == key }?.value
        case .object(let object):
            object.state?[key] ?? object.entries.first { $0.key.string == key }?.value
        default: nil
        }
    }

    /// The text, or nil if the value is none.
    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The whole number, or nil if the value is none.
    public var integer: Int? { if case .integer(let value) = self { value } else { nil } }

    /// The number, or nil if the value is none.
    public var double: Double? {
        switch self {
        case .float(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    /// The truth value, or nil if the value is none.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The elements, or nil if the value is no list.
    public var list: [PickleValue]? { if case .list(let value) = self { value } else { nil } }
}

/// An instance of a class that a pickle names: its parts, without its behaviour.
public struct PickleObject: Sendable {
    /// The class or function that would have made the object, `module.name`.
    public let type: String
    /// What it would have been called with.
    public let arguments: [PickleValue]
    /// The attributes, if the pickle sets any.
    public let state: PickleValue?
    /// Entries, if the object is a kind of dictionary.
    public let entries: [(key: PickleValue, value: PickleValue)]
    /// Elements, if the object is a kind of list.
    public let elements: [PickleValue]
}

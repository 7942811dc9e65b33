public import Foundation

/// A JSON value whose keys are those of `pack.json`, for configurations that are known in part.
public enum ConfigTree: Codable, Sendable, Hashable {
    case null
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([ConfigTree])
    case object([String: ConfigTree])

    /// Reads whatever value is there.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let integer = try? container.decode(Int.self) {
            self = .integer(integer)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([ConfigTree].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: ConfigTree].self))
        }
    }

    /// Writes the value as plain JSON.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let flag): try container.encode(flag)
        case .integer(let integer): try container.encode(integer)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let list): try container.encode(list)
        case .object(let object): try container.encode(object)
        }
    }

    /// The tree of a value's JSON.
    ///
    /// - Throws: An error of Foundation if the value has no JSON, such as an infinite number.
    public init(encoding value: some Encodable) throws {
        self = try JSONDecoder().decode(ConfigTree.self, from: JSONEncoder().encode(value))
    }

    /// The JSON, keys sorted.
    ///
    /// - Throws: An error of Foundation if a number is not finite.
    public func data() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }

    /// The value that has this JSON, or nil if none has.
    func decoded<Value: Decodable>(as type: Value.Type) -> Value? {
        (try? data()).flatMap { try? JSONDecoder().decode(type, from: $0) }
    }

    /// The members of an object, or nil if the value is none.
    public var members: [String: ConfigTree]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The whole number, or nil if the value is none.
    public var integer: Int? { if case .integer(let value) = self { value } else { nil } }

    /// The number, or nil if the value is none.
    public var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The value under a key, dots between levels; writing makes the levels that lack.
    public subscript(key: String) -> ConfigTree? {
        get {
            key.split(separator: ".").reduce(self as ConfigTree?) { tree, name in
                tree?.members?[String(name)]
            }
        }
        set { set(key.split(separator: ".").map(String.init)[...], newValue) }
    }

    private mutating func set(_ path: ArraySlice<String>, _ value: ConfigTree?) {
        guard let name = path.first else { return }
        var members = members ?? [:]
        if path.count == 1 {
            members[name] = value
        } else {
            var inner = members[name] ?? .object([:])
            inner.set(path.dropFirst(), value)
            members[name] = inner
        }
        self = .object(members)
    }

    /// This tree with another laid over it; a null of the other removes a key.
    public func overlaid(by other: ConfigTree) -> ConfigTree {
        guard case .object(var members) = self, case .object(let others) = other else {
            return other
        }
        for (key, value) in others {
            members[key] = value == .null ? nil : members[key]?.overlaid(by: value) ?? value
        }
        return .object(members)
    }

    /// The keys of all values that are no objects, dots between levels, sorted.
    public var leafKeys: [String] { leaves("").sorted() }

    private func leaves(_ prefix: String) -> [String] {
        guard case .object(let members) = self else { return [prefix] }
        return members.flatMap { $1.leaves(prefix.isEmpty ? $0 : "\(prefix).\($0)") }
    }

    /// The value as a person writes it.
    public var text: String {
        switch self {
        case .null: "none"
        case .flag(let flag): String(flag)
        case .integer(let integer): String(integer)
        case .number(let number):
            Int(exactly: number).map(String.init) ?? String(number)
        case .text(let text): text
        case .list(let list): "[\(list.map(\.text).joined(separator: ", "))]"
        case .object(let members):
            members.sorted { $0.key < $1.key }.map { "\($0) \($1.text)" }.joined(separator: ", ")
        }
    }
}

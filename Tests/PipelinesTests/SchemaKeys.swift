import Foundation
import TestSupport

/// The part of a JSON Schema that says which keys an object has: `properties`, `required`, `items`, `$ref`.
struct SchemaKeys {
    /// A key of an object of a document.
    struct Key {
        /// Object keys and array indices from the top of the document to this key.
        let path: [String]
        /// Where the schema declares it; nil if it does not.
        let declaration: String?
        /// Whether the schema requires it.
        let isRequired: Bool
    }

    private let root: JSON

    /// Reads a file of the folder `Schema`.
    init(_ name: String) throws {
        root = try JSON(contentsOf: Repository.file("Schema/\(name)"))
    }

    /// Every declaration that can be reached from the top.
    var declarations: Set<String> { declarations(below: root, "#") }

    /// Every key of a document, and the required ones that it lacks.
    func keys(of document: JSON) -> [Key] { keys(of: document, root, "#", []) }

    private func declarations(below node: JSON, _ pointer: String) -> Set<String> {
        let (node, pointer) = resolved(node, pointer)
        var found: Set<String> = []
        for (name, property) in node["properties"]?.object ?? [:] {
            found.insert("\(pointer)/\(name)")
            found.formUnion(declarations(below: property, "\(pointer)/\(name)"))
        }
        if let items = node["items"] { found.formUnion(declarations(below: items, pointer)) }
        return found
    }

    private func keys(of value: JSON, _ node: JSON, _ pointer: String, _ path: [String]) -> [Key] {
        let (node, pointer) = resolved(node, pointer)
        if let items = node["items"] {
            return (value.array ?? []).enumerated().flatMap { index, element in
                keys(of: element, items, pointer, path + [String(index)])
            }
        }
        guard let properties = node["properties"]?.object else { return [] }
        let members = value.object ?? [:]
        let required = (node["required"]?.array ?? []).compactMap(\.string)
        var found = required.filter { members[$0] == nil }.map {
            Key(path: path + [$0], declaration: nil, isRequired: true)
        }
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            let declaration = "\(pointer)/\(name)"
            found.append(
                Key(
                    path: path + [name],
                    declaration: properties[name].map { _ in declaration },
                    isRequired: required.contains(name)
                )
            )
            if let property = properties[name] {
                found += keys(of: member, property, declaration, path + [name])
            }
        }
        return found
    }

    private func resolved(_ node: JSON, _ pointer: String) -> (JSON, String) {
        guard let reference = node["$ref"]?.string else { return (node, pointer) }
        let name = reference.split(separator: "/").last.map(String.init) ?? ""
        return (root["$defs"]?[name] ?? .null, reference)
    }
}

/// Files of the repository.
enum Repository {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A file by its path from the top of the repository.
    static func file(_ path: String) -> URL { folder.appendingPathComponent(path) }
}

extension JSON {
    init(contentsOf file: URL) throws { try self.init(Data(contentsOf: file)) }

    init(_ data: Data) throws { self = try JSONDecoder().decode(JSON.self, from: data) }

    /// The document without the key at a path.
    func removing(_ path: ArraySlice<String>) -> JSON {
        guard let name = path.first else { return self }
        if var elements = array, let index = Int(name) {
            elements[index] = elements[index].removing(path.dropFirst())
            return .array(elements)
        }
        guard var members = object else { return self }
        members[name] = path.count == 1 ? nil : members[name]?.removing(path.dropFirst())
        return .object(members)
    }

    /// The document as text.
    func encoded() throws -> Data {
        try JSONSerialization.data(withJSONObject: foundation, options: .fragmentsAllowed)
    }

    private var foundation: Any {
        switch self {
        case .null: NSNull()
        case .bool(let value): value
        case .number(let value): value
        case .string(let value): value
        case .array(let values): values.map(\.foundation)
        case .object(let members): members.mapValues(\.foundation)
        }
    }
}

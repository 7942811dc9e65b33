internal import Foundation

/// JSON decoding in which an unknown key is an error.
///
/// `Codable` ignores keys that a type does not have; a misspelt optional key would then be a silent default.
/// Encoding the decoded value again shows which keys were understood.
enum StrictJSON {
    /// Decodes a document and refuses keys that the type does not have.
    ///
    /// - Throws: `PackError`, `.badManifest`, naming the key.
    static func decode<Value: Codable>(_ type: Value.Type, from data: Data, path: String) throws
        -> Value
    {
        func fail(_ problem: String) -> PackError {
            PackError(.badManifest, "pack \"\(path)\": \(problem)")
        }
        do {
            let value = try JSONDecoder().decode(type, from: data)
            let known = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
            let given = try JSONSerialization.jsonObject(with: data)
            if let key = unknownKey(given, known) { throw fail("the key \(key) is not known") }
            return value
        } catch let error as PackError {
            throw error
        } catch DecodingError.keyNotFound(let key, let context) {
            throw fail("the key \(name(context.codingPath + [key])) is missing")
        } catch DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context)
        {
            throw fail("the key \(name(context.codingPath)): \(context.debugDescription)")
        } catch DecodingError.dataCorrupted(let context) {
            let key = context.codingPath.isEmpty ? "" : "the key \(name(context.codingPath)): "
            throw fail(key + context.debugDescription)
        } catch {
            throw fail("it is not JSON: \(error)")
        }
    }

    private static func name(_ path: [any CodingKey]) -> String {
        path.map(\.stringValue).joined(separator: ".")
    }

    private static func unknownKey(_ given: Any, _ known: Any) -> String? {
        if let given = given as? [String: Any], let known = known as? [String: Any] {
            for (key, value) in given.sorted(by: { $0.key < $1.key }) where !(value is NSNull) {
                guard let counterpart = known[key] else { return key }
                if let inner = unknownKey(value, counterpart) { return "\(key).\(inner)" }
            }
        }
        if let given = given as? [Any], let known = known as? [Any] {
            for (index, (value, counterpart)) in zip(given, known).enumerated() {
                if let inner = unknownKey(value, counterpart) { return "\(index).\(inner)" }
            }
        }
        return nil
    }
}

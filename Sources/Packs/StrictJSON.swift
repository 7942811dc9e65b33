package import Foundation

/// JSON decoding in which an unknown key is an error.
///
/// `Codable` ignores keys that a type does not have; a misspelt optional key would then be a silent default.
/// Encoding the decoded value again shows which keys were understood.
package enum StrictJSON {
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
            if let key = try unknownKey(in: data, decoded: value) {
                throw fail("the key \(key) is not known")
            }
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

    /// The first key of a document that its decoded value does not have, nil if there is none.
    ///
    /// - Throws: An error of Foundation if the document is not JSON.
    package static func unknownKey(in data: Data, decoded value: some Encodable) throws -> String? {
        let known = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
        return unknownKey(try JSONSerialization.jsonObject(with: data), known)
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

package import Foundation
internal import Tensors

/// JSON decoding in which an unknown key is an error.
///
/// `Codable` ignores keys that a type does not have; a misspelt optional key would then be a silent default.
/// Encoding the decoded value again shows which keys were understood.
package enum StrictJSON {
    /// Decodes a document and refuses keys that the type does not have.
    ///
    /// - Parameters:
    ///   - type: What the document describes.
    ///   - data: The document.
    ///   - source: Where it comes from, for messages, such as `pack "faces"`.
    /// - Returns: The value.
    /// - Throws: `PackError`, `.badManifest`, naming the key.
    package static func decode<Value: Codable>(_ type: Value.Type, from data: Data, source: String)
        throws
        -> Value
    {
        func fail(_ problem: String) -> PackError {
            PackError(.badManifest, "\(source): \(problem)".asOneLine)
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
            throw fail("the key \(name(context.codingPath)): \(JSONFault.text(context))")
        } catch DecodingError.dataCorrupted(let context) {
            guard context.codingPath.isEmpty else {
                throw fail("the key \(name(context.codingPath)): \(context.debugDescription)")
            }
            throw fail("it \(JSONFault.text(data, DecodingError.dataCorrupted(context)))")
        } catch {
            throw fail("it \(JSONFault.text(data, error))")
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

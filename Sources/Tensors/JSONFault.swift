package import Foundation

/// What is wrong with a JSON document, in words for a person.
package enum JSONFault {
    /// Says where a document stops being JSON, or which of its entries is of another form.
    ///
    /// - Parameters:
    ///   - data: The document.
    ///   - error: What decoding it threw.
    /// - Returns: Such as `is not JSON: invalid value around byte 9`.
    package static func text(_ data: Data, _ error: any Error) -> String {
        if let problem = syntax(data) { return "is not JSON: \(problem)" }
        let path =
            switch error {
            case DecodingError.keyNotFound(let key, let context): context.codingPath + [key]
            case DecodingError.typeMismatch(_, let context): context.codingPath
            case DecodingError.valueNotFound(_, let context): context.codingPath
            case DecodingError.dataCorrupted(let context): context.codingPath
            default: [] as [any CodingKey]
            }
        guard !path.isEmpty else { return "is JSON of another form" }
        let name = path.map(\.stringValue).joined(separator: ".")
        return "has the entry \"\(name)\" missing or of another form"
    }

    /// Says what a decoder expected and found, without the names of Swift's types.
    package static func text(_ context: DecodingError.Context) -> String {
        let words = [
            ("Expected to decode ", "expected "), (" but found ", ", found "), (" instead.", ""),
            ("Dictionary<String, Any>", "an object"), ("Array<Any>", "a list"),
            ("String", "a text"), ("Int", "a whole number"), ("Double", "a number"),
            ("Float", "a number"), ("Bool", "true or false"),
        ]
        return words.reduce(context.debugDescription) { $0.replacing($1.0, with: $1.1) }
    }

    private static func syntax(_ data: Data) -> String? {
        guard !data.isEmpty else { return "it is empty" }
        do {
            _ = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
            return nil
        } catch {
            let reason = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
            let text = reason ?? "it cannot be read"
            let plain = text.replacing(" during JSON parse", with: "")
                .replacing("around character", with: "around byte")
                .replacing("end of file", with: "end after \(data.count) bytes")
            return plain.prefix(1).lowercased()
                + plain.dropFirst().trimmingSuffix(".")
        }
    }
}

extension StringProtocol {
    /// The text without an ending, if it has it.
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : String(self)
    }
}

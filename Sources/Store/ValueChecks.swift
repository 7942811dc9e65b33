import Foundation
import Tensors

extension String {
    /// The form of names: a keyboard or file system may give an accent as a character of its own.
    var composed: String { precomposedStringWithCanonicalMapping }
}

/// Refuses a name that breaks the rule of `ClipName`.
func checkName(_ name: String, of what: String) throws(StoreError) {
    guard ClipName.isValid(name) else {
        throw StoreError(
            .invalidValue,
            "\(what) name \"\(name.withoutControls)\": names have 1 to \(ClipName.byteLimit) bytes, no @, / or "
                + "control characters, and do not begin with - or .; "
                + "use \"\(name.isEmpty ? "reel" : ClipName.sanitised(name))\""
        )
    }
}

/// Refuses a tag that is empty or has control characters.
func checkTag(_ tag: String) throws(StoreError) {
    guard isTag(tag) else {
        throw StoreError(
            .invalidValue,
            "tag \"\(tag.prefix(40))\(tag.count > 40 ? "\u{2026}" : "")\": tags have 1 to "
                + "\(tagByteLimit) bytes and no control characters; write one, such as walk"
        )
    }
}

/// The most bytes of a tag, as of a name: tables have a column for them.
private let tagByteLimit = ClipName.byteLimit

private func isTag(_ tag: String) -> Bool {
    !tag.isEmpty && tag.utf8.count <= tagByteLimit
        && tag.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
}

/// Refuses a text that is not a JSON object.
func checkJSON(_ text: String, of what: String) throws(StoreError) {
    let object = try? JSONSerialization.jsonObject(with: Data(text.utf8))
    guard object is [String: Any] else {
        throw StoreError(.invalidValue, "\(what) is not a JSON object; give one, such as {}")
    }
}

/// Refuses a text that is not a hash.
func checkHash(_ text: String, of what: String, digits: Int? = nil) throws(StoreError) {
    let count = text.utf8.count
    guard isHexadecimal(text), digits.map({ $0 == count }) ?? (count >= 16) else {
        throw StoreError(
            .invalidValue,
            "\(what) \"\(text)\" is not a hash; give \(digits.map(String.init) ?? "16 or more") "
                + "lower-case hexadecimal digits"
        )
    }
}

extension NewComposition {
    /// Refuses what the catalogue cannot hold.
    func validate() throws(StoreError) {
        try checkName(name, of: "composition")
        try checkHash(hash, of: "composition \"\(name)\": the hash")
        try checkJSON(recipeJSON, of: "composition \"\(name)\": the recipe")
    }
}

extension NewClip {
    /// Refuses what the catalogue or a tensor record cannot hold.
    ///
    /// - Throws: `StoreError`, `.invalidValue`.
    package func validate() throws(StoreError) {
        let place = "clip \"\(name)\""
        func refuse(_ problem: String) -> StoreError {
            StoreError(.invalidValue, "\(place): \(problem)")
        }
        try checkHash(source.sha256, of: "\(place): the source hash", digits: 64)
        try checkJSON(source.containerJSON, of: "\(place): the container facts")
        guard !source.path.isEmpty else { throw refuse("the source has no path; name the file") }
        guard source.byteCount >= 0 else { throw refuse("the source has a negative size") }
        guard start.isFinite, end.isFinite, start >= 0, end >= start else {
            throw refuse("the range \(start) s to \(end) s does not lie in a source")
        }
        guard tags.allSatisfy(isTag) else {
            throw refuse(
                "tags have 1 to \(tagByteLimit) bytes and no control characters, got \(tags)"
            )
        }
        guard Set(assets.map(\.kind)).count == assets.count else {
            throw refuse("it has two assets of one kind; give one of each")
        }
        for asset in assets {
            let shape = asset.tensor.shape
            guard shape.count <= TensorHeader.rankLimit,
                shape.allSatisfy({ $0 <= Int(UInt32.max) })
            else {
                throw refuse(
                    "\(asset.kind.name) is \(shape); a record holds up to "
                        + "\(TensorHeader.rankLimit) axes of up to \(UInt32.max)"
                )
            }
            try checkJSON(
                asset.provenanceJSON,
                of: "\(place): the provenance of \(asset.kind.name)"
            )
        }
    }
}

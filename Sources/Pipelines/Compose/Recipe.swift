internal import Foundation
internal import Hashing

/// A composition as a document: everything that a render needs, by the ids of its clips.
///
/// Rendering a recipe twice on one machine and build gives the same bytes. The form is described in
/// `Schema/composition.schema.json`.
public struct Recipe: Codable, Sendable, Hashable {
    /// The version of this document's form.
    public static let currentFormat = 1

    /// A clip of the library.
    public struct ClipUse: Codable, Sendable, Hashable {
        /// The clip's full id.
        public var id: String
        /// Its name when the recipe was written, for people.
        public var name: String
    }

    /// A clip's motion from a moment on.
    public struct MotionUse: Codable, Sendable, Hashable {
        /// The clip that moves.
        public var clip: ClipUse
        /// The second of the clip that counts as the beginning.
        public var from: Double
    }

    /// One more motion, mixed into or put over the motion so far.
    public struct Layer: Codable, Sendable, Hashable {
        /// The motion.
        public var motion: MotionUse
        /// The share lambda of the whole grid; nil if there is a mask.
        public var weight: Double?
        /// What the user called the mask, for people.
        public var maskName: String?
        /// One weight per cell of the latent grid, in 0...1, row by row; nil if there is a weight.
        public var mask: [[Double]]?
    }

    /// The moments that are shown.
    public struct Times: Codable, Sendable, Hashable {
        /// The second of the motion of the first frame.
        public var start: Double
        /// Frames per second.
        public var frameRate: Double
        /// The number of frames.
        public var frameCount: Int

        /// The second of a frame.
        public func second(_ index: Int) -> Double { start + Double(index) / frameRate }
    }

    /// The version of this document's form; 1.
    public var format: Int
    /// The fingerprint of the pack that made the clips' assets.
    public var pack: String
    /// Who is seen.
    public var content: ClipUse
    /// Who moves.
    public var motion: MotionUse
    /// Further motions, in the order they are applied.
    public var layers: [Layer]
    /// Changes of the look.
    public var edits: [StyleEdit]
    /// The moments that are shown.
    public var times: Times
    /// The seed of fresh generator noise; nil for the stored noise.
    public var seed: UInt64?

    /// Canonical JSON: sorted keys, indented, the same text for the same recipe.
    ///
    /// - Returns: The document.
    /// - Throws: An error of Foundation if a number is not finite.
    public func encoded() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// SHA-256 of the canonical document with the clips' names left out, in hexadecimal digits.
    public var hash: String {
        var essence = self
        essence.content.name = ""
        essence.motion.clip.name = ""
        for index in essence.layers.indices {
            essence.layers[index].motion.clip.name = ""
            essence.layers[index].maskName = nil
        }
        let text = (try? essence.encoded()) ?? ""
        return SHA256.digest(Data(text.utf8)).hex
    }

    /// The ids of all clips, each once, the content first.
    public var clipIDs: [String] {
        var seen: Set<String> = []
        let all = [content.id, motion.clip.id] + layers.map(\.motion.clip.id)
        return all.filter { seen.insert($0).inserted }
    }

    /// Reads a document and checks it.
    ///
    /// - Parameters:
    ///   - text: The JSON.
    ///   - name: What messages call it.
    /// - Returns: The recipe.
    /// - Throws: `RequestError` naming the key.
    public static func decode(_ text: String, name: String) throws -> Recipe {
        let recipe: Recipe
        do {
            recipe = try JSONDecoder().decode(Recipe.self, from: Data(text.utf8))
        } catch DecodingError.keyNotFound(let key, let context) {
            let path = (context.codingPath + [key]).map(\.stringValue).joined(separator: ".")
            throw RequestError("recipe \"\(name)\": the key \(path) is missing")
        } catch DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context)
        {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw RequestError("recipe \"\(name)\": the key \(path): \(context.debugDescription)")
        } catch {
            throw RequestError("recipe \"\(name)\" is not JSON of this form")
        }
        try recipe.validate(name)
        return recipe
    }

    private func validate(_ name: String) throws {
        func fail(_ problem: String) -> RequestError {
            RequestError("recipe \"\(name)\": \(problem)")
        }
        guard format == Self.currentFormat else {
            throw fail("format is \(format), this vsdb reads \(Self.currentFormat)")
        }
        guard times.frameRate.isFinite, times.frameRate > 0, times.frameRate <= 1000,
            times.start.isFinite, (1...10_000_000).contains(times.frameCount)
        else { throw fail("the key times holds impossible values") }
        guard motion.from.isFinite, motion.from >= 0 else { throw fail("motion.from is negative") }
        for (index, layer) in layers.enumerated() {
            guard (layer.weight == nil) != (layer.mask == nil) else {
                throw fail("layers.\(index) needs either weight or mask")
            }
            guard layer.motion.from.isFinite, layer.motion.from >= 0,
                layer.weight?.isFinite ?? true
            else { throw fail("layers.\(index) holds impossible values") }
        }
        for (index, edit) in edits.enumerated() where !edit.alpha.isFinite {
            throw fail("edits.\(index).alpha is not finite")
        }
    }
}

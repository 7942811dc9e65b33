internal import Foundation
internal import Hashing
internal import Packs

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
        String(decoding: try JSONEncoder.forDocuments.encode(self), as: UTF8.self) + "\n"
    }

    /// SHA-256 of the canonical document with the clips' names left out, in hexadecimal digits.
    ///
    /// - Returns: The digest, which is the recipe's identity in the library.
    /// - Throws: An error of Foundation if a number is not finite.
    public func hash() throws -> String {
        var essence = self
        essence.content.name = ""
        essence.motion.clip.name = ""
        for index in essence.layers.indices {
            essence.layers[index].motion.clip.name = ""
            essence.layers[index].maskName = nil
        }
        return SHA256.digest(Data(try essence.encoded().utf8)).hex
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
            if let key = try StrictJSON.unknownKey(in: Data(text.utf8), decoded: recipe) {
                throw RequestError("recipe \"\(name)\": the key \(key) is not known")
            }
        } catch let error as RequestError {
            throw error
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

    /// The longest time that a recipe may name: a day.
    private static let longestSeconds = 86_400.0
    /// The largest strength of an edit and share of a mix.
    private static let largestFactor = 100.0

    private func validate(_ name: String) throws {
        func fail(_ problem: String) -> RequestError {
            RequestError("recipe \"\(name)\": \(problem)")
        }
        guard format == Self.currentFormat else {
            throw fail("format is \(format), this vsdb reads \(Self.currentFormat)")
        }
        guard times.frameRate > 0, times.frameRate <= 1000 else {
            throw fail("times.frameRate is \(times.frameRate), expected 0 to 1000")
        }
        guard (1...10_000_000).contains(times.frameCount) else {
            throw fail("times.frameCount is \(times.frameCount), expected 1 to 10000000")
        }
        let day = Self.longestSeconds
        guard (-day...day).contains(times.start),
            (-day...day).contains(times.second(times.frameCount - 1))
        else { throw fail("times reach beyond a day") }
        try check(motion, "motion", fail)
        for (index, layer) in layers.enumerated() {
            try check(layer.motion, "layers.\(index).motion", fail)
            guard (layer.weight == nil) != (layer.mask == nil) else {
                throw fail("layers.\(index) needs either weight or mask")
            }
            if let weight = layer.weight, !(abs(weight) <= Self.largestFactor) {
                throw fail("layers.\(index).weight is \(weight), expected -100 to 100")
            }
            guard let mask = layer.mask else { continue }
            let weights = mask.flatMap { $0 }
            guard mask.allSatisfy({ $0.count == mask[0].count }),
                weights.allSatisfy({ (0...1).contains($0) }), weights.contains(where: { $0 > 0 })
            else {
                throw fail(
                    "layers.\(index).mask is not a grid of weights in 0...1, some of them above 0"
                )
            }
        }
        for (index, edit) in edits.enumerated() where !(abs(edit.alpha) <= Self.largestFactor) {
            throw fail("edits.\(index).alpha is \(edit.alpha), expected -100 to 100")
        }
    }

    private func check(
        _ use: MotionUse,
        _ key: String,
        _ fail: (String) -> RequestError
    ) throws {
        guard (0...Self.longestSeconds).contains(use.from) else {
            throw fail("\(key).from is \(use.from), expected seconds from 0 to a day")
        }
    }
}

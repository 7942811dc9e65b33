/// Something in which two recipes differ.
public struct RecipeDifference: Codable, Sendable, Hashable {
    /// What it is, in the words of the command line: `motion`, `mix 1 weight`, `edit 2 to`.
    public let field: String
    /// How it is in the first recipe; nil if it is not there.
    public let left: String?
    /// How it is in the second recipe.
    public let right: String?
}

extension Recipe {
    /// Everything in which a render of another recipe may differ from one of this.
    ///
    /// Names that are only for people do not count: nothing differs exactly if the hashes agree.
    ///
    /// - Parameter other: The second recipe.
    /// - Returns: The differences in the order of the document; empty if there are none.
    public func differences(from other: Recipe) -> [RecipeDifference] {
        var found: [RecipeDifference] = []
        /// Compares what counts, and shows it; what looks alike and is not is told apart.
        func compare<Value: Equatable>(
            _ field: String,
            _ left: Value?,
            _ right: Value?,
            _ show: (Value) -> String
        ) {
            guard left != right else { return }
            found.append(
                RecipeDifference(field: field, left: left.map(show), right: right.map(show))
            )
        }
        func compare(_ field: String, _ left: Double?, _ right: Double?) {
            compare(field, left, right, Self.shown)
        }
        compare("pack", pack, other.pack) { String($0.prefix(12)) }
        compare("content", UseByID(content), UseByID(other.content), \.shown)
        compare("motion", UseByID(motion.clip), UseByID(other.motion.clip), \.shown)
        compare("motion from second", motion.from, other.motion.from)
        for role in [Role.mix, .blend] {
            let (left, right) = (layers(role), other.layers(role))
            for index in 0..<max(left.count, right.count) {
                found += Self.differences(
                    "\(role.rawValue) \(index + 1)",
                    left.at(index),
                    right.at(index)
                )
            }
        }
        if layers(.mix).count == other.layers(.mix).count, layers.count == other.layers.count {
            compare("order of mixes and blends", roles, other.roles) { $0 }
        }
        for index in 0..<max(edits.count, other.edits.count) {
            let (left, right) = (edits.at(index), other.edits.at(index))
            guard let left, let right else {
                compare("edit \(index + 1)", left, right) {
                    "from \"\($0.from)\" to \"\($0.to)\", alpha \(Self.shown($0.alpha))"
                }
                continue
            }
            compare("edit \(index + 1) from", left.from, right.from) { "\"\($0)\"" }
            compare("edit \(index + 1) to", left.to, right.to) { "\"\($0)\"" }
            compare("edit \(index + 1) alpha", left.alpha, right.alpha)
        }
        compare("start", times.start, other.times.start)
        compare("frames per second", times.frameRate, other.times.frameRate)
        compare("frames", times.frameCount, other.times.frameCount, String.init)
        compare("seed", seed, other.seed, String.init)
        return found
    }

    private func layers(_ role: Role) -> [Layer] { layers.filter { $0.role == role } }

    private var roles: String { layers.map(\.role.rawValue).joined(separator: ", ") }

    /// The differences of two mixes, or of two blends.
    private static func differences(
        _ field: String,
        _ left: Layer?,
        _ right: Layer?
    ) -> [RecipeDifference] {
        guard let left, let right else {
            return [RecipeDifference(field: field, left: left?.shown, right: right?.shown)]
        }
        var found: [RecipeDifference] = []
        func compare(_ field: String, _ isSame: Bool, _ left: String, _ right: String) {
            if !isSame { found.append(RecipeDifference(field: field, left: left, right: right)) }
        }
        let uses = (UseByID(left.motion.clip), UseByID(right.motion.clip))
        compare(field, uses.0 == uses.1, uses.0.shown, uses.1.shown)
        let starts = (left.motion.from, right.motion.from)
        compare("\(field) from second", starts.0 == starts.1, shown(starts.0), shown(starts.1))
        if let first = left.weight, let second = right.weight {
            compare("\(field) weight", first == second, shown(first), shown(second))
        }
        if left.mask != right.mask { found.append(.masks("\(field) mask", left, right)) }
        return found
    }

    /// A number with all digits that count, whole ones without a point.
    static func shown(_ number: Double) -> String {
        let text = number.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

/// A clip by its id alone.
private struct UseByID: Equatable {
    let use: Recipe.ClipUse

    init(_ use: Recipe.ClipUse) { self.use = use }

    var shown: String { "\(use.name) (\(use.id.prefix(12)))" }

    static func == (left: UseByID, right: UseByID) -> Bool { left.use.id == right.use.id }
}

extension RecipeDifference {
    fileprivate static func masks(
        _ field: String,
        _ left: Recipe.Layer,
        _ right: Recipe.Layer
    ) -> RecipeDifference {
        guard left.mask != nil, right.mask != nil, left.maskShown == right.maskShown else {
            return RecipeDifference(field: field, left: left.maskShown, right: right.maskShown)
        }
        // One name and size, other cells: a picture that was painted anew, or another pack's region.
        let pairs = zip(left.mask?.joined().map { $0 } ?? [], right.mask?.joined().map { $0 } ?? [])
        let count = pairs.count { $0 != $1 }
        return RecipeDifference(
            field: field,
            left: left.maskShown,
            right: "\(right.maskShown ?? "mask"), \(count) of them with another weight"
        )
    }
}

extension Recipe.Layer {
    /// What it gives: a share, or a part of the picture.
    var role: Recipe.Role { mask == nil ? .mix : .blend }

    fileprivate var maskShown: String? {
        guard let mask else { return nil }
        let count = mask.reduce(0) { $0 + $1.count { $0 > 0 } }
        return "\(maskName ?? "mask"), \(count) cells"
    }

    fileprivate var shown: String {
        let share = weight.map { "weight \(Recipe.shown($0))" }
        return "\(UseByID(motion.clip).shown), \(share ?? maskShown ?? "")"
    }
}

extension Array {
    fileprivate func at(_ index: Int) -> Element? { index < count ? self[index] : nil }
}

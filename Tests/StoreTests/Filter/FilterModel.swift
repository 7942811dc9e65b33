import Foundation
import Store

/// What a filter can ask of a clip, held by the test.
struct ModelClip {
    var id = ""
    var name = ""
    var base = ""
    var caption = ""
    var tags: Set<String> = []
    var collections: Set<String> = []
    var path = ""
    var sha256 = ""
    var startMilliseconds = 0
    var endMilliseconds = 0
    var added = ""
    var isVideo = true
    var hasMotion = false
    var width: Int?
    var height: Int?
    var centirate: Int?
}

/// Repeatable numbers (SplitMix64), so that a failing filter can be written down.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: 0..<choices.count, using: &self)]
    }
}

/// A filter as text, and what it means, made together and apart from the parser.
struct ModelFilter {
    var text: String
    var holds: (ModelClip) -> Bool

    static let words = [
        "walk", "run", "Walk", "a red dress", "50%", "under_score", #"back\slash"#, "it's", "*",
        "é",
        #"say "hi""#, "' OR 1=1 --", "", "x", "night", "100", "%", "_",
    ]

    /// A random condition that is nested up to a depth.
    static func random(depth: Int, _ random: inout Seeded) -> ModelFilter {
        guard depth > 0, Int.random(in: 0..<5, using: &random) > 0 else { return test(&random) }
        let left = Self.random(depth: depth - 1, &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return ModelFilter(text: "not (\(left.text))") { !left.holds($0) }
        case 1:
            let right = Self.random(depth: depth - 1, &random)
            return ModelFilter(text: "(\(left.text)) And (\(right.text))") {
                left.holds($0) && right.holds($0)
            }
        case 2:
            let right = Self.random(depth: depth - 1, &random)
            return ModelFilter(text: "(\(left.text) OR \(right.text))") {
                left.holds($0) || right.holds($0)
            }
        default:
            // "and" binds more strongly than "or".
            let (a, b) = (test(&random), test(&random))
            return ModelFilter(text: "(\(a.text) or \(b.text) and \(left.text))") {
                a.holds($0) || (b.holds($0) && left.holds($0))
            }
        }
    }

    private static func test(_ random: inout Seeded) -> ModelFilter {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: texts("name", &random) { [$0.name] }
        case 1: texts("caption", &random) { [$0.caption] }
        case 2: texts("tag", &random) { Array($0.tags) }
        case 3: texts("collection", &random) { Array($0.collections) }
        case 4: numbers(&random)
        default: others(&random)
        }
    }

    private static func texts(
        _ field: String,
        _ random: inout Seeded,
        _ values: @escaping (ModelClip) -> [String]
    ) -> ModelFilter {
        let word = random.pick(words)
        let quoted = quote(word, &random)
        func any(_ relation: String, _ isMet: @escaping (String) -> Bool) -> ModelFilter {
            ModelFilter(text: "\(field) \(relation) \(quoted)") {
                values($0).contains(where: isMet)
            }
        }
        let folded = fold(word)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return any("=") { same($0, word) }
        case 1:
            return ModelFilter(text: "\(field)!=\(quoted)") { clip in
                !values(clip).contains { same($0, word) }
            }
        case 2: return any("contains") { contains(fold($0), folded) }
        case 3: return any("starts") { fold($0).starts(with: folded) }
        case 4: return any("ends") { fold($0).reversed().starts(with: folded.reversed()) }
        case 5: return any("matches") { glob(fold($0)[...], folded[...]) }
        default:
            let other = random.pick(words)
            let list = "(\(quoted), \(quote(other, &random)))"
            return ModelFilter(text: "\(field) not in \(list)") { clip in
                !values(clip).contains { same($0, word) || same($0, other) }
            }
        }
    }

    private static func numbers(_ random: inout Seeded) -> ModelFilter {
        let relation = random.pick(["=", "!=", "<", "<=", ">", ">="])
        func compare(
            _ field: String,
            _ value: Double,
            _ written: String,
            _ read: @escaping (ModelClip) -> Int?
        )
            -> ModelFilter
        {
            ModelFilter(text: "\(field) \(relation) \(written)") { clip in
                guard let found = read(clip).map(Double.init) else { return relation == "!=" }
                return switch relation {
                case "=": found == value
                case "!=": found != value
                case "<": found < value
                case "<=": found <= value
                case ">": found > value
                default: found >= value
                }
            }
        }
        let milliseconds = Int.random(in: 0...6000, using: &random)
        let unit = random.pick(["ms", "s", "", " s", " ms"])
        let isSeconds = unit.hasSuffix("ms") == false
        let written = (isSeconds ? "\(Double(milliseconds) / 1000)" : "\(milliseconds)") + unit
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return compare("start", Double(milliseconds), written) { $0.startMilliseconds }
        case 1: return compare("end", Double(milliseconds), written) { $0.endMilliseconds }
        case 2:
            return compare("duration", Double(milliseconds), written) {
                $0.endMilliseconds - $0.startMilliseconds
            }
        case 3:
            let width = random.pick([64, 128, 640])
            return compare("width", Double(width), "\(width)") { $0.width }
        case 4:
            let height = random.pick([64, 128, 480])
            return compare("HEIGHT", Double(height), "\(height)") { $0.height }
        default:
            let rate = random.pick([25, 29.97, 23.98, 50])
            return compare("fps", (rate * 100).rounded(), "\(rate)") { $0.centirate }
        }
    }

    private static func others(_ random: inout Seeded) -> ModelFilter {
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            let digits = String("0123456789abcdef".randomElement(using: &random) ?? "0")
            let prefix = digits + "a1f"
            return ModelFilter(text: "id = \(prefix.uppercased())") { $0.id.hasPrefix(prefix) }
        case 1:
            let day = Int.random(in: 1...28, using: &random)
            let date = String(format: "2026-03-%02d", day)
            let (first, next) = (date, String(format: "2026-03-%02d", day + 1))
            let choices: [(String, (String) -> Bool)] = [
                ("=", { $0 >= first && $0 < next }), ("<", { $0 < first }), ("<=", { $0 < next }),
                (">", { $0 >= next }), (">=", { $0 >= first }),
                ("!=", { !($0 >= first && $0 < next) }),
            ]
            let (relation, isMet) = random.pick(choices)
            return ModelFilter(text: "added \(relation) \(date)") { isMet($0.added) }
        case 2:
            let kind = random.pick(["video", "still"])
            return ModelFilter(text: "kind=\(kind)") { $0.isVideo == (kind == "video") }
        case 3:
            let flag = random.pick(["true", "no"])
            return ModelFilter(text: "motion = \(flag)") { $0.hasMotion == (flag == "true") }
        default:
            return ModelFilter(text: #"source starts "/films/1" and pack = faces"#) {
                $0.path.hasPrefix("/films/1")
            }
        }
    }

    private static func quote(_ text: String, _ random: inout Seeded) -> String {
        let mark = random.pick(["\"", "'"])
        let escaped = text.replacing("\\", with: "\\\\").replacing(mark, with: "\\" + mark)
        return mark + escaped + mark
    }

    private static func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

    private static func fold(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.map { scalar in
            ("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar
        }
    }

    private static func contains(_ text: [Unicode.Scalar], _ part: [Unicode.Scalar]) -> Bool {
        part.isEmpty || text.indices.contains { text[$0...].starts(with: part) }
    }

    private static func glob(
        _ text: ArraySlice<Unicode.Scalar>,
        _ pattern: ArraySlice<Unicode.Scalar>
    ) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first == "*" {
            return glob(text, rest) || (!text.isEmpty && glob(text.dropFirst(), pattern))
        }
        guard let head = text.first, first == "?" || first == head else { return false }
        return glob(text.dropFirst(), rest)
    }
}

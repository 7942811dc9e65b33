/// What a filter can ask of a clip.
enum FilterField: String, CaseIterable, Sendable {
    case name
    case base
    case caption
    case tag
    case collection
    case pack
    case source
    case sha256
    case id
    case start
    case end
    case duration
    case added
    case kind
    case motion
    case width
    case height
    case fps

    /// What its values are.
    enum ValueType: Sendable {
        case text
        case hash
        case seconds
        case number
        case date
        case kind
        case flag
    }

    var valueType: ValueType {
        switch self {
        case .name, .base, .caption, .tag, .collection, .pack, .source: .text
        case .sha256, .id: .hash
        case .start, .end, .duration: .seconds
        case .width, .height, .fps: .number
        case .added: .date
        case .kind: .kind
        case .motion: .flag
        }
    }

    /// By what its numbers are multiplied, so that whole numbers are compared.
    ///
    /// Seconds count to the millisecond, as in names, and 30000/1001 frames per second are 29.97.
    var scale: Double {
        switch self {
        case .start, .end, .duration: 1000
        case .fps: 100
        default: 1
        }
    }
}

extension FilterField.ValueType {
    /// The relations that a value of this type can stand in.
    var relations: [FilterRelation] {
        switch self {
        case .text: [.equal, .unequal, .contains, .starts, .ends, .matches, .among]
        case .hash, .kind, .flag: [.equal, .unequal, .among]
        case .seconds, .number, .date:
            [.equal, .unequal, .less, .atMost, .greater, .atLeast, .among]
        }
    }

    /// What messages call it.
    var noun: String {
        switch self {
        case .text: "a text"
        case .hash: "a hash"
        case .seconds: "a number of seconds"
        case .number: "a number"
        case .date: "a date"
        case .kind: "video or still"
        case .flag: "true or false"
        }
    }

    /// What it is and how it is written, for messages.
    var expected: String { examples.map { "\(noun) (\($0))" } ?? noun }

    private var examples: String? {
        switch self {
        case .text: #"walk, or "a red dress" in quotes"#
        case .hash: "4 to 64 hexadecimal digits"
        case .seconds: "2, 1.5s, 500ms or 2min"
        case .number: "25 or 29.97"
        case .date: "2026-03-01 or 2026-03-01T14:30"
        case .kind, .flag: nil
        }
    }
}

/// How a field is compared.
enum FilterRelation: String, CaseIterable, Sendable {
    case equal = "="
    case unequal = "!="
    case less = "<"
    case atMost = "<="
    case greater = ">"
    case atLeast = ">="
    case contains
    case starts
    case ends
    case matches
    case among = "in"

    /// Spellings of other languages, and what is written here.
    static let foreign = [
        "==": "=", "<>": "!=", "=<": "<=", "=>": ">=", "is": "=", "has": "=", "equals": "=",
        "like": "matches", "glob": "matches", "startswith": "starts", "endswith": "ends",
        "~": "contains",
        "contain": "contains", "include": "contains", "includes": "contains",
    ]
}

import GRDB

extension FilterNode {
    /// The condition on `clips` and `sources`, which is true or false for every clip, never null.
    var condition: SQLCondition {
        switch self {
        case .all(let parts): .all(parts.map(\.condition))
        case .any(let parts): .any(parts.map(\.condition))
        case .not(let node): node.condition.inside("NOT (%)")
        case .test(let test): test.condition
        }
    }
}

extension FilterTest {
    fileprivate var condition: SQLCondition {
        switch field {
        case .name: texts("clips.name")
        case .base: texts("clips.base_name")
        case .caption: texts("coalesce(clips.caption, '')")
        case .source: texts("sources.path")
        case .tag: texts("tag").inside("clips.id IN (SELECT clip_id FROM clip_tags WHERE %)")
        case .collection:
            texts("collections.name").inside(
                """
                clips.id IN (SELECT clip_id FROM collection_clips \
                JOIN collections ON collections.id = collection_id WHERE %)
                """
            )
        case .pack:
            packs.inside("clips.pack_fingerprint IN (SELECT fingerprint FROM packs WHERE %)")
        case .id: .begins("clips.identity", strings)
        case .sha256: .begins("sources.sha256", strings)
        case .kind: .equal("sources.media_kind", strings)
        case .motion:
            flags(
                """
                EXISTS (SELECT 1 FROM assets WHERE assets.clip_id = clips.id \
                AND assets.kind = \(AssetKind.dynamics.rawValue))
                """
            )
        case .added: spans("clips.added")
        case .start: numbers("clips.start_seconds * 1000")
        case .end: numbers("clips.end_seconds * 1000")
        case .duration: numbers("(clips.end_seconds - clips.start_seconds) * 1000")
        case .width: numbers("sources.container ->> '$.width'")
        case .height: numbers("sources.container ->> '$.height'")
        case .fps:
            numbers(
                """
                CASE sources.media_kind WHEN 'video' THEN 100.0 \
                * (sources.container ->> '$.averageFrameRate.numerator') \
                / (sources.container ->> '$.averageFrameRate.denominator') END
                """
            )
        }
    }

    private var strings: [String] {
        values.compactMap { value in
            if case .text(let text) = value { text } else { nil }
        }
    }

    /// Equal texts, else a pattern; of a pattern ASCII letters match in either case.
    private func texts(_ column: String) -> SQLCondition {
        guard let text = strings.first, relation != .equal else { return .equal(column, strings) }
        let pattern =
            switch relation {
            case .starts: Self.literal(text) + "%"
            case .ends: "%" + Self.literal(text)
            case .matches:
                Self.literal(text).replacing("*", with: "%").replacing("?", with: "_")
            default: "%" + Self.literal(text) + "%"
            }
        return SQLCondition(text: "\(column) LIKE ? ESCAPE '\\'", arguments: [pattern])
    }

    /// A text as a pattern of LIKE that only it matches.
    private static func literal(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
    }

    /// Packs by name, or by the beginning of their fingerprint.
    private var packs: SQLCondition {
        let hashes = strings.map { $0.lowercased() }.filter {
            $0.utf8.count >= Library.shortestHash && isHexadecimal($0)
        }
        let named = texts("packs.name")
        guard relation == .equal, !hashes.isEmpty else { return named }
        return .any([named, .begins("packs.fingerprint", hashes)])
    }

    private func flags(_ claim: String) -> SQLCondition {
        let wanted = values.map { $0 == .flag(true) ? 1 : 0 }
        return SQLCondition(
            text: "\(claim) IN (\(SQLCondition.marks(wanted.count)))",
            arguments: wanted
        )
    }

    /// Whole numbers; one that a clip lacks meets no comparison.
    private func numbers(_ value: String) -> SQLCondition {
        let wanted = values.compactMap { value in
            if case .number(let number) = value { number } else { nil }
        }
        let whole = "CAST(\(value) + 0.5 AS INTEGER)"
        let claim =
            relation == .equal
            ? "\(whole) IN (\(SQLCondition.marks(wanted.count)))"
            : "\(whole) \(relation.rawValue) ?"
        return SQLCondition(text: "coalesce(\(claim), 0)", arguments: wanted)
    }

    private func spans(_ column: String) -> SQLCondition {
        .any(
            values.compactMap { value in
                guard case .span(let first, let next) = value else { return nil }
                return switch relation {
                case .less: SQLCondition(text: "\(column) < ?", arguments: [first])
                case .atMost: SQLCondition(text: "\(column) < ?", arguments: [next])
                case .greater: SQLCondition(text: "\(column) >= ?", arguments: [next])
                case .atLeast: SQLCondition(text: "\(column) >= ?", arguments: [first])
                default:
                    SQLCondition(
                        text: "(\(column) >= ? AND \(column) < ?)",
                        arguments: [first, next]
                    )
                }
            }
        )
    }
}

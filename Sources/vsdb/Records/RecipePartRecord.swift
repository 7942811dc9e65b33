import Foundation
import Pipelines
import Store

/// A clip of a composition, with what it gives and where it comes from, as `--json` shows it.
struct RecipePartRecord: Encodable, Sendable {
    struct SourceRecord: Encodable, Sendable {
        let path: String
        let sha256: String
    }

    let role: Recipe.Role
    let id: String
    /// The clip's name now; if it was removed, its name when the recipe was written.
    let name: String
    let isInLibrary: Bool
    @OrNull var source: SourceRecord?
    @OrNull var from: Double?
    @OrNull var weight: Double?
    @OrNull var mask: String?

    init(_ part: Recipe.Part, _ library: Library) throws {
        let clip = try Self.clip(part.clip, library)
        role = part.role
        id = part.clip.id
        name = clip?.name ?? part.clip.name
        isInLibrary = clip != nil
        source = clip.map { SourceRecord(path: $0.source.path, sha256: $0.source.sha256) }
        from = part.from
        weight = part.weight
        mask = part.mask.map { "\($0), \(Wording.count(part.maskCellCount ?? 0, "cell"))" }
    }

    private static func clip(_ use: Recipe.ClipUse, _ library: Library) throws -> Clip? {
        guard let id = ClipID(hex: use.id) else { return nil }
        do { return try library.clip(id) } catch {
            guard error.kind == .unknownReference else { throw error }
            return nil
        }
    }

    /// The clip for people; one that is gone is called so.
    var shownName: String { isInLibrary ? name : "\(name) (removed)" }

    /// How it is applied, in a few words.
    var manner: String {
        let start = from.flatMap { $0 == 0 ? nil : "from \(Wording.seconds($0))" }
        let share = weight.map { "weight \(Wording.trimmed($0))" } ?? mask
        return [share, start].compactMap(\.self).joined(separator: ", ")
    }
}

extension StyleEdit {
    /// The edit for people.
    var shown: String { "\"\(from)\" to \"\(to)\", alpha \(Wording.trimmed(alpha))" }
}

import Foundation
import Pipelines
import Store

/// A saved composition as `--json` shows it; the recipe itself is printed by `show`.
struct CompositionRecord: Encodable, Sendable {
    /// A film that was made of it.
    struct RenderedRecord: Encodable, Sendable {
        let path: String
        let rendered: Date
    }

    let name: String
    let hash: String
    let clips: [String]
    let parts: [RecipePartRecord]
    let edits: [StyleEdit]
    let renders: [RenderedRecord]
    let added: Date
    /// Why the recipe cannot be read, as one of a newer vsdb; then parts and edits are not known.
    @OrNull var problem: String?

    init(_ composition: Composition, _ library: Library) throws {
        var (recipe, fault): (Recipe?, String?) = (nil, nil)
        do {
            recipe = try Recipe.decode(composition.recipeJSON, name: composition.name)
        } catch let error as RequestError {
            fault = error.description
        }
        problem = fault
        name = composition.name
        hash = composition.hash
        clips = composition.parents.map(\.hex)
        parts = try (recipe?.parts ?? []).map { try RecipePartRecord($0, library) }
        edits = recipe?.edits ?? []
        renders = try library.renders(ofRecipe: composition.hash).map { render in
            RenderedRecord(path: render.outputPath, rendered: render.rendered)
        }
        added = composition.added
    }

    /// The names of the clips that give something, for people.
    func names(_ role: Recipe.Role) -> [String] {
        parts.filter { $0.role == role }.map(\.shownName)
    }

    /// What is done beside content and motion, for people.
    var effects: String {
        let layers = parts.filter { $0.role == .mix || $0.role == .blend }
            .map { "\($0.role.rawValue) \($0.shownName) (\($0.manner))" }
        return problem ?? (layers + edits.map(\.shown)).joined(separator: "; ")
    }
}

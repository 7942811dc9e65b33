import Foundation
import Pipelines
import Testing

/// The document of a composition.
struct RecipeTests {
    private func recipe() throws -> Recipe {
        let fixture = try LibraryFixture.get()
        var request = fixture.request()
        request.blends = [.init(reference: "figure01_motion13", masks: ["legs:0.5"])]
        request.edits = [StyleEdit(from: "a", to: "b", alpha: 0.5)]
        request.seed = 7
        return try fixture.session.compose(request).recipe
    }

    @Test func itComesBackFromItsText() throws {
        let recipe = try recipe()
        #expect(try Recipe.decode(recipe.encoded(), name: "test") == recipe)
    }

    @Test func theHashIgnoresNamesAndNothingElse() throws {
        let recipe = try recipe()
        var renamed = recipe
        renamed.content.name = "other"
        #expect(renamed.hash == recipe.hash)
        var slower = recipe
        slower.times.frameRate = 12
        #expect(slower.hash != recipe.hash)
        var stronger = recipe
        stronger.edits[0].alpha = 1
        #expect(stronger.hash != recipe.hash)
    }

    @Test(arguments: [
        ("\"format\" : 1", "\"format\" : 9"), ("\"frameRate\" : 4", "\"frameRate\" : -4"),
        ("\"frameCount\" : 4", "\"frameCount\" : \"x\""), ("\"edits\"", "\"edit\""), ("{", "["),
    ])
    func anImpossibleDocumentIsRefused(find: String, replace: String) throws {
        let text = try recipe().encoded().replacingOccurrences(of: find, with: replace)
        #expect(throws: RequestError.self) { try Recipe.decode(text, name: "test") }
    }
}

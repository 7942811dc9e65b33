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
        #expect(try renamed.hash() == (try recipe.hash()))
        var slower = recipe
        slower.times.frameRate = 12
        #expect(try slower.hash() != (try recipe.hash()))
        var stronger = recipe
        stronger.edits[0].alpha = 1
        #expect(try stronger.hash() != (try recipe.hash()))
    }

    @Test(arguments: [
        ("\"format\" : 1", "\"format\" : 9"), ("\"frameRate\" : 4", "\"frameRate\" : -4"),
        ("\"frameCount\" : 4", "\"frameCount\" : \"x\""), ("\"edits\"", "\"edit\""), ("{", "["),
    ])
    func anImpossibleDocumentIsRefused(find: String, replace: String) throws {
        let text = try recipe().encoded().replacingOccurrences(of: find, with: replace)
        #expect(throws: RequestError.self) { try Recipe.decode(text, name: "test") }
    }

    /// Each edit makes a recipe that would render black, for hours, or not what was meant.
    static let impossible: [@Sendable (inout Recipe) -> Void] = [
        { $0.edits[0].alpha = 1e39 }, { $0.layers[0].mask?[0][0] = 2 },
        { $0.layers[0].mask = [[0, 0], [0, 0]] }, { $0.layers[0].mask = [[1], [1, 1]] },
        { $0.layers[0].weight = 1 }, { $0.times.start = 1e12 }, { $0.times.frameCount = 0 },
        { $0.motion.from = 1e300 }, { $0.motion.from = -1 },
    ]

    @Test(arguments: impossible.indices)
    func impossibleNumbersAreRefused(index: Int) throws {
        var recipe = try recipe()
        Self.impossible[index](&recipe)
        let text = try recipe.encoded()
        #expect(throws: RequestError.self) { try Recipe.decode(text, name: "test") }
    }

    @Test func anUnknownKeyIsNamed() throws {
        let text = try recipe().encoded()
            .replacingOccurrences(of: "\"seed\"", with: "\"sed\" : 1, \"seed\"")
        let error = #expect(throws: RequestError.self) { try Recipe.decode(text, name: "test") }
        #expect(error?.description.contains("sed") == true)
    }
}

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

    /// A change of every kind, and the fields that it shows up in.
    static let changes: [(fields: [String], change: @Sendable (inout Recipe) -> Void)] = [
        (["pack"], { $0.pack = String(repeating: "0", count: 64) }),
        (["content"], { $0.content.id = String(repeating: "0", count: 64) }),
        (["motion"], { $0.motion.clip.id = String(repeating: "0", count: 64) }),
        (["motion from second"], { $0.motion.from = 0.1 }),
        (["blend 1"], { $0.layers = [] }),
        (["blend 1"], { $0.layers[0].motion.clip.id = String(repeating: "0", count: 64) }),
        (["blend 1 from second"], { $0.layers[0].motion.from += 1e-9 }),
        (["blend 1 mask"], { $0.layers[0].mask?[0][0] = 0.25 }),
        (["blend 1 mask"], { $0.layers[0].mask = $0.layers[0].mask?.map { $0.map { $0 / 2 } } }),
        (["mix 1", "blend 1"], { ($0.layers[0].mask, $0.layers[0].weight) = (nil, 0.5) }),
        (["blend 2"], { $0.layers.append($0.layers[0]) }),
        (["edit 1"], { $0.edits = [] }),
        (["edit 1 from"], { $0.edits[0].from = "x" }),
        (["edit 1 to"], { $0.edits[0].to = "x" }),
        (["edit 1 alpha"], { $0.edits[0].alpha = 0.6 }),
        (["start"], { $0.times.start = 0.5 }),
        (["frames per second"], { $0.times.frameRate = 5 }),
        (["frames"], { $0.times.frameCount = 5 }),
        (["seed"], { $0.seed = nil }),
        ([], { $0.content.name = "x" }),
        ([], { $0.motion.clip.name = "x" }),
        ([], { $0.layers[0].maskName = "x" }),
    ]

    @Test(arguments: changes.indices) func everyDifferenceIsFoundOnce(index: Int) throws {
        let (fields, change) = Self.changes[index]
        let recipe = try recipe()
        var other = recipe
        change(&other)
        #expect(recipe.differences(from: other).map(\.field) == fields)
        for difference in recipe.differences(from: other) {
            #expect(difference.left != difference.right, "\(difference)")
        }
        #expect(other.differences(from: recipe).map(\.field) == fields)
        #expect(try (recipe.hash() == other.hash()) == fields.isEmpty)
    }

    @Test func theOrderOfMixesAndBlendsIsADifference() throws {
        var recipe = try recipe()
        recipe.layers.append(recipe.layers[0])
        (recipe.layers[1].mask, recipe.layers[1].weight) = (nil, 0.5)
        var other = recipe
        other.layers.reverse()
        let difference = try #require(recipe.differences(from: other).first)
        #expect(difference.field == "order of mixes and blends")
        #expect((difference.left, difference.right) == ("blend, mix", "mix, blend"))
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

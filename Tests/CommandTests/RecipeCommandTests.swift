import Foundation
import Store
import Testing

/// What compositions are made of, what was made of clips, and in what two compositions differ.
struct RecipeCommandTests {
    private static let (zero, one) = ("figure00_motion00", "figure01_motion01")

    /// A library with two compositions; the first one was rendered.
    private func workspace() throws -> Workspace {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.expectSuccess(
            "compose",
            "--content",
            Self.zero,
            "--motion",
            Self.one,
            "--save",
            "walk",
            "--frames",
            "2",
            "-o",
            "walk.gif"
        )
        try workspace.expectSuccess(
            "compose",
            "--content",
            Self.zero,
            "--motion",
            Self.one,
            "--mix",
            "\(Self.zero):0.25",
            "--blend",
            Self.one,
            "--mask",
            "right-arm",
            "--from",
            "a red dress",
            "--to",
            "a blue dress",
            "--save",
            "dance"
        )
        return workspace
    }

    @Test func recipesAreListedWithClipsAndEffects() throws {
        let workspace = try workspace()
        let table = try workspace.expectSuccess("recipes").output
        let lines = table.split(separator: "\n")
        #expect(lines[0].contains("CONTENT") && lines.count == 3)
        let effects = "mix figure00_motion00 (weight 0.25); blend figure01_motion01 (right-arm, "
        #expect(lines[1].contains(effects), "\(table)")
        #expect(lines[1].hasSuffix(#""a red dress" to "a blue dress", alpha 1"#), "\(table)")
        let json = try workspace.expectSuccess("recipes", "--name", "DAN", "--json").json()
        let recipe = try #require((json as? [[String: Any]])?.first)
        #expect(recipe["name"] as? String == "dance")
        let roles = (recipe["parts"] as? [[String: Any]])?.compactMap { $0["role"] as? String }
        #expect(roles == ["content", "motion", "mix", "blend"])
    }

    @Test func theLineageLeadsToTheFilesAndBack() throws {
        let workspace = try workspace()
        let shown = try workspace.expectSuccess("show", "walk", "--lineage").output
        #expect(shown.contains("film") && shown.contains("walk.gif"), "\(shown)")
        #expect(shown.contains(Workspace.clip(Self.one)), "\(shown)")
        let back = try workspace.expectSuccess("show", Self.one, "--lineage", "--json").json()
        let facts = try #require(back as? [String: Any])
        let uses = try #require(facts["compositions"] as? [[String: Any]])
        #expect(uses.compactMap { $0["name"] as? String } == ["dance", "walk"])
        #expect(uses.compactMap { $0["roles"] as? [String] } == [["motion", "blend"], ["motion"]])
        try workspace.expectSuccess("collection", "add", "reel", Self.one)
        let text = try workspace.expectSuccess("show", Self.one, "--lineage").output
        #expect(text.contains("2 compositions") && text.contains("reel"), "\(text)")
        try workspace.expectSuccess("remove", Self.one, "--force")
        let broken = try workspace.expectSuccess("show", "walk", "--lineage").output
        #expect(broken.contains("figure01_motion01 (removed)"), "\(broken)")
    }

    @Test func aRecipeThatCannotBeReadHidesNoOther() throws {
        let workspace = try workspace()
        let library = try Library.open(at: workspace.path(".vsdb"))
        let clip = try library.resolve(Self.zero).clip.id
        try library.saveComposition(
            NewComposition(
                name: "newer",
                hash: String(repeating: "ab", count: 32),
                recipeJSON: #"{"format": 9}"#,
                parents: [clip]
            )
        )
        let lines = try workspace.expectSuccess("recipes").output.split(separator: "\n")
        #expect(lines.count == 4 && lines[2].contains("recipe \"newer\""), "\(lines)")
        let shown = try workspace.expectSuccess("show", "newer", "--lineage")
        #expect(shown.errors.contains("recipe \"newer\""), "\(shown.errors)")
        let uses = try workspace.expectSuccess("show", Self.zero, "--lineage").output
        #expect(uses.contains("3 compositions"), "\(uses)")
        #expect(try workspace.run(["diff", "newer", "walk"]).status == 1)
    }

    @Test func theDifferenceIsInTheUsersWords() throws {
        let workspace = try workspace()
        let same = try workspace.run(["diff", "walk", "walk"])
        #expect(same.status == 0 && same.output.isEmpty && same.errors.contains("are the same"))
        let other = try workspace.run(["diff", "walk", "dance"])
        #expect(other.status == 1 && other.errors.isEmpty)
        let fields = other.output.split(separator: "\n").map { $0.prefix(8) }
        #expect(
            fields == ["FIELD   ", "mix 1   ", "blend 1 ", "edit 1  ", "frames  "],
            "\(other.output)"
        )
        let json = try workspace.run(["diff", "walk", "dance", "--json"])
        let facts = try #require(try json.json() as? [String: Any])
        #expect(json.status == 1 && facts["same"] as? Bool == false)
        let last = try #require((facts["differences"] as? [[String: Any]])?.last)
        #expect(last["left"] as? String == "2" && last["right"] as? String == "50")
        #expect(try workspace.run(["diff", "walk", "wolk"]).status == 12)
    }

    @Test func twoFilesDifferWithoutALibrary() throws {
        let workspace = try workspace()
        for name in ["walk", "dance"] {
            let recipe = try workspace.expectSuccess("show", name, "--json").output
            try workspace.write(recipe, to: "\(name).json")
        }
        #expect(try workspace.run(["diff", "walk.json", "walk"]).status == 0)
        let bare = try Workspace()
        let files = ["walk", "dance"].map { workspace.path("\($0).json") }
        #expect(try bare.run(["diff", files[0], files[0]]).status == 0)
        #expect(try bare.run(["diff", files[0], files[1]]).status == 1)
        #expect(try bare.run(["diff", files[0], "walk"]).status == 10)
    }
}

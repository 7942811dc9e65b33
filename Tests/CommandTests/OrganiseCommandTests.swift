import Foundation
import Testing

/// Filters, tags, captions, names and collections, as a user changes them.
struct OrganiseCommandTests {
    private static let (zero, one) = ("figure00_motion00", "figure01_motion01")

    private func names(_ workspace: Workspace, _ arguments: String...) throws -> [String] {
        let list = try workspace.run(["list", "--json"] + arguments)
        #expect(list.status == 0, "\(list.errors)")
        let clips = try #require(try list.json() as? [[String: Any]])
        return clips.compactMap { $0["name"] as? String }
    }

    @Test func aConditionChoosesClips() throws {
        let workspace = try Workspace.prepared.get()
        #expect(
            try names(workspace, "--where", "duration > 1 and caption contains \"MOVING\"").count
                == 2
        )
        #expect(try names(workspace, "--where", "name starts figure01") == [Self.one])
        #expect(try names(workspace, "--where", "width = 128 and fps = 25").count == 2)
        #expect(try names(workspace, "--where", "not tag = doll") == [])
        #expect(try names(workspace, "--where", "name ends 0", "--tag", "doll") == [Self.zero])
        let none = try workspace.expectSuccess("list", "--where", "kind = still")
        #expect(none.output.isEmpty && none.errors == "no clip fits\n")
    }

    @Test func aWrongConditionIsPointedAt() throws {
        let workspace = try Workspace.prepared.get()
        for command in [["list"], ["tag", "x"], ["collection", "add", "reel"]] {
            let result = try workspace.run(command + ["--where", "tag = doll and nome = x"])
            #expect(result.status == 64 && result.output.isEmpty)
            let expected = """
                vsdb: error: filter: there is no field "nome"; did you mean name?
                  tag = doll and nome = x
                                 ^
                fields: name, base,
                """
            #expect(result.errors.hasPrefix(expected), "\(result.errors)")
        }
        // Told before the library is looked for.
        let nowhere = try workspace.run(["list", "--where", "x", "--library", "nowhere"])
        #expect(nowhere.status == 64)
    }

    @Test func clipsAreRemovedByACondition() throws {
        let workspace = try Workspace.copyOfPrepared()
        let none = try workspace.expectSuccess("remove", "--where", "name = nobody")
        #expect(none.output.isEmpty && none.errors == "no clip meets the condition\n")
        let removed = try workspace.expectSuccess("remove", "--where", "name ends 01")
        #expect(removed.output == "removed \(Self.one)\n")
        #expect(try names(workspace) == [Self.zero])
    }

    @Test func allUnknownNamesAreTold() throws {
        let workspace = try Workspace.prepared.get()
        let result = try workspace.run(["tag", "x", "nope1", Self.zero, "nope2"])
        #expect(result.status == 12)
        #expect(result.errors.contains("\"nope1\"") && result.errors.contains("\"nope2\""))
    }

    @Test func aTagHasALength() throws {
        let workspace = try Workspace.prepared.get()
        let tag = String(repeating: "a", count: 201)
        let result = try workspace.run(["tag", tag, Self.zero])
        #expect(result.status == 64 && result.errors.contains("200 bytes"))
    }

    @Test func aNewNameThatMeansSomethingElseTooIsNoted() throws {
        let workspace = try Workspace.copyOfPrepared()
        let clips = try workspace.expectSuccess("list", "--json").json() as? [[String: Any]]
        let id = try #require(clips?.first { $0["name"] as? String == Self.one }?["id"] as? String)
        let renamed = try workspace.expectSuccess("rename", Self.zero, String(id.prefix(4)))
        #expect(renamed.errors.contains("was the first digits of the id of \(Self.one)"))
        #expect(try workspace.expectSuccess("rename", Self.one, "two").errors.isEmpty)
    }

    @Test func rmIsRemove() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.expectSuccess("collection", "add", "reel", Self.zero)
        let gone = try workspace.expectSuccess("collection", "rm", "reel", Self.zero)
        #expect(gone.output == "removed 1 clip from reel\n")
    }

    @Test func aLinkHasTheSizeOfItsFile() throws {
        let workspace = try Workspace.copyOfPrepared()
        try FileManager.default.createSymbolicLink(
            atPath: workspace.path("link.mp4"),
            withDestinationPath: Workspace.clip("figure02_motion02")
        )
        try workspace.expectSuccess("ingest", workspace.path("link.mp4"))
        let facts = try FileManager.default.attributesOfItem(
            atPath: Workspace.clip("figure02_motion02")
        )
        let record = try workspace.expectSuccess("show", "link", "--json").json() as? [String: Any]
        let source = record?["source"] as? [String: Any]
        #expect(source?["bytes"] as? Int == facts[.size] as? Int, "\(source ?? [:])")
    }

    @Test func tagsAreGivenAndTakenOnce() throws {
        let workspace = try Workspace.copyOfPrepared()
        let tagged = try workspace.expectSuccess("tag", "dance, night", Self.zero, Self.one)
        #expect(tagged.output == "tagged 2 clips with dance, night\n")
        let again = try workspace.expectSuccess("tag", "dance", Self.zero, "--json").json()
        let facts = try #require(again as? [String: [String]])
        #expect(facts == ["changed": [], "unchanged": [Self.zero]])
        let taken = try workspace.expectSuccess("untag", "night", "--where", "name matches *01")
        #expect(taken.output == "took night from 1 clip\n")
        #expect(try names(workspace, "--tag", "night") == [Self.zero])
        #expect(try names(workspace, "--tag", "night,doll", "--tag", "dance") == [Self.zero])
        let nothing = try workspace.expectSuccess("untag", "night", Self.one)
        #expect(nothing.output == "nothing changed; 1 clip did not have it\n")
        let unknown = try workspace.run(["tag", "x", Self.zero, "figure02"])
        #expect(unknown.status == 12)
        #expect(try names(workspace, "--tag", "x") == [], "all or nothing")
    }

    @Test func captionsAreWrittenAndTaken() throws {
        let workspace = try Workspace.copyOfPrepared()
        let written = try workspace.expectSuccess("caption", Self.zero, "a red dress")
        #expect(written.output == "captioned 1 clip\n")
        #expect(try names(workspace, "--where", "caption = 'a red dress'") == [Self.zero])
        try workspace.write(
            #"{"figure00_motion00.mp4": "zero", "figure01_motion01": "one", "other.mp4": "x"}"#,
            to: "captions.json"
        )
        let file = try workspace.expectSuccess("caption", "--file", "captions.json")
        #expect(file.output == "captioned 2 clips\n")
        #expect(file.errors.contains("no clip comes from a file called \"other.mp4\""))
        #expect(try names(workspace, "--where", "caption in (zero, one)").count == 2)
        try workspace.expectSuccess("caption", "--where", "caption = one", "two")
        let cleared = try workspace.expectSuccess("caption", "--clear", Self.zero, Self.one)
        #expect(cleared.output == "took the caption from 2 clips\n")
        #expect(try names(workspace, "--where", "caption = ''").count == 2)
        #expect(try workspace.expectSuccess("status").status == 0)
    }

    @Test func clipsAndCompositionsAreRenamed() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.expectSuccess(
            "compose",
            "--content",
            Self.zero,
            "--motion",
            Self.one,
            "--save",
            "walk"
        )
        let renamed = try workspace.expectSuccess("rename", Self.zero, "anna")
        #expect(renamed.output == "renamed figure00_motion00 to anna\n")
        let again = try workspace.expectSuccess("rename", "anna", "anna")
        #expect(again.output.isEmpty && again.errors == "anna is called anna already\n")
        #expect(try workspace.run(["rename", "anna", Self.one]).status == 1)
        #expect(try workspace.run(["rename", "anna", "a/b"]).status == 64)
        try workspace.expectSuccess("rename", "--composition", "walk", "stroll")
        let recipes = try workspace.expectSuccess("recipes").output
        #expect(recipes.contains("stroll") && recipes.contains("anna"), "the name of now")
        try workspace.expectSuccess("render", "stroll", "-o", "one.gif", "--size", "16")
    }

    @Test func collectionsKeepTheirOrder() throws {
        let workspace = try Workspace.copyOfPrepared()
        let added = try workspace.expectSuccess("collection", "add", "reel", Self.one, Self.zero)
        #expect(added.output == "added 2 clips to reel\n")
        let again = try workspace.expectSuccess(
            "collection",
            "add",
            "reel",
            "--where",
            "tag = doll"
        )
        #expect(again.output == "nothing changed; 2 clips had a place in it already\n")
        #expect(try names(workspace, "--collection", "reel") == [Self.one, Self.zero])
        let listed = try workspace.expectSuccess("collection", "list", "reel").output
        #expect(listed == (try workspace.expectSuccess("list", "--collection", "reel").output))
        let all = try workspace.expectSuccess("collection", "list", "--json").json()
        let record = try #require((all as? [[String: Any]])?.first)
        #expect(record["name"] as? String == "reel" && record["clips"] as? Int == 2)
        #expect(record["seconds"] as? Double == 4)
        let removed = try workspace.expectSuccess(
            "collection",
            "remove",
            "reel",
            "--where",
            "name = \(Self.one)"
        )
        #expect(removed.output == "removed 1 clip from reel\n")
        #expect(try names(workspace, "--where", "collection = reel") == [Self.zero])
        let unknown = try workspace.run(["list", "--collection", "rel"])
        #expect(unknown.status == 12 && unknown.errors.contains("did you mean reel?"))
        #expect(try workspace.run(["collection", "delete", "reel", "rel"]).status == 12)
        try workspace.expectSuccess("rename", "--collection", "reel", "trailer")
        try workspace.expectSuccess("collection", "delete", "trailer")
        #expect(try names(workspace).count == 2, "the clips stay")
        let none = try workspace.expectSuccess("collection", "list")
        #expect(none.output.isEmpty && none.errors.contains("collection add"))
    }
}

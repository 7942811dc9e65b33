import Foundation
import Testing

/// similar, search and index as a user runs them.
@Suite struct FindCommandTests {
    @Test func similarAsTableJSONAndCSV() throws {
        let workspace = try Workspace.prepared.get()
        let table = try workspace.expectSuccess("similar", "figure00_motion00").output
        #expect(table.hasPrefix("SCORE  NAME"))
        #expect(table.contains("figure01_motion01") && !table.contains("figure00"))
        let json = try #require(
            try workspace.expectSuccess("similar", "figure00_motion00", "--json").json()
                as? [String: Any]
        )
        #expect(json["candidates"] as? Int == 1 && json["pack"] as? String == "paper-doll")
        #expect(json["subject"] as? String == "motion of figure00_motion00")
        let match = try #require((json["matches"] as? [[String: Any]])?.first)
        #expect(
            Set(match.keys) == [
                "rank", "score", "id", "name", "from", "to", "duration", "caption", "tags",
                "source", "thumbnails",
            ]
        )
        #expect(match["from"] is NSNull && match["tags"] as? [String] == ["doll"])
        let csv = try workspace.expectSuccess(
            "similar",
            "figure00_motion00",
            "--format",
            "csv"
        ).output.split(separator: "\n")
        #expect(csv.count == 2)
        #expect(csv[0] == "rank,score,name,id,from,to,duration,tags,caption,source,thumbnails")
        #expect(csv[1].contains("\"a doll, moving\""))
    }

    @Test func picturesAreWritten() throws {
        let workspace = try Workspace.copyOfPrepared()
        let output = try workspace.expectSuccess(
            "similar",
            "figure00_motion00",
            "--sheet",
            workspace.path("sheet.png"),
            "--thumbnails",
            workspace.path("strips")
        ).output
        #expect(workspace.has("sheet.png"))
        let strips = try FileManager.default.contentsOfDirectory(atPath: workspace.path("strips"))
        #expect(strips.count == 1 && output.contains(strips[0]))
        let refused = try workspace.run([
            "similar", "figure00_motion00", "--sheet", workspace.path("none/sheet.png"),
        ])
        #expect(refused.status == 1 && !workspace.has("none"))
    }

    @Test func searchByWordsAndByConditions() throws {
        let workspace = try Workspace.prepared.get()
        let words = try workspace.expectSuccess("search", "a", "red", "dress").output
        #expect(words.contains("figure00_motion00") && words.contains("figure01_motion01"))
        let both = try workspace.expectSuccess(
            "search",
            "a red dress",
            "--like",
            "figure00_motion00",
            "--weight",
            "0.2"
        )
        #expect(both.output.contains("figure01_motion01") && !both.output.contains("figure00"))
        let listed = try workspace.expectSuccess(
            "search",
            "--tag",
            "doll",
            "--where",
            "name ends \"01\""
        )
        #expect(listed.output.contains("figure01_motion01"))
        #expect(!listed.output.contains("figure00_motion00"))
    }

    @Test(arguments: [
        (["similar", "nope"], Int32(12), "see vsdb list"),
        (["similar", "figure00_motion00", "-k", "0"], 64, "-k 0"),
        (["similar", "figure00_motion00", "--by", "smell"], 64, "smell"),
        (["similar", "figure00_motion00", "--mask", "tail"], 1, "right-arm"),
        (["similar", "figure00_motion00", "--by", "look", "--mask", "legs"], 1, "--mask"),
        (["similar", "figure00_motion00", "--where", "duration >"], 64, "^"),
        (["similar", "figure00_motion00", "--pack", "other"], 12, "other"),
        (["similar", "nope.mp4"], 12, "no such file"),
        (["search"], 64, "nothing to look for"),
        (["search", "dress", "--weight", "0.5"], 64, "--like"),
        (["search", "dress", "--mask", "legs"], 64, "--like"),
        (["search", "--tag", "doll", "--thumbnails", "x"], 64, "--thumbnails"),
        (["similar", "nope.mp4@1s-2s"], 12, "\"nope.mp4\": there is no such file"),
    ])
    func mistakesAreTold(arguments: [String], status: Int32, words: String) throws {
        let result = try Workspace.prepared.get().run(arguments)
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains(words), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test func nothingFoundIsNoError() throws {
        let workspace = try Workspace.prepared.get()
        let result = try workspace.expectSuccess(
            "similar",
            "figure00_motion00",
            "--where",
            "duration > 100"
        )
        #expect(result.output.isEmpty && result.errors.contains("meets the conditions"))
    }

    @Test func theIndexIsShownDamagedAndRebuilt() throws {
        let workspace = try Workspace.copyOfPrepared()
        let status = try workspace.expectSuccess("index", "status", "--verify").output
        #expect(status.contains("motion") && status.contains("current"))
        let folder = workspace.path(".vsdb/index")
        let rows = try #require(FileManager.default.enumerator(atPath: folder))
            .compactMap { $0 as? String }.first { $0.hasSuffix("0.rows") && $0.contains("look") }
        let url = URL(fileURLWithPath: folder + "/" + (try #require(rows)))
        var bytes = try Data(contentsOf: url)
        bytes[10] ^= 1
        try bytes.write(to: url)
        #expect(try workspace.run(["index", "status"]).status == 15)
        let damaged = try workspace.run(["index", "status", "--verify"])
        #expect(damaged.status == 15 && damaged.output.contains("damaged"))
        #expect(try workspace.expectSuccess("index", "rebuild").output.contains("index of look"))
        #expect(try workspace.run(["index", "status", "--verify"]).status == 0)
        try FileManager.default.removeItem(atPath: folder)
        #expect(try workspace.expectSuccess("index", "status").output.contains("none"))
        _ = try workspace.expectSuccess("similar", "figure00_motion00")
    }

    @Test func listsOfConditionsHaveFormsAndSheets() throws {
        let workspace = try Workspace.copyOfPrepared()
        let csv = try workspace.expectSuccess("search", "--tag", "doll", "--format", "csv", "-k1")
            .output.split(separator: "\n")
        #expect(csv.count == 2 && csv[0].hasPrefix("name,id,start,end"))
        let sheet = workspace.path("list.png")
        _ = try workspace.expectSuccess("search", "--tag", "doll", "--sheet", sheet)
        #expect(workspace.has("list.png"))
        let all = try workspace.expectSuccess("list", "--format", "csv").output
        #expect(all.split(separator: "\n").count == 3)
    }

    @Test func aSheetOfNothingIsSaidToBeMissing() throws {
        let workspace = try Workspace.copyOfPrepared()
        for command in [
            ["similar", "figure00_motion00"], ["duplicates"], ["search", "dress"],
        ] {
            let sheet = ["--where", "name = nobody", "--sheet", workspace.path("none.png")]
            let result = try workspace.run(command + sheet)
            #expect(result.status == 0 && result.errors.contains("was not written"))
            #expect(!workspace.has("none.png"))
        }
    }

    @Test func masksAreUnitedByCommasAndNamedOnTheSheet() throws {
        let workspace = try Workspace.prepared.get()
        let masked =
            try workspace.expectSuccess(
                "similar",
                "figure00_motion00",
                "--mask",
                "right-arm,left-arm",
                "--json"
            ).json() as? [String: Any]
        #expect(
            masked?["subject"] as? String == "motion of figure00_motion00 in right-arm, left-arm"
        )
        #expect(masked?["scores"] as? String == "cosines")
    }

    @Test func aFileInPlaceOfAFolderIsTold() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.write("", to: "file")
        for option in [["--thumbnails", "file"], ["--sheet", "file/sheet.png"]] {
            let result = try workspace.run(["similar", "figure00_motion00"] + option)
            #expect(result.status == 1 && result.output.isEmpty)
            #expect(result.errors.contains("is a file"), "\(result.errors)")
        }
    }

    @Test func wordsWithoutCLIPNameThePackThatHasIt() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.makePack { manifest in
            manifest["name"] = "blind"
            manifest["clip"] = nil
        }
        try workspace.expectSuccess("pack", "add", workspace.path("pack"))
        let result = try workspace.run(["search", "dress", "--pack", "blind"])
        #expect(result.status == 14)
        #expect(result.errors.contains("add --pack paper-doll"), "\(result.errors)")
    }

    @Test func removedClipsAreNotFound() throws {
        let workspace = try Workspace.copyOfPrepared()
        _ = try workspace.expectSuccess("remove", "figure01_motion01")
        let result = try workspace.expectSuccess("similar", "figure00_motion00")
        #expect(result.output.isEmpty && result.errors.contains("no other clip"))
    }
}

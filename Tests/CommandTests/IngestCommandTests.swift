import Foundation
import Testing

/// Ingesting, and looking at what came of it.
struct IngestCommandTests {
    @Test func listAsJSONHasTheAgreedKeys() throws {
        let json = try Workspace.prepared.get().expectSuccess("list", "--json").json()
        let clips = try #require(json as? [[String: Any]])
        #expect(clips.count == 2)
        for clip in clips {
            let id = try #require(clip["id"] as? String)
            #expect(id.count == 64)
            #expect(clip["name"] is String && clip["start"] as? Double == 0)
            #expect(clip["end"] as? Double == 2 && clip["duration"] as? Double == 2)
            #expect(clip["pack"] as? String == "paper-doll")
            #expect(clip["hasMotion"] as? Bool == true)
            #expect(clip["tags"] as? [String] == ["doll"])
            #expect(clip["caption"] as? String == "a doll, moving")
            let source = try #require(clip["source"] as? [String: Any])
            #expect((source["path"] as? String)?.hasSuffix(".mp4") == true)
            #expect((source["sha256"] as? String)?.count == 64)
            let assets = try #require(clip["assets"] as? [[String: Any]])
            let kinds = assets.compactMap { $0["kind"] as? String }
            #expect(kinds == ["content", "dynamics", "style", "look", "motion", "thumbnails"])
            for asset in assets {
                #expect(asset["dtype"] is String && asset["bytes"] is Int)
                #expect(asset["shape"] is [Int])
            }
        }
    }

    @Test func filtersAndReferencesFindClips() throws {
        let workspace = try Workspace.prepared.get()
        let named = try workspace.expectSuccess("list", "--name", "FIGURE01").output
        #expect(named.contains("figure01_motion01") && !named.contains("figure00"))
        #expect(try workspace.expectSuccess("list", "--tag", "other").output.isEmpty)
        let shown = try workspace.expectSuccess("show", "figure00_motion00").output
        #expect(shown.contains("dynamics") && shown.contains("[64, 8, 8]"))
        let wrong = try workspace.run(["show", "figure00_motion0"])
        #expect(wrong.status == 12 && wrong.errors.contains("did you mean figure00_motion00"))
        #expect(try workspace.run(["show", "figure00_motion00@9s-12s"]).status == 12)
    }

    @Test func thumbnailsAreWritten() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.expectSuccess("show", "figure00_motion00", "--thumbnails", "strip.jpg")
        let data = try Data(contentsOf: URL(filePath: workspace.path("strip.jpg")))
        #expect(data.starts(with: [0xFF, 0xD8]), "a JPEG begins so")
    }

    @Test func oneBadFileDoesNotStopTheOthers() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.write("hello", to: "text.mp4")
        try workspace.write("", to: "empty.mp4")
        let known = Workspace.clip("figure00_motion00")
        let new = Workspace.clip("figure02_motion02")
        let result = try workspace.run(
            ["ingest", "text.mp4", known, "missing.mp4", new, "empty.mp4", "--json"]
        )
        #expect(result.status == 3)
        let lines = try result.jsonLines()
        let events = lines.compactMap { $0["event"] as? String }.filter { $0 != "progress" }
        #expect(events == ["failure", "clip", "failure", "clip", "failure", "done"])
        let failures = lines.filter { $0["event"] as? String == "failure" }
        let paths = failures.compactMap { $0["path"] as? String }
        #expect(paths == ["text.mp4", "missing.mp4", "empty.mp4"])
        let states = lines.compactMap { ($0["clip"] as? [String: Any])?["isNew"] as? Bool }
        #expect(states == [false, true])
        let done = try #require(lines.last)
        #expect(done["added"] as? Int == 1 && done["skipped"] as? Int == 1)
        #expect(done["failed"] as? Int == 3)
        #expect(result.errors.contains("vsdb: error: \"missing.mp4\": no such file"))
    }

    @Test func whenAllFailTheCodeIsOne() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.write("hello", to: "text.mp4")
        #expect(try workspace.run(["ingest", "text.mp4"]).status == 1)
        #expect(try workspace.run(["ingest", "text.mp4", "missing.mp4"]).status == 1)
    }

    @Test func namesComeFromStandardInputAndCaptionsFromAFile() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.write(
            "file,caption\nfigure02_motion02.mp4,\"a man, who \"\"walks\"\"\"\n",
            to: "captions.csv"
        )
        let result = try workspace.run(
            ["ingest", "-q", "--captions", "captions.csv"],
            input: "\n" + Workspace.clip("figure02_motion02") + "\n"
        )
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        let json = try workspace.expectSuccess("show", "figure02_motion02", "--json").json()
        #expect((json as? [String: Any])?["caption"] as? String == "a man, who \"walks\"")
    }

    @Test func ingestNeedsAPack() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        let result = try workspace.run(["ingest", Workspace.clip("figure00_motion00")])
        #expect(result.status != 0 && result.errors.contains("vsdb pack add"))
        let named = try Workspace.prepared.get().run(["ingest", "x.mp4", "--pack", "nope"])
        #expect(named.status == 12 && named.errors.contains("vsdb pack list"))
    }

    /// In the words of people: the place of the cut once, and what became of what lies before it.
    @Test func aFilmThatWasCutOffIsToldInOneSentence() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        try workspace.expectSuccess("pack", "add", Workspace.samples + "/packs/paper-doll")
        let made = try workspace.shell(
            """
            ffmpeg -v error -f lavfi -i testsrc2=s=200x300:r=30:d=5 whole.mkv \
            && head -c 60000 whole.mkv > cut.mkv
            """
        )
        #expect(made.status == 0, "\(made.errors)")
        let result = try workspace.run(["ingest", "cut.mkv", "--json"])
        #expect(result.status == 3)
        let failure = try #require(
            try result.jsonLines().first { $0["event"] as? String == "failure" }
        )
        let reason = try #require(failure["reason"] as? String)
        #expect(
            reason.wholeMatch(
                of:
                    /cut off or damaged: the file states 5\.0 s, its frames end at [0-9.]+ s; the clip before that place was ingested/
            ) != nil,
            "\(reason)"
        )
    }
}

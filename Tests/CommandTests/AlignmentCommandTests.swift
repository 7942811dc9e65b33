import Foundation
import Testing

/// Boxes, warnings and the pack's own distance on the command line.
struct AlignmentCommandTests {
    private static let clip = "figure02_motion02"

    /// Ingests one clip with a file of boxes.
    private func ingest(_ boxes: String, as name: String, _ more: String...) throws -> RunResult {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.write(boxes, to: name)
        return try workspace.run(["ingest", Workspace.clip(Self.clip), "--boxes", name] + more)
    }

    @Test(arguments: [
        ("boxes.csv", "file,x,y,width,height\nfigure02_motion02.mp4,0,0,64,64\n"),
        ("boxes.csv", "figure02_motion02,0,0,64,64,,\n"),
        ("boxes.csv", "figure02_motion02,0,0,64,64,0,1\nfigure02_motion02,0,0,64,64,1,9\n"),
        ("boxes.json", #"{"figure02_motion02.mp4": [0, 0, 64, 64]}"#),
        ("boxes.json", #"{"figure02_motion02": [{"box": [0, 0, 64.2, 63.8], "start": 0}]}"#),
    ])
    func aQuarterOfTheFrameIsIngestedAndLooksUnaligned(name: String, boxes: String) throws {
        let result = try ingest(boxes, as: name, "--json")
        #expect(result.status == 0)
        let line = try #require(try result.jsonLines().first { $0["event"] as? String == "clip" })
        let clip = try #require(line["clip"] as? [String: Any])
        let warnings = try #require(clip["warnings"] as? [String])
        #expect(warnings.count == 1 && warnings[0].contains("looks unaligned"))
        #expect((clip["reconstruction"] as? Double ?? 0) > 0.4)
        #expect(result.errors.contains("vsdb: warning:") && result.errors.contains("--boxes"))
    }

    @Test func boxesOfOtherFilesAreNamed() throws {
        let result = try ingest("other.mp4,0,0,64,64\n", as: "boxes.csv", "--json")
        #expect(result.status == 0 && result.errors.contains(#"is called "other.mp4""#))
        #expect(try result.jsonLines().contains { $0["event"] as? String == "warning" })
    }

    @Test(arguments: [
        ("boxes.csv", "figure02_motion02.mp4,0,0,64\n", "row 1"),
        ("boxes.csv", "figure02_motion02.mp4,0,0,64,sixty\n", "row 1"),
        ("boxes.csv", "a.mp4,0,0,64,64\n\nb.mp4,0,0,0,64\n", "row 3"),
        ("boxes.csv", "a.mp4,0,0,64,64,2,1\n", "row 1"),
        ("boxes.csv", "a.mp4,0,0,64,64,soon,1\n", "soon"),
        ("boxes.csv", "file,x,y,w,h\na.mp4,0,0,64,64\n", "the header is file,x,y,w,h"),
        ("boxes.csv", "a.mp4,nan,0,64,64\n", "row 1"), ("boxes.csv", "", "no box"),
        ("boxes.json", "{}", "no box"), ("boxes.json", #"{"a": 1}"#, "JSON object"),
        ("boxes.json", #"{"a": [1e9, 0, 10, 10]}"#, "file \"a\""),
        ("boxes.json", #"{"a": [{"box": [0, 0, 4, 4], "start": 3, "end": 3}]}"#, "file \"a\""),
    ])
    func aBadFileOfBoxesIsRefused(name: String, boxes: String, part: String) throws {
        let result = try ingest(boxes, as: name)
        #expect(result.status == 64 && result.errors.contains(part), "\(result.errors)")
        let missing = try Workspace.prepared.get().run(["ingest", "a.mp4", "--boxes", "no.csv"])
        #expect(missing.status == 64 && missing.errors.contains("no.csv"))
    }

    @Test func aFileWithoutABoxIsSaid() throws {
        let result = try ingest("other.mp4,0,0,64,64\n", as: "boxes.csv")
        #expect(result.status == 0 && result.errors.contains("it has no box"))
    }

    @Test func showSaysHowNearTheReconstructionIs() throws {
        let workspace = try Workspace.prepared.get()
        let shown = try workspace.expectSuccess("show", "figure00_motion00")
        #expect(shown.output.contains(": aligned; the pack's own 0.065, limit 0.17"))
        let json = try workspace.expectSuccess("show", "figure00_motion00", "--json").json()
        #expect((json as? [String: Any])?["reconstruction"] is Double)
    }

    @Test func calibratingChangesTheLimitAndNothingElse() throws {
        let workspace = try Workspace.copyOfPrepared()
        let few = try workspace.run(["pack", "calibrate"])
        #expect(few.status == 1 && few.errors.contains("at least 5"))
        let clips = ["figure02_motion02", "figure03_motion03", "figure04_motion04"]
        let paths = clips.map { Workspace.clip($0) }
        #expect(try workspace.run(["ingest"] + paths).status == 0)
        let before = try workspace.expectSuccess("pack", "list", "--json").json()
        let found = try workspace.expectSuccess("pack", "calibrate", "--json").json()
        let facts = try #require(found as? [String: Any])
        #expect(facts["clips"] as? Int == 5 && (facts["doubtful"] as? [Any])?.isEmpty == true)
        let own = try #require(facts["reconstruction"] as? [String: Double])
        let (median, limit) = (try #require(own["median"]), try #require(own["limit"]))
        #expect((0.04...0.12).contains(median) && limit >= 1.6 * median - 0.001)
        let after = try workspace.expectSuccess("pack", "list", "--json").json()
        func fingerprint(_ packs: Any) -> String? {
            (packs as? [[String: Any]])?.first?["fingerprint"] as? String
        }
        #expect(fingerprint(before) != nil && fingerprint(before) == fingerprint(after))
        #expect(try workspace.expectSuccess("pack", "verify").output == "paper-doll  sound\n")
        let shown = try workspace.expectSuccess("show", "figure00_motion00").output
        #expect(shown.contains("limit \(limit)"))
        let tagged = try workspace.run(["pack", "calibrate", "--tag", "doll"])
        #expect(tagged.status == 1, "two clips have the tag")
    }
}

import Foundation
import Testing

/// `vsdb duplicates`, as a user runs it.
struct DuplicatesCommandTests {
    /// The prepared library with a copy of one clip: the same file with two bytes more.
    private static let copied: Result<Workspace, any Error> = Result {
        let workspace = try Workspace.copyOfPrepared()
        let path = workspace.path("copy, of one.mp4")
        var bytes = try Data(contentsOf: URL(filePath: Workspace.clip("figure00_motion00")))
        bytes.append(contentsOf: [0, 0])
        try bytes.write(to: URL(filePath: path))
        try workspace.expectSuccess("ingest", path, "--name", "copy", "--tag", "a,b")
        return workspace
    }

    private struct Document: Decodable {
        struct Group: Decodable {
            struct Member: Decodable {
                let name: String
                let keep: Bool
            }
            let leastContent: Double?
            let leastMotion: Double?
            let clips: [Member]
        }
        let by: String
        let clips: Int
        let groups: [Group]
    }

    private func document(_ result: RunResult) throws -> Document {
        try JSONDecoder().decode(Document.self, from: Data(result.output.utf8))
    }

    @Test func aCopyIsFound() throws {
        let workspace = try Self.copied.get()
        let document = try document(try workspace.expectSuccess("duplicates", "--json"))
        #expect(document.clips == 3 && document.groups.count == 1 && document.by == "both")
        let group = try #require(document.groups.first)
        #expect(group.clips.map(\.name) == ["figure00_motion00", "copy"], "the first one is kept")
        #expect(group.clips.map(\.keep) == [true, false])
        #expect(try #require(group.leastMotion) > 0.999)
        let table = try workspace.expectSuccess("duplicates")
        #expect(table.output.hasPrefix("GROUP  KEEP  NAME"))
        #expect(table.errors == "1 group; 1 clip beside those to keep, of 3 clips\n")
    }

    @Test func tablesOfOtherPrograms() throws {
        let workspace = try Self.copied.get()
        let csv = try workspace.expectSuccess("duplicates", "--by", "content", "--format", "csv")
        let lines = csv.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("group,keep,name,id,least_content,least_motion,duration,tags"))
        #expect(lines[1].hasPrefix("1,keep,figure00_motion00,"))
        #expect(lines[2].hasPrefix("1,,copy,") && lines[2].contains(",\"a,b\","))
        #expect(lines[2].contains("copy, of one.mp4\""))
    }

    @Test func aSheetIsDrawn() throws {
        let workspace = try Self.copied.get()
        let drawn = try workspace.expectSuccess("duplicates", "--sheet", "copies.png")
        #expect(workspace.has("copies.png") && drawn.errors.contains("wrote copies.png"))
        let none = try workspace.expectSuccess("duplicates", "--tag", "doll", "--sheet", "none.png")
        #expect(!workspace.has("none.png") && none.errors.contains("no duplicates, of 2 clips"))
        for (name, reason) in [("a/b.png", "does not exist"), ("b.gif", ".png, .jpg")] {
            let refused = try workspace.run(["duplicates", "--sheet", name])
            #expect(refused.status == 1 && refused.errors.contains(reason), "\(refused.errors)")
            #expect(refused.output.isEmpty, "told before anything is compared")
        }
    }

    @Test func thereIsALittleOrNothingToCompare() throws {
        let workspace = try Self.copied.get()
        let one = try workspace.expectSuccess("duplicates", "--tag", "a")
        #expect(one.output.isEmpty && one.errors == "no duplicates, of 1 clip\n")
        let none = try workspace.expectSuccess("duplicates", "--where", "name = nobody")
        #expect(none.output.isEmpty && none.errors == "no clip of pack paper-doll fits\n")
        let empty = try Workspace()
        try empty.expectSuccess("init")
        #expect(try empty.run(["duplicates"]).errors.contains("vsdb pack add"))
        try empty.expectSuccess("pack", "add", Workspace.samples + "/packs/paper-doll")
        let nothing = try empty.expectSuccess("duplicates", "--json")
        #expect(try document(nothing).groups.isEmpty)
        #expect(nothing.errors.contains("vsdb ingest"))
    }

    @Test func aPackWithoutDynamicsIsComparedByContent() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        try workspace.makePack { manifest in
            for key in ["dynamics", "conditional"] { manifest[key] = nil }
        }
        try workspace.expectSuccess("pack", "add", "pack")
        let both = try workspace.expectSuccess("duplicates")
        #expect(both.errors.contains("compared by content alone"), "\(both.errors)")
        let motion = try workspace.run(["duplicates", "--by", "motion"])
        #expect(motion.status == 14 && motion.errors.contains("--by content"), "\(motion.errors)")
    }
}

import Foundation
import Testing

/// `vsdb map`, as a user runs it.
struct MapCommandTests {
    private struct Record: Decodable {
        let path: String
        let clips: Int
        let bytes: Int
        let pictures: Bool
        let seed: Int
    }

    private func record(_ result: RunResult) throws -> Record {
        try JSONDecoder().decode(Record.self, from: Data(result.output.utf8))
    }

    @Test func aPageIsWhole() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.expectSuccess(
            "caption",
            "figure00_motion00",
            "</script><b>\"sly\"</b> & co"
        )
        let made = try record(try workspace.expectSuccess("map", "--json", "-o", "a.html"))
        #expect(made.path == "a.html" && made.clips == 2 && made.pictures && made.seed == 1)
        let page = try String(contentsOfFile: workspace.path("a.html"), encoding: .utf8)
        #expect(page.utf8.count == made.bytes)
        #expect(page.hasPrefix("<!doctype html>") && page.hasSuffix("</html>\n"))
        #expect(page.contains("figure00_motion00") && page.contains("data:image/jpeg;base64,"))
        // Nothing is asked of a network, and no text of a clip is taken for HTML.
        #expect(page.contains("default-src 'none'"))
        #expect(!page.contains("http:") && !page.contains("https:"))
        #expect(page.components(separatedBy: "</script>").count == 3, "two programs' ends")
        #expect(page.contains(#"\u003c/script>\u003cb>\"sly\"\u003c/b> & co"#))
    }

    @Test func aPictureIsDrawn() throws {
        let workspace = try Workspace.copyOfPrepared()
        let drawn = try workspace.expectSuccess("map", "--by", "content", "-o", "map.png")
        #expect(drawn.output == "map.png\n" && drawn.errors.hasPrefix("2 clips by content, "))
        #expect(workspace.has("map.png"))
        let page = try workspace.expectSuccess("map", "--by", "look", "--tag", "doll")
        #expect(page.output == "map.html\n" && workspace.has("map.html"))
    }

    @Test func whatCannotBeDrawnLeavesNoFile() throws {
        let workspace = try Workspace.copyOfPrepared()
        let none = try workspace.run(["map", "--where", "name = nobody"])
        #expect(none.status == 1)
        #expect(none.errors == "vsdb: error: nothing to map: no clip of pack paper-doll fits\n")
        let folder = try workspace.run(["map", "-o", "a/map.html"])
        #expect(folder.status == 1 && folder.errors.contains("does not exist; make it first"))
        let wrong = try workspace.run(["map", "--where", "nome = x"])
        #expect(wrong.status == 64 && wrong.errors.contains("did you mean name?"))
        let unknown = try workspace.run(["map", "--collection", "reel"])
        #expect(unknown.status == 12, "\(unknown.errors)")
        #expect(try workspace.names().isEmpty)
        let empty = try Workspace()
        try empty.expectSuccess("init")
        try empty.expectSuccess("pack", "add", Workspace.samples + "/packs/paper-doll")
        let nothing = try empty.run(["map"])
        #expect(nothing.status == 1 && nothing.errors.contains("vsdb ingest"))
        #expect(!empty.has("map.html"))
    }

    @Test func aPackWithoutTheNetworkIsToldSo() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        try workspace.makePack { manifest in
            for key in ["dynamics", "conditional"] { manifest[key] = nil }
        }
        try workspace.expectSuccess("pack", "add", "pack")
        let motion = try workspace.run(["map"])
        #expect(motion.status == 14 && motion.errors.contains("--by content"), "\(motion.errors)")
    }
}

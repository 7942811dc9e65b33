import Foundation
import Media
import Testing

/// Files and clips under names that are hard on shells, tables, JSON, CSV and SQL.
struct NameTests {
    /// File names without their ending `.png`.
    private static let stems = [
        "walk@1s-2s", "-rf", "--json", "#3", "deadbeefdeadbeef", "a b  c", "line\nbreak",
        "tab\there",
        "\u{1B}[31mred\u{7}", "e\u{301}", "\u{E9}", "'; DROP TABLE clip; --",
        "\"quoted\", {json}: [1]",
        "%s%n%d%%", String(repeating: "n", count: 251), "日本語のビデオ", "🧑‍🎤", "\u{202E}gnp.exe", "NULL",
        "*",
        "$(false)`false`", "100%", "a\\b\\n", " ", "@", "carriage\rreturn", "\u{2028}line",
        "0", "-1",
        "=1+1", "clip,with;semicolons", "~", "file:x", "http:x",
    ]

    /// A library with a clip for each, besides two of the samples.
    private static let shared: Result<Workspace, any Error> = Result {
        let workspace = try Workspace.copyOfPrepared()
        try FileManager.default.createDirectory(
            atPath: workspace.path("pictures"),
            withIntermediateDirectories: true
        )
        for (index, stem) in stems.enumerated() {
            // Other pixels, other clips.
            let shade = UInt8(40 + 5 * index)
            let pixels = (0..<64 * 64).flatMap { place -> [UInt8] in
                [shade, UInt8(place % 251), UInt8(place / 64)]
            }
            let made = workspace.path("picture.png")
            try StillImage.write(RGBImage(width: 64, height: 64, pixels: pixels), to: made)
            guard rename(made, workspace.path("pictures/\(stem).png")) == 0 else {
                throw CocoaError(.fileWriteUnknown)
            }
        }
        return workspace
    }

    private func copy() throws -> Workspace {
        let source = try Self.shared.get()
        let copy = try Workspace()
        for name in [".vsdb", "pictures"] {
            try FileManager.default.copyItem(atPath: source.path(name), toPath: copy.path(name))
        }
        return copy
    }

    private func clips(_ workspace: Workspace) throws -> [[String: Any]] {
        let result = try workspace.expectSuccess("list", "--json")
        return try #require(try result.json() as? [[String: Any]])
    }

    /// Lines of a table: one for each row, and nothing in them that moves a cursor.
    private func expectTable(_ text: String, rows: Int, _ place: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == rows + 2 && lines.last == "", "\(place): \(lines.count) lines")
        let controls = text.unicodeScalars.filter { scalar in
            scalar != "\n"
                && [.control, .format, .lineSeparator, .paragraphSeparator]
                    .contains(scalar.properties.generalCategory)
                && scalar != "\u{200D}"
        }
        #expect(controls.isEmpty, "\(place): \(controls)")
    }

    @Test func everyFileNameBecomesAClipThatIsFoundByItsName() throws {
        let workspace = try copy()
        let lines = try workspace.expectSuccess("ingest", "pictures", "--json").jsonLines()
        let events = lines.compactMap { $0["clip"] as? [String: Any] }
        let paths = Set(events.compactMap { ($0["path"] as? String).map { Data($0.utf8) } })
        let ends = Self.stems.map { Data("/pictures/\($0).png".utf8) }
        for end in ends { #expect(paths.contains { $0.suffix(end.count) == end }) }

        let clips = try clips(workspace)
        #expect(clips.count == 2 + Self.stems.count)
        let names = try clips.map { try #require($0["name"] as? String) }
        #expect(Set(names.map { Array($0.utf8) }).count == names.count, "no two of one name")
        for (clip, name) in zip(clips, names) {
            let shown = try workspace.run(["show", "--json", "--", name])
            let found = try #require(try shown.json() as? [String: Any], "\(name): \(shown.errors)")
            #expect(found["id"] as? String == clip["id"] as? String, "\(name)")
            #expect(found["name"] as? String == name)
        }
        expectTable(try workspace.expectSuccess("list").output, rows: clips.count, "list")
        let known = try workspace.run(["ingest", "pictures"])
        #expect(known.status == 0 && known.errors.contains("\(Self.stems.count) known already"))
        expectTable("x\n" + known.output, rows: Self.stems.count, "ingest")
    }

    @Test func oneFileIsNamedInAnyWay() throws {
        let workspace = try copy()
        for stem in ["-rf", "--json", "line\nbreak", "walk@1s-2s", "e\u{301}", "file:x"] {
            let one = try workspace.run(["ingest", "--json", "--", "pictures/\(stem).png"])
            #expect(one.status == 0, "\(stem): \(one.errors)")
        }
        let missing = try workspace.run(["ingest", "no\u{1B}[2J\nsuch"])
        #expect(missing.status == 1)
        #expect(!missing.errors.contains("\u{1B}"))
        #expect(missing.errors.split(separator: "\n").count == 2, "\(missing.errors)")
    }

    @Test func bytesThatAreNoTextAreSkippedOrReported() throws {
        let workspace = try Workspace.copyOfPrepared()
        let result = try workspace.shell(
            """
            mkdir films; cp '\(Workspace.clip("figure02_motion02"))' films/good.mp4
            cp '\(Workspace.clip("figure03_motion03"))' $'films/bad\\xff\\xfe.mp4'
            "$vsdb" ingest films; echo "status $?"
            "$vsdb" ingest $'films/bad\\xff\\xfe.mp4'; echo "status $?"
            """
        )
        #expect(result.output.contains("added"), "\(result.errors)")
        // A name that is no text names no file that Swift can open, in a folder or alone.
        let statuses = result.output.split(separator: "\n").filter { $0.hasPrefix("status ") }
        #expect(statuses == ["status 3", "status 1"], "\(result.errors)")
        let refusals = result.errors.split(separator: "\n").filter { $0.contains("no such file") }
        #expect(refusals.count == 2, "\(result.errors)")
        let clips = try clips(workspace)
        #expect(clips.contains { $0["name"] as? String == "good" })
        expectTable(try workspace.expectSuccess("list").output, rows: clips.count, "list")
    }

    @Test func findingGivesNamesBackInEveryForm() throws {
        let workspace = try copy()
        try workspace.expectSuccess("ingest", "-q", "pictures")
        let names = Set(try clips(workspace).compactMap { $0["name"] as? String })
        // Accents make one character of themselves and the comma or quote before them.
        let caption = "a,\u{301}b\"\u{301}\nc"
        try workspace.expectSuccess("caption", "figure01_motion01", caption)
        let query = ["similar", "figure00_motion00", "--by", "look", "-k", "100"]
        let table = try workspace.run(query)
        #expect(table.status == 0, "\(table.errors)")
        expectTable(table.output, rows: names.count - 1, "similar")
        let csv = try workspace.run(query + ["--format", "csv"])
        let rows = try parseCSV(csv.output)
        let column = try #require(rows.first?.firstIndex(of: "name"), "\(csv.errors)")
        #expect(rows.count == names.count && rows.allSatisfy { $0.count == rows[0].count })
        let found = Set(rows.dropFirst().map { $0[column] })
        let captions = rows.map { Array(($0.dropFirst(8).first ?? "").utf8) }
        #expect(captions.contains(Array(caption.utf8)))
        #expect(found.isSubset(of: names) && found.count == names.count - 1)
        let json = try workspace.run(query + ["--json"])
        let text = json.output
        for name in found {
            let encoded = try JSONEncoder().encode(name)
            let quoted = String(decoding: encoded, as: UTF8.self).replacing("\\/", with: "/")
            #expect(text.contains(quoted), "\(quoted)")
        }
    }

    /// Reads RFC 4180: commas, quotes doubled in quotes, line ends.
    private func parseCSV(_ text: String) throws -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var cell = String.UnicodeScalarView()
        var isQuoted = false
        var rest = text.unicodeScalars[...]
        while let next = rest.popFirst() {
            switch next {
            case "\"" where isQuoted && rest.first == "\"":
                cell.append(next)
                rest.removeFirst()
            case "\"": isQuoted.toggle()
            case ",", "\n":
                guard !isQuoted else {
                    cell.append(next)
                    continue
                }
                row.append(String(cell))
                cell = String.UnicodeScalarView()
                if next == "\n" {
                    rows.append(row)
                    row = []
                }
            default: cell.append(next)
            }
        }
        #expect(!isQuoted && row.isEmpty && cell.isEmpty, "the text ends in the middle of a row")
        return rows
    }

    @Test(arguments: [
        "'; DROP TABLE clip; --", "\"q\" {} [] \\", "% _ * ?", "deadbeef", "#3", "日本語", "e\u{301}",
        "null",
        "walk-1s", "=cmd", "${HOME}", String(repeating: "é", count: 100),
    ])
    func clipsTagsAndCollectionsTakeAnyWord(name: String) throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.expectSuccess("rename", "--", "figure00_motion00", name)
        let composed = name.precomposedStringWithCanonicalMapping
        try workspace.expectSuccess("tag", "--", name, name)
        try workspace.expectSuccess("collection", "add", "--", name, name)
        try workspace.expectSuccess("caption", "--", name, name)
        for arguments in [
            ["list", "--tag=\(name)"], ["list", "--collection=\(name)"],
            ["list", "--name=\(name)"],
        ] {
            let result = try workspace.run(arguments + ["--json"])
            let clips = try #require(try result.json() as? [[String: Any]], "\(result.errors)")
            #expect(clips.map { $0["name"] as? String } == [composed], "\(arguments)")
            #expect(clips.first?["tags"] as? [String] == ["doll", name].sorted(), "\(arguments)")
            #expect(clips.first?["caption"] as? String == name)
        }
        try workspace.expectSuccess("collection", "remove", "--", name, name)
        try workspace.expectSuccess("untag", "--", name, name)
        try workspace.expectSuccess("remove", "--", name)
        #expect(try clips(workspace).count == 1)
        #expect(try workspace.expectSuccess("status").status == 0)
    }

    @Test(arguments: [
        "-rf", "a@1s", "a/b", "", " ", "line\nbreak", "\u{1B}[31m", ".hidden",
        String(repeating: "n", count: 201),
    ])
    func wrongNamesAreRefusedWithoutChange(name: String) throws {
        let workspace = try Workspace.copyOfPrepared()
        let result = try workspace.run(["rename", "--", "figure00_motion00", name])
        #expect(result.status == 64, "\(result.errors)")
        #expect(!result.errors.contains("\u{1B}"))
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        let names = try clips(workspace).compactMap { $0["name"] as? String }
        #expect(names.contains("figure00_motion00"))
    }

    @Test(arguments: [
        "-rf.gif", "line\nbreak.gif", "a b'\".gif", "日本語.gif", "%d.gif", "file:x.gif",
        "e\u{301}.gif",
        String(repeating: "n", count: 251) + ".gif", "%03d.png", "*.jpg",
    ])
    func filmsAreWrittenUnderAnyName(name: String) throws {
        let workspace = try Workspace.copyOfPrepared()
        let result = try workspace.run([
            "compose", "--content", "figure00_motion00", "--frames", "2", "--output=./\(name)",
        ])
        guard !name.hasSuffix(".jpg") else {
            #expect(result.status == 1, "\(result.errors)")
            return
        }
        #expect(result.status == 0, "\(result.errors)")
        let made = try FileManager.default.contentsOfDirectory(atPath: workspace.folder)
            .filter { $0 != ".vsdb" }
        // A pattern for pictures is one.
        let expected = name == "%03d.png" ? ["000.png", "001.png"] : [name]
        #expect(made.sorted().map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    }
}

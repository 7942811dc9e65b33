import Foundation
import Testing

/// `vsdb merge`, as a user calls it.
struct MergeCommandTests {
    private static let (zero, one, two) = (
        "figure00_motion00", "figure01_motion01", "figure02_motion02"
    )

    /// A workspace with the prepared library and another one, in which other content is called `figure00_motion00`.
    private func twoLibraries() throws -> Workspace {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.expectSuccess("init", "other")
        try workspace.expectSuccess(
            "pack",
            "add",
            Workspace.samples + "/packs/paper-doll",
            "--library",
            "other"
        )
        // The same content as here, with other words; and other content under a name of here.
        try workspace.expectSuccess(
            "ingest",
            Workspace.clip(Self.one),
            "--tag",
            "walk",
            "--library",
            "other"
        )
        try workspace.expectSuccess(
            "ingest",
            Workspace.clip(Self.two),
            "--name",
            Self.zero,
            "--caption",
            "another doll",
            "--library",
            "other"
        )
        try workspace.expectSuccess(
            "compose",
            "--content",
            Self.zero,
            "--motion",
            Self.one,
            "--save",
            "swap",
            "--library",
            "other"
        )
        try workspace.expectSuccess("collection", "add", "reel", Self.one, "--library", "other")
        return workspace
    }

    private func clips(_ workspace: Workspace) throws -> [String: [String: Any]] {
        let list = try workspace.expectSuccess("list", "--json")
        let clips = try #require(try list.json() as? [[String: Any]])
        return Dictionary(
            uniqueKeysWithValues: clips.compactMap { clip in
                (clip["name"] as? String).map { ($0, clip) }
            }
        )
    }

    @Test func anotherLibraryComesInOnce() throws {
        let workspace = try twoLibraries()
        let dry = try workspace.expectSuccess("merge", "other", "--dry-run")
        #expect(dry.output.contains("1 clip would be added, 1 known already"))
        #expect(try clips(workspace).count == 2, "a dry run writes nothing")

        let merged = try workspace.expectSuccess("merge", "other")
        #expect(merged.output.contains("1 clip added, 1 known already, 1 of them got tags"))
        #expect(merged.output.contains("1 composition, 1 collection"))
        #expect(merged.errors.contains("clip \(Self.zero) is called \(Self.zero)-2 here"))
        let all = try clips(workspace)
        #expect(Set(all.keys) == [Self.zero, Self.one, Self.zero + "-2"])
        #expect(all[Self.zero + "-2"]?["caption"] as? String == "another doll")
        #expect(all[Self.one]?["tags"] as? [String] == ["doll", "walk"])
        #expect(all[Self.one]?["caption"] as? String == "a doll, moving", "a caption here stays")

        // By the codes that came along, the other library's film.
        for library in [".vsdb", "other"] {
            try workspace.expectSuccess(
                "render",
                "swap",
                "-o",
                "\(library.filter(\.isLetter)).mkv",
                "--library",
                library
            )
        }
        let films = ["vsdb.mkv", "other.mkv"].map {
            FileManager.default.contents(atPath: workspace.path($0))
        }
        #expect(films[0] != nil && films[0] == films[1])
        try workspace.expectSuccess("check", "--read-data")

        let again = try workspace.expectSuccess("merge", "other", "--json")
        let line = try #require(try again.jsonLines().first)
        #expect(line["added"] as? Int == 0 && line["known"] as? Int == 2)
        #expect(line["labelled"] as? Int == 0 && line["knownCompositions"] as? Int == 1)
        #expect(try clips(workspace).count == 3)
        // What came in can be found.
        let found = try workspace.expectSuccess("similar", Self.zero + "-2", "-k", "3", "--json")
        #expect(found.output.contains(Self.one))
    }

    @Test func clipsOfAnotherPackAreRefusedOrBringIt() throws {
        let workspace = try twoLibraries()
        try workspace.makePack { $0["clip"] = nil }
        try workspace.expectSuccess("init", "third")
        try workspace.expectSuccess("pack", "add", "pack", "--library", "third")
        try workspace.expectSuccess("ingest", Workspace.clip(Self.two), "--library", "third")
        let refused = try workspace.run(["merge", "other", "third"])
        #expect(refused.status == 12)
        #expect(refused.errors.contains("its own \"paper-doll\" is another one"))
        #expect(refused.errors.contains("--with-packs"))
        #expect(try clips(workspace).count == 2, "nothing of the first one came in either")

        let merged = try workspace.expectSuccess("merge", "third", "--with-packs")
        #expect(merged.output.contains("1 clip added, 1 pack"))
        #expect(merged.errors.contains("pack paper-doll is called paper-doll-2 here"))
        try workspace.expectSuccess("check", "--read-data")
    }

    @Test func damageIsRefusedWithItsPlace() throws {
        let workspace = try twoLibraries()
        let data = URL(filePath: workspace.path("other/tensors.lmdb/data.mdb"))
        var bytes = try Data(contentsOf: data)
        // Every page full of numbers: found by the checksums, not by the form of the file.
        for page in stride(from: 0, to: bytes.count, by: 4096) {
            let range = page..<min(page + 4096, bytes.count)
            guard bytes[range].count(where: { $0 != 0 }) > 1_500 else { continue }
            for offset in range.dropFirst(64) { bytes[offset] ^= 0x55 }
        }
        try bytes.write(to: data)
        let result = try workspace.run(["merge", "other"])
        #expect(result.status == 15, "\(result.errors)")
        #expect(result.errors.contains("other"))
        try workspace.expectSuccess("check", "--read-data")
    }

    @Test(arguments: [(".", 1, "this library itself"), ("nowhere", 10, "nowhere")])
    func whatCannotBeMergedIsRefused(_ place: String, _ status: Int32, _ words: String) throws {
        let workspace = try Workspace.copyOfPrepared()
        let result = try workspace.run(["merge", place])
        #expect(result.status == status && result.errors.contains(words), "\(result.errors)")
    }

    /// A copy made by hand is a library with the same UUID; there is nothing new in it.
    @Test func aCopyOfTheLibraryAddsNothing() throws {
        let workspace = try Workspace.copyOfPrepared()
        try FileManager.default.copyItem(
            atPath: workspace.path(".vsdb"),
            toPath: workspace.path("copy")
        )
        let merged = try workspace.expectSuccess("merge", "copy")
        #expect(merged.output.contains("0 clips added, 2 known already"))
    }
}

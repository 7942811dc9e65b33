import Foundation
import Testing

/// `vsdb export` and `vsdb import`, as a user calls them.
struct BundleCommandTests {
    private static let (zero, one) = ("figure00_motion00", "figure01_motion01")

    private func clips(_ workspace: Workspace, library: String = ".vsdb") throws -> [[String: Any]]
    {
        let list = try workspace.expectSuccess("list", "--json", "--library", library)
        return try #require(try list.json() as? [[String: Any]])
    }

    @Test func aLibraryMovesToAnother() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.expectSuccess("collection", "add", "reel", Self.one, Self.zero)
        try workspace.expectSuccess(
            "compose",
            "--content",
            Self.zero,
            "--motion",
            Self.one,
            "--save",
            "swap"
        )
        try workspace.expectSuccess("render", "swap", "-o", "one.mkv", "--size", "16")
        let export = try workspace.expectSuccess("export", "-o", "all.vsdbundle", "--with-packs")
        #expect(export.output.hasSuffix("/all.vsdbundle\n"))
        #expect(export.errors.hasPrefix("2 clips, 12 tensors, "))
        #expect(export.errors.hasSuffix("1 composition, 1 collection, with pack paper-doll\n"))

        try workspace.expectSuccess("init", "other")
        let dry = try workspace.expectSuccess(
            "import",
            "all.vsdbundle",
            "--dry-run",
            "--library",
            "other"
        )
        #expect(
            dry.output
                == "all.vsdbundle: 2 clips would be added, 1 pack, 1 composition, 1 collection\n"
        )
        #expect(try clips(workspace, library: "other").isEmpty)
        let done = try workspace.expectSuccess("import", "all.vsdbundle", "--library", "other")
        #expect(
            done.output == "all.vsdbundle: 2 clips added, 1 pack, 1 composition, 1 collection\n"
        )
        #expect(done.errors.isEmpty)
        let again = try workspace.expectSuccess(
            "import",
            "all.vsdbundle",
            "--library",
            "other",
            "--json"
        )
        let line = try #require(try again.jsonLines().first)
        #expect(line["added"] as? Int == 0 && line["known"] as? Int == 2)
        // The same frames, by the codes that came along.
        try workspace.expectSuccess(
            "render",
            "swap",
            "-o",
            "two.mkv",
            "--size",
            "16",
            "--library",
            "other"
        )
        #expect(
            try Data(contentsOf: URL(filePath: workspace.path("one.mkv")))
                == (try Data(contentsOf: URL(filePath: workspace.path("two.mkv"))))
        )
        let similar = try workspace.expectSuccess("similar", Self.zero, "--library", "other")
        #expect(similar.output.contains(Self.one))
    }

    @Test func clipsAreChosenAsElsewhere() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.expectSuccess("tag", "walk", Self.one)
        try workspace.expectSuccess("collection", "add", "a", Self.zero)
        try workspace.expectSuccess("collection", "add", "b", Self.one)
        func count(_ arguments: String...) throws -> Int? {
            let name = "x.vsdbundle"
            defer { try? FileManager.default.removeItem(atPath: workspace.path(name)) }
            let result = try workspace.run(["export", "-o", name, "--json"] + arguments)
            #expect(result.status == 0, "\(result.errors)")
            return (try result.json() as? [String: Any])?["clips"] as? Int
        }
        #expect(try count() == 2)
        #expect(try count(Self.zero) == 1)
        #expect(try count("--tag", "walk") == 1)
        #expect(try count("--filter", "name starts figure0") == 2)
        #expect(try count("--collection", "a", "--collection", "b") == 2)
        #expect(try count("--collection", "a", "--collection", "b", "--tag", "walk") == 1)
        for (arguments, status) in [
            (["nobody"], 12), (["--collection", "c"], 12), (["--tag", "jump"], 1),
        ] {
            let result = try workspace.run(["export", "-o", "y.vsdbundle"] + arguments)
            #expect(result.status == Int32(status), "\(result.errors)")
        }
        #expect(try workspace.names().isEmpty)
    }

    /// Weights often lie on a disk where nobody may change them, and copies take their rights along.
    @Test func packsThatMayOnlyBeReadComeAlong() throws {
        let workspace = try Workspace.copyOfPrepared()
        let folder = workspace.path(".vsdb/packs/paper-doll")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            #expect(chmod(folder + "/" + name, 0o444) == 0)
        }
        // Root may write everywhere, unless that right is taken away.
        let user =
            geteuid() == 0 ? "setpriv --bounding-set -dac_override --inh-caps -dac_override" : ""
        let export = try workspace.shell(
            user + " \"$vsdb\" export -o all.vsdbundle --with-packs"
        )
        #expect(export.status == 0, "\(export.errors)")
        try workspace.expectSuccess("init", "other")
        let done = try workspace.shell(
            user + " \"$vsdb\" import all.vsdbundle --library other"
        )
        #expect(done.status == 0, "\(done.errors)")
        try Data().write(to: URL(filePath: workspace.path("other/packs/paper-doll/pack.json")))
        let repair = try workspace.shell(
            user + " \"$vsdb\" pack add all.vsdbundle/packs/paper-doll --library other"
        )
        #expect(repair.status == 0, "\(repair.errors)")
    }

    @Test func whatGoesWrongIsSaid() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.expectSuccess("export", "-o", "all.vsdbundle")
        let taken = try workspace.run(["export", "-o", "all.vsdbundle"])
        #expect(taken.status == 1 && taken.errors.contains("choose another name with -o"))
        let names = try workspace.run(["export", "-o", "x.vsdbundle", "nobody", "noone"])
        #expect(names.status == 12)
        #expect(names.errors.contains("nobody") && names.errors.contains("noone"))
        let nowhere = try workspace.run(["export", "-o", "no/where"])
        #expect(nowhere.status == 1 && !nowhere.errors.contains("bug"))
        let none = try workspace.run(["import", "nothing"])
        #expect(none.status == 1 && none.errors.contains("vsdb export"))
        try workspace.expectSuccess("init", "other")
        let pack = try workspace.run(["import", "all.vsdbundle", "--library", "other"])
        #expect(pack.status == 12 && pack.errors.contains("--with-packs"))
        let file = URL(filePath: workspace.path("all.vsdbundle/clips-0000.jsonl"))
        try Data(contentsOf: file).dropLast(9).write(to: file)
        let cut = try workspace.run(["import", "all.vsdbundle"])
        #expect(cut.status == 15)
        #expect(cut.errors.contains("clips-0000.jsonl") && cut.errors.contains("cut off"))
    }
}

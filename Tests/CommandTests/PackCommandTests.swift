import Foundation
import Testing

/// Adding packs, good and bad.
struct PackCommandTests {
    @Test func theShippedPackIsListedShownAndSound() throws {
        let workspace = try Workspace.prepared.get()
        let list = try workspace.expectSuccess("pack", "list", "--json").json()
        let pack = try #require((list as? [[String: Any]])?.first)
        #expect(pack["name"] as? String == "paper-doll" && pack["isDefault"] as? Bool == true)
        #expect(pack["grid"] as? [Int] == [8, 8])
        #expect(try workspace.expectSuccess("pack", "show").output.contains("right-arm"))
        #expect(try workspace.expectSuccess("pack", "verify").output == "paper-doll  sound\n")
    }

    @Test func aPackIsAddedOnce() throws {
        let workspace = try Workspace.copyOfPrepared()
        let again = try workspace.run(
            ["pack", "add", Workspace.samples + "/packs/paper-doll", "--name", "twin", "--json"]
        )
        let facts = try #require(try again.json() as? [String: Any])
        #expect(facts["isNew"] as? Bool == false && facts["name"] as? String == "paper-doll")
    }

    @Test func changedWeightsAreRefused() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        try workspace.makePack { _ in }
        let weights = URL(filePath: workspace.path("pack/vidstyleode.safetensors"))
        var data = try Data(contentsOf: weights)
        data[data.count - 1] ^= 1
        try data.write(to: weights)
        let result = try workspace.run(["pack", "add", "pack"])
        #expect(result.status == 13, "\(result.errors)")
        #expect(result.errors.contains("vidstyleode.safetensors"))
        #expect(try workspace.expectSuccess("pack", "list", "--json").json() as? [Any] != nil)
        let left = try FileManager.default.contentsOfDirectory(
            atPath: workspace.path(".vsdb/packs")
        )
        #expect(left.isEmpty, "nothing of it is left")
    }

    @Test func anUnknownKeyIsDamage() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        try workspace.makePack { $0["frobnication"] = 1 }
        let result = try workspace.run(["pack", "add", "pack"])
        #expect(result.status == 15 && result.errors.contains("frobnication"))
    }

    @Test func aFolderWithoutAManifestIsNoPack() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        let result = try workspace.run(["pack", "add", workspace.folder])
        #expect(result.status == 1 && result.errors.contains("pack.json"))
    }

    @Test func aPackWithoutCLIPMakesNoTextEdits() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.makePack { $0["clip"] = nil }
        try workspace.expectSuccess("pack", "add", "pack", "--name", "mute")
        try workspace.expectSuccess(
            "ingest",
            Workspace.clip("figure02_motion02"),
            "--pack",
            "mute",
            "--name",
            "quiet"
        )
        let result = try workspace.run(
            ["compose", "--content", "quiet", "--from", "red", "--to", "blue"]
        )
        #expect(result.status == 14 && result.errors.contains("CLIP"), "\(result.errors)")
        let mixed = try workspace.run([
            "compose", "--content", "quiet", "--motion", "figure00_motion00",
        ])
        #expect(mixed.status != 0 && mixed.errors.contains("mute"), "two packs do not fit together")
    }

    /// Flips the last bit of a file.
    private func damage(_ path: String) throws {
        var data = try Data(contentsOf: URL(filePath: path))
        data[data.count - 1] ^= 1
        try data.write(to: URL(filePath: path))
    }

    @Test func aDamagedPackOfTheLibraryIsRepairedByAddingItAgain() throws {
        let workspace = try Workspace.copyOfPrepared()
        let folder = workspace.path(".vsdb/packs/paper-doll")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let weights = try #require(names.filter { $0.hasSuffix(".safetensors") }.first)
        try damage(folder + "/" + weights)
        let lost = try #require(names.last { $0 != weights && $0 != "pack.json" })
        try FileManager.default.removeItem(atPath: folder + "/" + lost)
        #expect(try workspace.run(["pack", "verify"]).status == 13)
        let add = ["pack", "add", Workspace.samples + "/packs/paper-doll"]
        let mended = try workspace.run(add)
        #expect(mended.status == 0 && mended.errors.contains("repaired"), "\(mended.errors)")
        #expect(mended.errors.contains(weights) && mended.errors.contains(lost))
        #expect(try workspace.expectSuccess("pack", "verify").output == "paper-doll  sound\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == names)
        let again = try workspace.run(add)
        #expect(!again.errors.contains("repaired") && again.errors.contains("had it already"))
        try FileManager.default.removeItem(atPath: folder + "/pack.json")
        let facts = try workspace.run(add + ["--json"]).json() as? [String: Any]
        #expect(facts?["repaired"] as? [String] == ["pack.json"])
        #expect(try workspace.expectSuccess("pack", "verify").output == "paper-doll  sound\n")
    }

    @Test func aFolderIsVerifiedWithoutALibrary() throws {
        let workspace = try Workspace()
        try workspace.makePack { _ in }
        #expect(try workspace.expectSuccess("pack", "verify", "pack").output == "pack  sound\n")
        #expect(try workspace.run(["pack", "verify", "nowhere"]).status == 10)
        try damage(workspace.path("pack/vidstyleode.safetensors"))
        let result = try workspace.run(["pack", "verify", "./pack"])
        #expect(result.status == 13 && result.output == "./pack  not sound\n")
        #expect(result.errors.contains("vidstyleode.safetensors"), "\(result.errors)")
        try workspace.expectSuccess("init")
        #expect(try workspace.run(["pack", "verify", "pack"]).status == 13)
        let unknown = try workspace.run(["pack", "verify", "nowhere"])
        #expect(unknown.status == 12, "\(unknown.errors)")
    }
}

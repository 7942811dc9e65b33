import Foundation
import Testing

/// Keeping a library: what a new user of check, repair, backup, compact and gc meets.
struct CareCommandTests {
    private func mode(_ path: String) throws -> Int? {
        let facts = try FileManager.default.attributesOfItem(atPath: path)
        return (facts[.posixPermissions] as? NSNumber)?.intValue
    }

    @Test func initFillsTheWorkingDirectory() throws {
        let workspace = try Workspace()
        #expect(mkdir(workspace.path("films"), 0o700) == 0)
        let running = try RunningCommand(
            ["init", "."],
            in: workspace.path("films"),
            input: "",
            environment: [:]
        )
        #expect(try running.finish().status == 0)
        #expect(try mode(workspace.path("films")) == 0o700)
        try workspace.expectSuccess("status", "--library", "films")
    }

    @Test func aLostLogIsSaidByEveryCommandUntilTheRepair() throws {
        let workspace = try Workspace.copyOfPrepared()
        // As if a log with two more commits had been deleted.
        let path = workspace.path(".vsdb/catalog.commits")
        let note = try String(contentsOfFile: path, encoding: .utf8)
        let count = try #require(Int(note.split(separator: " ")[1]))
        try workspace.expectSuccess("tag", "one", "figure00_motion00")
        try workspace.expectSuccess("tag", "two", "figure00_motion00")
        let later = try String(contentsOfFile: path, encoding: .utf8)
        #expect(try #require(Int(later.split(separator: " ")[1])) == count + 2)
        let before = try Workspace.copyOfPrepared()
        let building = "built from the library"
        #expect(try !before.expectSuccess("similar", "figure00_motion00").errors.contains(building))
        try later.write(
            toFile: before.path(".vsdb/catalog.commits"),
            atomically: false,
            encoding: .utf8
        )
        let similar = try before.expectSuccess("similar", "figure00_motion00")
        #expect(
            similar.errors.contains(building),
            "an index of before knows the numbers that are lost"
        )
        let other = try Workspace.copyOfPrepared()
        for (workspace, arguments) in [
            (before, ["list"]), (before, ["status"]), (before, ["list", "-q"]),
            (before, ["compact", "-q"]), (before, ["migrate", "-q"]),
            (other, ["merge", before.folder, "-q"]), (before, ["remove", "figure01_motion01"]),
        ] {
            let result = try workspace.run(arguments)
            #expect(result.status == 0)
            #expect(result.errors.contains("2 changes") && result.errors.contains("vsdb repair"))
        }
        #expect(try before.run(["gc"]).status == 15, "what is lost is not deleted")
        #expect(try before.run(["check"]).status == 15)
        try before.expectSuccess("repair")
        let list = try before.expectSuccess("list")
        #expect(list.errors.isEmpty)
        #expect(!list.output.contains("figure01_motion01"), "it was removed, and that is noted")
        try before.expectSuccess("repair", "--restore-removed")
        #expect(try before.expectSuccess("list").output.contains("figure01_motion01"))
    }

    @Test func aShortWeightFileIsNoticedWithoutReadingIt() throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.expectSuccess("check")
        let file = workspace.path(".vsdb/packs/paper-doll/encoder.safetensors")
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber
        )
        #expect(truncate(file, off_t(size.intValue - 4)) == 0)
        let result = try workspace.run(["check"])
        #expect(result.status == 15)
        #expect(result.output.contains("encoder.safetensors"), "\(result.output)")
    }

    @Test func theAdviceForAnotherLibraryNamesIt() throws {
        let workspace = try Workspace.copyOfPrepared()
        let other = try Workspace.copyOfPrepared()
        #expect(truncate(other.path(".vsdb/catalog.sqlite"), 0) == 0)
        let result = try workspace.run(["merge", other.folder])
        #expect(result.status == 15)
        #expect(result.errors.contains("it is the other library: --library"), "\(result.errors)")
    }

    @Test func aLibraryDoesNotGoIntoALibrary() throws {
        let workspace = try Workspace.copyOfPrepared()
        for place in [".vsdb/inner", ".vsdb/packs/inner"] {
            let result = try workspace.run(["init", place])
            #expect(result.status == 64 && result.errors.contains("inside of the library"))
            #expect(!workspace.has(place))
        }
        try workspace.expectSuccess("init", "beside")
    }

    @Test func placesOfBundlesThatAreNotThereAreNamed() throws {
        let workspace = try Workspace.copyOfPrepared()
        let made = try workspace.run(["export", "-o", "nowhere/bundle"])
        #expect(made.status == 1 && made.errors.contains("there is no folder"), "\(made.errors)")
        #expect(!made.errors.contains("partial"))
        let taken = try workspace.run(["import", "nowhere"])
        #expect(taken.status == 1 && taken.errors.contains("nothing is there"))
    }

    @Test func aDryRunOfARepairTellsOfPacksWhateverElseIsMended() throws {
        let workspace = try Workspace.copyOfPrepared()
        let file = workspace.path(".vsdb/packs/paper-doll/encoder.safetensors")
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.removeItem(atPath: workspace.path(".vsdb/library.json"))
        let dry = try workspace.run(["repair", "--dry-run", "--library", ".vsdb"])
        let wet = try workspace.run(["repair", "--library", ".vsdb"])
        for result in [dry, wet] {
            #expect(result.status == 15)
            #expect(result.output.contains("wrote library.json anew"))
            #expect(result.errors.contains(".vsdb/packs/paper-doll/encoder.safetensors"))
        }
        #expect(!dry.errors.contains(".vsdb-new-"), "\(dry.errors)")
    }

    @Test func aBundleDoesNotGoIntoTheLibrary() throws {
        let workspace = try Workspace.copyOfPrepared()
        try FileManager.default.createSymbolicLink(
            atPath: workspace.path("link"),
            withDestinationPath: workspace.path(".vsdb")
        )
        for place in [".vsdb/bundle", ".vsdb/packs/bundle", "link/bundle"] {
            let result = try workspace.run(["export", "-o", place])
            #expect(result.status == 64 && result.errors.contains("inside of the library"))
            #expect(!workspace.has(place))
        }
    }

    @Test func quietCommandsSayNothingOfWhatTheyDid() throws {
        let workspace = try Workspace.copyOfPrepared()
        for arguments in [
            ["init", "other"], ["tag", "x", "figure00_motion00"],
            ["rename", "figure00_motion00", "anna"], ["remove", "figure01_motion01"], ["gc"],
            ["compact"], ["check"], ["repair"], ["backup", "copy"], ["export", "-o", "bundle"],
            ["migrate"], ["index", "rebuild"],
        ] {
            let result = try workspace.run(arguments + ["-q"])
            #expect(result.status == 0, "\(arguments): \(result.errors)")
            #expect(result.output.isEmpty && result.errors.isEmpty, "\(arguments)")
        }
        #expect(try workspace.expectSuccess("list", "-q").output.contains("anna"), "asked for")
        #expect(try !workspace.expectSuccess("gc", "--dry-run", "-q").output.isEmpty)
        let failing = try workspace.run(["remove", "nobody", "-q"])
        #expect(failing.status == 12 && !failing.errors.isEmpty)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aStoppedBackupLeavesNoDraft(number: Int32) throws {
        let workspace = try Workspace.copyOfPrepared()
        let large = workspace.path(".vsdb/packs/paper-doll/notes.bin")
        #expect(FileManager.default.createFile(atPath: large, contents: nil))
        #expect(truncate(large, 6 << 30) == 0, "a hole takes time to read and no room")
        let running = try workspace.start(["backup", "copy"])
        while running.isRunning,
            try !FileManager.default.contentsOfDirectory(atPath: workspace.folder)
                .contains(where: { $0.hasPrefix(".vsdb-new-") })
        {
            usleep(1000)
        }
        running.send(number)
        let result = try running.finish()
        #expect(result.status == 128 + number, "\(result.errors)")
        #expect(result.errors.contains("nothing half-done"))
        let left = try FileManager.default.contentsOfDirectory(atPath: workspace.folder)
        #expect(left == [".vsdb"])
    }

    @Test func aCompactionThatWaitsCanBeStopped() throws {
        let workspace = try Workspace.copyOfPrepared()
        let file = open(workspace.path(".vsdb/library.json"), O_RDONLY)
        defer { close(file) }
        #expect(flock(file, LOCK_SH) == 0)
        let running = try workspace.start(["compact", "--wait", "100"])
        usleep(500_000)
        running.send(SIGINT)
        let result = try running.finish()
        #expect(result.status == 130)
        #expect(result.errors.contains("interrupted"), "\(result.errors)")
    }

    @Test func aDryRunOfARepairSaysWhatItWouldDo() throws {
        let workspace = try Workspace.copyOfPrepared()
        try FileManager.default.removeItem(atPath: workspace.path(".vsdb/library.json"))
        let result = try workspace.run(["repair", "--dry-run"])
        #expect(result.status == 0 && result.output.contains("library.json"), "\(result)")
        #expect(!workspace.has(".vsdb/library.json") && !workspace.has(".vsdb/quarantine"))
        let json = try workspace.expectSuccess("repair", "--dry-run", "--json").json()
        #expect((json as? [String: Any])?["dryRun"] as? Bool == true)
        try workspace.expectSuccess("repair")
        #expect(workspace.has(".vsdb/library.json"))
    }

    @Test func aLongNameMovesItsOwnRowOnly() throws {
        let workspace = try Workspace.copyOfPrepared()
        let long = String(repeating: "n", count: 190)
        try workspace.expectSuccess("rename", "figure00_motion00", long)
        let lines = try workspace.expectSuccess("list").output.split(separator: "\n")
        #expect(lines.contains { $0.contains(long) }, "whole, as it may be read by a program")
        let others = lines.filter { !$0.contains(long) }
        #expect(others.count == 2 && others.allSatisfy { $0.count < 140 }, "\(others)")
    }
}

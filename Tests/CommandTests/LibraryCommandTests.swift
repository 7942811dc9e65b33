import Foundation
import Testing

/// Making, finding and describing a library.
struct LibraryCommandTests {
    @Test func initMakesTheHiddenLibraryAndPrintsWhere() throws {
        let workspace = try Workspace()
        let result = try workspace.expectSuccess("init")
        #expect(result.output.hasSuffix("/.vsdb\n"))
        #expect(workspace.has(".vsdb/library.json"))
        let again = try workspace.run(["init"])
        #expect(again.status == 1 && again.errors.contains("exists already"))
    }

    @Test func theLibraryIsFoundUpwardByFlagAndByVariable() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init", "films")
        let variable = try workspace.run(["status"], environment: ["VSDB_LIBRARY": "films"])
        #expect(variable.status == 0 && variable.output.contains("/films"))
        try workspace.expectSuccess("status", "--library", "films")
        try workspace.expectSuccess("init", "--library", "other")
        let third = try workspace.run(["init"], environment: ["VSDB_LIBRARY": "third"])
        #expect(third.status == 0 && third.output.hasSuffix("third\n"))
        let both = try workspace.run(
            ["status", "--library", "other"],
            environment: ["VSDB_LIBRARY": "films"]
        )
        #expect(both.output.contains("/other"), "the flag wins over the variable")
        let lower = workspace.path("films/packs")
        let upward = try RunningCommand(["status"], in: lower, input: "", environment: [:]).finish()
        #expect(upward.status == 0, "found from a folder inside")
    }

    @Test func withoutALibraryTheCodeIsTen() throws {
        let workspace = try Workspace()
        for arguments in [
            ["list"], ["status"], ["pack", "list"], ["show", "a"], ["remove", "a"],
            ["tag", "x", "a"], ["collection", "list"], ["recipes"], ["diff", "a", "b"],
            ["export", "-o", "b"], ["import", "b"],
        ] {
            let result = try workspace.run(arguments + ["--library", "nowhere"])
            #expect(result.status == 10)
            #expect(result.errors.contains("vsdb init"))
        }
    }

    @Test func anEmptyLibraryListsNothing() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        let list = try workspace.expectSuccess("list")
        #expect(list.output.isEmpty && list.errors.contains("vsdb ingest"))
        let quiet = try workspace.expectSuccess("list", "-q")
        #expect(quiet.output.isEmpty && quiet.errors.isEmpty)
        let json = try workspace.expectSuccess("list", "--json").json()
        #expect((json as? [Any])?.isEmpty == true)
    }

    @Test func aNewerLibraryIsRefused() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        let path = URL(filePath: workspace.path(".vsdb/library.json"))
        var manifest = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any]
        )
        let version = try #require(manifest.first { $0.value is Int })
        manifest[version.key] = 999
        try JSONSerialization.data(withJSONObject: manifest).write(to: path)
        let result = try workspace.run(["status"])
        #expect(result.status == 15, "as the help says of formats that are not supported")
        #expect(result.errors.contains("newer"), "\(result.errors)")
    }

    @Test func damageHasItsOwnCode() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        try workspace.write("not a catalogue", to: ".vsdb/catalog.sqlite")
        let result = try workspace.run(["list"])
        #expect(result.status == 15, "\(result.errors)")
    }

    @Test func statusCountsAsJSON() throws {
        let status = try Workspace.prepared.get().expectSuccess("status", "--json").json()
        let facts = try #require(status as? [String: Any])
        #expect(facts["clips"] as? Int == 2)
        #expect(facts["defaultPack"] as? String == "paper-doll")
    }

    @Test func aFullDiskBehindStandardOutputIsAnError() throws {
        let workspace = try Workspace.prepared.get()
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        let program = try RunningCommand.program.path
        process.arguments = ["-c", "'\(program)' list > /dev/full"]
        process.currentDirectoryURL = URL(filePath: workspace.folder)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
    }

    @Test func aReaderThatLeavesIsNoError() throws {
        let workspace = try Workspace.prepared.get()
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(filePath: "/bin/sh")
        let program = try RunningCommand.program.path
        process.arguments = ["-c", "{ sleep 0.2; '\(program)' list --json; echo $? >&2; } | true"]
        process.currentDirectoryURL = URL(filePath: workspace.folder)
        process.standardError = errors
        try process.run()
        process.waitUntilExit()
        let text = String(
            decoding: errors.fileHandleForReading.readDataToEndOfFile(),
            as: UTF8.self
        )
        #expect(text == "0\n")
    }
}

import Testing

/// The help texts, as they are read.
struct HelpTests {
    static let commands = [
        [], ["init"], ["pack"], ["pack", "add"], ["pack", "create"], ["pack", "list"],
        ["pack", "show"], ["pack", "verify"], ["pack", "calibrate"], ["weights"],
        ["weights", "inspect"],
        ["weights", "verify"], ["ingest"], ["sample"], ["similar"], ["search"], ["index"],
        ["index", "status"], ["index", "rebuild"], ["duplicates"], ["map"], ["eval"],
        ["list"], ["show"], ["tag"],
        ["untag"], ["caption"], ["rename"], ["collection"], ["collection", "add"],
        ["collection", "remove"], ["collection", "list"], ["collection", "delete"], ["compose"],
        ["render"], ["recipes"], ["diff"], ["remove"], ["export"], ["import"], ["status"],
    ]

    @Test(arguments: commands)
    func everyHelpHasAnExampleAndTheExitCodes(command: [String]) throws {
        let help = try Workspace().run(command + ["--help"])
        #expect(help.status == 0)
        #expect(help.errors.isEmpty)
        let lines = help.output.split(separator: "\n", omittingEmptySubsequences: false)
        let example = (["  vsdb"] + command).joined(separator: " ")
        #expect(lines.contains { $0.hasPrefix(example) }, "no example of \(command)")
        let codes = lines.drop { $0 != "EXIT CODES:" }.dropFirst()
            .compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
        #expect(codes == [0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 64, 130, 143])
        for line in lines { #expect(line.count <= 80, "too wide: \(line)") }
    }

    @Test func helpOfACommandIsTheSameBothWays() throws {
        let workspace = try Workspace()
        let asked = try workspace.run(["help", "compose"]).output
        #expect(asked == (try workspace.run(["compose", "--help"]).output))
    }

    @Test func theVersionIsPrinted() throws {
        let version = try Workspace().run(["--version"])
        #expect(version.status == 0 && version.output == "vsdb 0.1.0\n")
    }

    @Test func completionsAreGenerated() throws {
        let script = try Workspace().run(["--generate-completion-script", "bash"])
        #expect(script.status == 0 && script.output.contains("compose"))
        #expect(!script.output.contains("EXIT CODES"))
    }
}

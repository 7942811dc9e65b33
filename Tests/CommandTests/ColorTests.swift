import Testing

/// Colours and what switches them off.
struct ColorTests {
    private static let escape = "\u{1B}["

    @Test func offATerminalThereIsNone() throws {
        let result = try Workspace().run(["list", "--library", "nowhere"])
        #expect(result.errors.hasPrefix("vsdb: error: "))
        #expect(!result.errors.contains(Self.escape))
    }

    @Test func alwaysMeansAlways() throws {
        let result = try Workspace().run(
            ["list", "--library", "nowhere", "--color", "always"],
            environment: ["NO_COLOR": "1"]
        )
        #expect(result.errors.hasPrefix("vsdb: \(Self.escape)31;1merror:"))
    }

    @Test func neverMeansNever() throws {
        let list = try Workspace.prepared.get().expectSuccess("list", "--color", "never")
        #expect(!list.output.contains(Self.escape))
    }
}

import Testing

/// Which libraries a process opens, as the system's loader tells: libav alone brings 130, and 25 ms.
struct LoadedLibrariesTests {
    private static let rare = ["libav", "libsw", "libcairo", "libdnnl"]

    /// The names of the libraries that a command had to open.
    private func opened(_ arguments: String...) throws -> [String] {
        let workspace = try Workspace.prepared.get()
        let result = try workspace.run(arguments, environment: ["LD_DEBUG": "files"])
        #expect(result.status == 0, "\(arguments)")
        let lines = result.errors.split(separator: "\n")
            .filter { $0.contains("generating link map") }
        return try lines.map { line in
            let name = try #require(line.split(separator: "file=").last)
            return String(name.prefix { $0 != " " })
        }
    }

    @Test(arguments: ["--version", "--help", "list", "status"])
    func commandsWithoutPicturesOpenNoneForThem(command: String) throws {
        let libraries = try opened(command)
        #expect(libraries.contains { $0.hasPrefix("libc.so") })
        for name in Self.rare { #expect(!libraries.contains { $0.hasPrefix(name) }, "\(name)") }
        #expect(libraries.count < 20, "\(libraries)")
    }

    @Test func rawFramesNeedNoneOfThem() throws {
        let libraries = try opened(
            "compose",
            "--content",
            "figure00_motion00",
            "--duration",
            "0.1",
            "-o",
            "-"
        )
        for name in Self.rare { #expect(!libraries.contains { $0.hasPrefix(name) }, "\(name)") }
    }

    /// A file that is no library stands for one that is not installed: no test may remove those.
    @Test(arguments: [("libavformat.so.59", "libavformat59"), ("libdnnl.so.2", "libdnnl2")])
    func aMissingLibraryIsSaid(file: String, package: String) throws {
        let workspace = try Workspace.copyOfPrepared()
        try workspace.write("", to: file)
        let result = try workspace.run(
            ["ingest", Workspace.clip("figure02_motion02")],
            environment: ["LD_LIBRARY_PATH": workspace.folder]
        )
        #expect(result.status == 1)
        #expect(result.errors.hasPrefix("vsdb: error: "))
        #expect(result.errors.contains(file))
        #expect(result.errors.contains("install the Debian package \(package)"))
    }
}

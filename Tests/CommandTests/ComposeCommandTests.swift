import Foundation
import Testing

/// Composing, saving, rendering and removing.
struct ComposeCommandTests {
    private static let pair = [
        "compose", "--content", "figure00_motion00", "--motion", "figure01_motion01",
    ]

    @Test func withoutAnOutputTheRecipeIsPrintedAndCanBeRendered() throws {
        let workspace = try Workspace.copyOfPrepared()
        let printed = try workspace.run(Self.pair + ["--frames", "3"])
        #expect(printed.status == 0)
        try workspace.write(printed.output, to: "recipe.json")
        try workspace.expectSuccess("render", "recipe.json", "-o", "a.mkv")
        let direct = try workspace.run(Self.pair + ["--frames", "3", "-o", "b.mkv"])
        #expect(direct.output == "b.mkv\n")
        let films = try ["a.mkv", "b.mkv"].map { name in
            try Data(contentsOf: URL(filePath: workspace.path(name)))
        }
        #expect(films[0] == films[1], "the same recipe gives the same bytes")
    }

    @Test func rawFramesGoToStandardOutput() throws {
        let workspace = try Workspace.prepared.get()
        let result = try workspace.start(Self.pair + ["--frames", "2", "--size", "64", "-o", "-"])
        #expect(try result.finish().status == 0)
        #expect(result.outputByteCount == 2 * 64 * 64 * 3)
    }

    @Test func aReaderThatHasEnoughIsNoError() throws {
        let workspace = try Workspace.copyOfPrepared()
        let command = Self.pair + ["--frames", "500", "--fps", "250", "-o", "-"]
        let result = try workspace.shell(
            "\"$vsdb\" \(command.joined(separator: " ")) | head -c 9 | wc -c"
        )
        #expect(result.status == 0 && result.output == "9\n", "\(result.errors)")
    }

    /// Messages go where nobody reads any more: that is no crash.
    @Test func messagesToAClosedPipeAreDropped() throws {
        let workspace = try Workspace.copyOfPrepared()
        let commands = ["\"$vsdb\" list --frob", "\"$vsdb\" list -v", "\"$vsdb\" nonsense"]
        for (command, status) in zip(commands, ["64", "0", "64"]) {
            // The reader has left before the program starts.
            let late = "(sleep 0.2; \(command)) 2>&1 | true; echo ${PIPESTATUS[0]}"
            let result = try workspace.shell(late)
            #expect(result.output == status + "\n", "\(command): \(result.errors)")
        }
    }

    @Test func precisionIsChosenAskedForOrRefused() throws {
        let workspace = try Workspace.copyOfPrepared()
        let pair = Self.pair + ["--frames", "1", "-o", "one.png"]
        let asked = try workspace.run(pair + ["--precision", "f32", "-v"])
        #expect(asked.errors.contains("multiplied in f32: as asked"))
        let old = try workspace.shell(
            "ONEDNN_MAX_CPU_ISA=AVX2 \"$vsdb\" \((pair + ["--precision", "bf16"]).joined(separator: " "))"
        )
        #expect(old.status == 1 && old.errors.contains("render in f32"), "\(old.errors)")
        for option in [["--precision", "f32"], ["--profile"], ["--size", "64"]] {
            let alone = try workspace.run(Self.pair + option)
            #expect(alone.status == 64 && alone.errors.contains("\(option[0]) belongs to -o FILE"))
        }
        let unknown = try workspace.run(pair + ["--precision", "f16"])
        #expect(unknown.status == 64 && unknown.errors.contains("f32"), "\(unknown.errors)")
    }

    @Test func aProfileIsATableOrPartOfTheReport() throws {
        let workspace = try Workspace.copyOfPrepared()
        let pair = Self.pair + ["--frames", "2", "-o", "a.mkv", "--profile"]
        let table = try workspace.run(pair)
        #expect(table.output == "a.mkv\n")
        for word in ["stage or layer", "GFLOP/s", "generator feat_128_up", "motion: ODE"] {
            #expect(table.errors.contains(word))
        }
        let line = try #require(try workspace.run(pair + ["--json"]).jsonLines().last)
        let report = try #require(line["report"] as? [String: Any])
        #expect((report["profile"] as? [Any])?.count == 22)
    }

    @Test func oneFrameMayBeOnePicture() throws {
        let workspace = try Workspace.copyOfPrepared()
        #expect(try workspace.run(Self.pair + ["--frames", "1", "-o", "one.png"]).status == 0)
        #expect(workspace.has("one.png"))
        let two = try workspace.run(Self.pair + ["--frames", "2", "-o", "two.png"])
        #expect(two.status == 1 && two.errors.contains("folder/%05d.png"), "\(two.errors)")
        #expect(try workspace.names() == ["one.png"])
    }

    @Test func aFileThatIsNotThereIsCalledSo() throws {
        let workspace = try Workspace.copyOfPrepared()
        let result = try workspace.run(["compose", "--content", "missing.png", "-o", "a.mp4"])
        #expect(result.status == 12 && result.errors.contains("no such file"), "\(result.errors)")
    }

    @Test func aMixBeyondOneIsSaidToExtrapolate() throws {
        let workspace = try Workspace.copyOfPrepared()
        let mixed = Self.pair + ["--mix", "figure01_motion01:1.5"]
        let result = try workspace.run(mixed)
        #expect(result.status == 0 && result.errors.contains("extrapolated"), "\(result.errors)")
    }

    @Test func savedCompositionsAreListedShownAndProtectTheirClips() throws {
        let workspace = try Workspace.copyOfPrepared()
        #expect(try workspace.run(Self.pair + ["--save", "walk"]).status == 0)
        let taken = try workspace.run([
            "compose", "--content", "figure00_motion00", "--save", "walk",
        ])
        #expect(taken.status == 1 && taken.errors.contains("--replace"))
        #expect(try workspace.expectSuccess("recipes").output.contains("walk"))
        let shown = try workspace.expectSuccess("show", "walk", "--json").json()
        #expect((shown as? [String: Any])?["times"] != nil)

        let refused = try workspace.run(["remove", "figure00_motion00"])
        #expect(refused.status == 1 && refused.errors.contains("used by walk"))
        let forced = try workspace.expectSuccess("remove", "figure00_motion00", "--force")
        #expect(forced.errors.contains("composition walk lost a clip"))
        #expect(try workspace.run(["render", "walk", "-o", "a.mkv"]).status == 12)
        try workspace.expectSuccess("remove", "--composition", "walk")
        #expect(try workspace.run(["show", "walk"]).status == 12)
    }

    @Test func removeTakesAllOrNone() throws {
        let workspace = try Workspace.copyOfPrepared()
        #expect(try workspace.run(["remove", "figure00_motion00", "nope"]).status == 12)
        let removed = try workspace.expectSuccess(
            "remove",
            "figure00_motion00",
            "figure01_motion01",
            "--json"
        ).json()
        let facts = try #require(removed as? [String: Any])
        #expect(facts["freedTensors"] as? Int == 12)
        #expect((try workspace.expectSuccess("list", "--json").json() as? [Any])?.isEmpty == true)
    }

    @Test func aJSONRenderTellsItsProgressByTheLine() throws {
        let workspace = try Workspace.copyOfPrepared()
        let result = try workspace.run(
            Self.pair + ["--frames", "4", "--sheet", "sheet.png", "-o", "f/%05d.png", "--json"]
        )
        #expect(result.status == 0, "\(result.errors)")
        let done = try #require(try result.jsonLines().last)
        #expect(done["event"] as? String == "done")
        let report = try #require(done["report"] as? [String: Any])
        #expect(report["frameCount"] as? Int == 4)
        #expect(workspace.has("sheet.png") && workspace.has("f/00003.png"))
        #expect(!workspace.has("f/00004.png"))
    }

    static let impossible: [(arguments: [String], status: Int32, message: String)] = [
        (["--motion", "nope"], 12, "nope"),
        (["--blend", "figure01_motion01", "--mask", "tail"], 1, "right-arm"),
        (["--blend", "figure01_motion01", "--mask", "head:0"], 1, "zero everywhere"),
        (["--blend", "figure01_motion01", "--mask", "0,0-9,9"], 1, "does not lie in the grid"),
        (["-o", "film.xyz"], 1, ".mp4"),
        (["-o", "nowhere/film.mp4"], 1, "nowhere"),
        (["-o", "film.mp4", "--size", "512"], 1, "--size 512"),
        (["--save", "a/b"], 64, "a-b"),
    ]

    @Test(arguments: impossible.indices)
    func whatCannotBeComposedIsSaidAndLeavesNothing(index: Int) throws {
        let (arguments, status, message) = Self.impossible[index]
        let workspace = try Workspace.copyOfPrepared()
        let result = try workspace.run(["compose", "--content", "figure00_motion00"] + arguments)
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains(message), "\(result.errors)")
        #expect(try workspace.names().isEmpty)
    }

    @Test func extrapolationIsSaid() throws {
        let result = try Workspace.prepared.get().run(Self.pair + ["--duration", "4"])
        #expect(result.status == 0 && result.errors.contains("extrapolates"))
    }

    @Test func masksUniteByCommasAndCellsKeepTheirs() throws {
        let workspace = try Workspace.prepared.get()
        func mask(_ arguments: String...) throws -> [[Double]] {
            let all = ["compose", "--content", "figure00_motion00", "--blend", "figure01_motion01"]
            let json = try workspace.run(all + arguments).json() as? [String: Any]
            let layers = try #require(json?["layers"] as? [[String: Any]])
            return try #require(layers.first?["mask"] as? [[Double]])
        }
        let united = try mask("--mask", "0,0-1,2,7,7:0.5")
        #expect(united == (try mask("--mask", "0,0-1,2", "--mask", "7,7:0.5")))
        #expect(united.joined().reduce(0, +) == 6.5, "six cells, and one of half weight")
    }
}

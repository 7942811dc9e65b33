import Foundation
import TestSupport
import Testing

/// Making packs from checkpoints, as a user does it.
struct PackCreateCommandTests {
    /// A golden checkpoint by its path in the folder of goldens.
    static func golden(_ path: String) -> String {
        Goldens.folder.appendingPathComponent(path).path
    }

    private static let video = golden("vidstyleode_small/vidstyleode_small.ckpt")
    private static let psp = golden("psp_irse50_small/psp_irse50_small.pt")
    private static let clip = golden("clip_small_vocab/clip_small_vocab.state_dict.pt")
    private static let generator = golden("stylegan2_rosinality_64/stylegan2_rosinality_64.pt")
    /// What the small checkpoint does not tell.
    private static let stated = [
        "--modulation-heads", "4", "--groups", "3,3,4", "--dino-heads", "3",
    ]

    @Test func aCheckpointAloneBecomesAPackOfTheLibrary() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        let made = try workspace.run(
            ["pack", "create", "small", Self.video, "--json", "--licence", "mine"] + Self.stated
        )
        #expect(made.status == 0, "\(made.errors)")
        let facts = try #require(try made.json() as? [String: Any])
        let kinds = (facts["networks"] as? [[String: Any]])?.compactMap { $0["kind"] as? String }
        #expect(kinds == ["generator", "clip", "dynamics", "dino"])
        #expect(facts["isNew"] as? Bool == true)
        let abilities = try #require(facts["abilities"] as? [String: Bool])
        #expect(abilities == ["samples": true, "ingests": false, "moves": true, "edits": false])
        let list = try #require(
            try workspace.expectSuccess("pack", "list", "--json").json() as? [[String: Any]]
        )
        #expect(list.first?["name"] as? String == "small")
        #expect(list.first?["licence"] as? String == "mine")
        #expect(list.first?["isDefault"] as? Bool == true)
        #expect(try workspace.expectSuccess("pack", "verify").output == "small  sound\n")
        let again = try workspace.run(["pack", "create", "small", Self.generator])
        #expect(again.status == 1 && again.errors.contains("already"), "\(again.errors)")
        let twin = try workspace.run(
            ["pack", "create", "twin", Self.video, "--json"] + Self.stated
        )
        let known = try #require(try twin.json() as? [String: Any])
        #expect(known["isNew"] as? Bool == false && known["name"] as? String == "small")
        let left = try FileManager.default.contentsOfDirectory(
            atPath: workspace.path(".vsdb/packs")
        )
        #expect(left == ["small"], "nothing half-done is left")
    }

    @Test func aFolderOfAPSPFileCanBeAddedToALibrary() throws {
        let workspace = try Workspace()
        let made = try workspace.run([
            "pack", "create", "faces", "--encoder", Self.psp, "-o", "out",
        ])
        #expect(made.status == 0 && made.output.hasSuffix("/out\n"), "\(made.errors)")
        #expect(made.errors.contains("generator from"), "its decoder is the generator")
        #expect(made.errors.contains("no dynamics networks"))
        try workspace.expectSuccess("init")
        try workspace.expectSuccess("pack", "add", "out")
        let clip = Workspace.samples + "/clips/figure00_motion00.mp4"
        try workspace.expectSuccess("ingest", clip, "--name", "doll")
        let again = try workspace.run([
            "pack", "create", "faces", "--encoder", Self.psp, "-o", "out",
        ])
        #expect(again.status == 1 && again.errors.contains("exists already"))
    }

    static let refused: [(arguments: [String], status: Int32, message: String)] = [
        (["--generator", clip, "-o", "p"], 13, "it holds a CLIP, not a StyleGAN2 generator"),
        (
            ["--generator", generator, "--encoder", psp, "-o", "p"], 13,
            "encoder.config.styleDim: 16"
        ),
        (["--clip", clip, "-o", "p"], 14, "--generator"),
        ([video, "-o", "p"], 64, "give --modulation-heads"),
        (["nowhere.pt", "-o", "p"], 1, "no such file"),
        ([Workspace.samples + "/README.md", "-o", "p"], 15, "README.md"),
        ([generator, "-o", "p", "--tokenizer", "x"], 64, "no CLIP to use it"),
        ([generator, "-o", "p", "--config", "x"], 64, "--config \"x\""),
        ([generator, "-o", "nowhere/deep/p"], 1, "nowhere/deep\" does not exist; make it first"),
        ([generator, "-o", generator + "/p"], 1, "does not exist; make it first"),
        ([video, "--groups", "3,3,3", "--modulation-heads", "4", "-o", "p"], 64, "--groups: "),
        (
            [video, "--groups", "3,3,4", "--modulation-heads", "7", "-o", "p"], 64,
            "--modulation-heads: "
        ),
        ([video, "--frame-size", "512x128", "-o", "p"] + stated, 64, "64 cells at most"),
        ([video, "--frame-size", "512x128", "-o", "p"] + stated, 64, "512x128 make 4096 (32 rows"),
        ([video, "--frame-size", "63x64", "-o", "p"] + stated, 64, "--frame-size: "),
        ([video, "--dino", video, "-o", "p"] + stated.prefix(4), 64, "give --dino-heads"),
        ([generator, "--library", "nowhere"], 10, "vsdb init"),
    ]

    @Test(arguments: refused.indices)
    func whatDoesNotFitIsRefusedAndLeavesNothing(index: Int) throws {
        let (arguments, status, message) = Self.refused[index]
        let workspace = try Workspace()
        let result = try workspace.run(["pack", "create", "name"] + arguments)
        #expect(result.status == status, "\(arguments): \(result.errors)")
        #expect(result.errors.contains(message), "\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(try workspace.names().isEmpty)
    }

    /// A limit on the size of files stands in for a full disk.
    @Test func aDiskThatTakesNoMoreIsNamedAndKeepsNothing() throws {
        let workspace = try Workspace()
        let result = try workspace.shell(
            "ulimit -f 8; trap '' XFSZ; \"$vsdb\" pack create n --generator "
                + "'\(Self.generator)' -o p"
        )
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.errors.contains("pack \"p\": writing it failed: file too large"))
        #expect(try workspace.names().isEmpty && !workspace.has("p"))
    }

    @Test func aPackedVocabularyMakesTextEditsPossible() throws {
        let workspace = try Workspace()
        let merges = workspace.path("bpe.txt")
        try VocabularyFixture.content.write(to: URL(filePath: merges))
        let packed = Process()
        packed.executableURL = URL(filePath: "/usr/bin/env")
        packed.arguments = ["gzip", "-9", merges]
        try packed.run()
        packed.waitUntilExit()
        let clip = Self.golden("clip_full_vocab/clip_full_vocab.torchscript.pt")
        let made = try workspace.run([
            "pack", "create", "name", Self.video, "--without", "dino", "--modulation-heads", "4",
            "--groups", "3,3,4", "--clip", clip, "--tokenizer", merges + ".gz", "-o", "p", "--json",
        ])
        let facts = try #require(try made.json() as? [String: Any], "\(made.errors)")
        #expect((facts["abilities"] as? [String: Bool])?["edits"] == true)
        #expect(
            FileManager.default.contents(atPath: workspace.path("p/merges.txt"))
                == VocabularyFixture.content
        )
        // Without one, the program's own serves a model of the released size.
        let bare = try workspace.run([
            "pack", "create", "n", "--generator", Self.generator, "--clip", clip, "-o", "q",
        ])
        #expect(bare.status == 0, "\(bare.errors)")
        #expect(!workspace.has("q/merges.txt"))
    }

    @Test func aNetworkOfTwoFilesIsRefusedUntilAnOptionNamesOne() throws {
        let workspace = try Workspace()
        let files = [[Self.video, Self.clip], [Self.clip, Self.video]]
        for pair in files {
            let result = try workspace.run(
                ["pack", "create", "e", "-o", "e"] + pair + Self.stated
            )
            #expect(result.status == 64, "\(result.errors)")
            for part in [Self.video, Self.clip, "--clip F"] {
                #expect(result.errors.contains(part), "\(result.errors)")
            }
        }
        #expect(try workspace.names().isEmpty)
        let made = try workspace.run(
            ["pack", "create", "e", "-o", "e", Self.video, "--clip", Self.video, Self.clip]
                + Self.stated
        )
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.errors.contains("clip not taken: * of \"\(Self.clip)\"; took"))
    }

    @Test func aNetworkThatNoOptionAskedForIsNamed() throws {
        let workspace = try Workspace()
        let made = try workspace.run([
            "pack", "create", "e", "-o", "e", "--generator", Self.psp,
        ])
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.errors.contains("encoder not taken:"), "\(made.errors)")
        #expect(made.errors.contains("--encoder F decides"))
    }

    @Test func theSameWeightsInAnotherFormAreTheSamePackUnderItsName() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        try workspace.expectSuccess("pack", "create", "gen", Self.generator)
        let weights = workspace.path(".vsdb/packs/gen/generator.safetensors")
        let sound = try #require(FileManager.default.contents(atPath: weights))
        try sound.dropLast().write(to: URL(filePath: weights))
        let form = Self.golden(
            "stylegan2_rosinality_64/stylegan2_rosinality_64.weights.safetensors"
        )
        let made = try workspace.run(["pack", "create", "gen", form, "--json"])
        #expect(made.status == 0, "\(made.errors)")
        let facts = try #require(try made.json() as? [String: Any])
        #expect(facts["isNew"] as? Bool == false)
        #expect(facts["repaired"] as? [String] == ["generator.safetensors"])
        #expect(FileManager.default.contents(atPath: weights) == sound)
        let left = try FileManager.default.contentsOfDirectory(
            atPath: workspace.path(".vsdb/packs")
        )
        #expect(left == ["gen"])
    }

    @Test func framesAreWidthByHeightAndAnotherAspectIsWarnedOf() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        let size = ["--frame-size", "24x32"]
        let made = try workspace.run(["pack", "create", "n", Self.video] + Self.stated + size)
        #expect(made.errors.contains("warning: the dynamics encoder's frames are 24x32"))
        let list = try workspace.expectSuccess("pack", "list").output
        #expect(list.contains("64x64") && list.contains("8, 6"), "\(list)")
        let show = try workspace.expectSuccess("pack", "show").output
        #expect(show.contains("8 rows, 6 columns"), "\(show)")
    }

    @Test func networksThatNothingNeedsAreLeftOutAndDoubtfulDefaultsWarnedOf() throws {
        let workspace = try Workspace()
        let form = Self.golden("vidstyleode_small/vidstyleode_small.weights.safetensors")
        let values = ["--modulation-heads", "4", "--groups", "3,3,4"]
        let made = try workspace.run(
            ["pack", "create", "n", form, "-o", "n", "--video-length", "50"] + values
        )
        #expect(made.errors.contains("warning: assumed the deltaScale 0.01"), "\(made.errors)")
        let whole = try workspace.run(["pack", "create", "n", Self.video, "-o", "m"] + values)
        #expect(whole.status == 0 && whole.errors.contains("no DINO"), "\(whole.errors)")
        #expect(whole.errors.contains("--dino-heads") && !whole.errors.contains("deltaScale"))
        #expect(!workspace.has("m/dino.safetensors"))
    }

    @Test func aGeneratorAloneCanSample() throws {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        try workspace.expectSuccess("pack", "create", "gen", Self.generator)
        let show = try workspace.expectSuccess("pack", "show").output
        #expect(show.contains("usable for") && show.contains("sample\n"), "\(show)")
        #expect(try workspace.expectSuccess("pack", "list").output.contains("  sample  "))
    }
}

import Foundation
import Media
import Packs
import Pipelines
import Testing

/// A pack measured on samples whose truth is known.
struct SampleEvaluationTests {
    @Test func animationStandsBetweenCopyAndCeiling() throws {
        let fixture = try EvaluationFixture()
        defer { fixture.remove() }
        try fixture.write(EvaluationFixture.manifest())
        let report = try fixture.evaluate { $0.sheet = fixture.folder + "/sheet.png" }
        let copied = try #require(report.value("animation", "B copied", "psnr"))
        let result = try #require(report.value("animation", "G(z_C + dz_t)", "psnr"))
        let ceiling = try #require(report.value("animation", "G(f_C(truth))", "psnr"))
        #expect(copied < result && result < ceiling)
        let way = try #require(report.value("animation", "G(z_C + dz_t)", "way"))
        let still = try #require(report.value("animation", "G(z_C), still", "psnr"))
        #expect(abs(way - 100 * (result - still) / (ceiling - still)) < 1e-9)
        // Frames 40 to 47 of the first clip lie beyond its window; 40 is the only one of every eighth.
        let beyond = report.sections.first { $0.key == "extrapolation" }?.rows.first
        #expect(beyond?.name == "own motion, 1 to 1.2 of the window")
        #expect(beyond?.counts["psnr"] == 1)
        #expect(report.value("interpolation", "G(z_C + dz_t)", "psnr") ?? 0 > 15)
        #expect(report.value("masked", "right-arm", "psnr") ?? 0 > 15)
        #expect(report.counts["pairs"] == 1 && report.weights.count == 4)
        let sheet = try StillImage.read(fixture.folder + "/sheet.png")
        #expect(sheet.width > 8 * 128 && sheet.height > 4 * 128)
    }

    @Test func whatIsCopiedFromTheTruthItselfHasNoError() throws {
        let fixture = try EvaluationFixture()
        defer { fixture.remove() }
        var manifest = EvaluationFixture.manifest()
        let film: [String: Any] = [
            "path": LibraryFixture.samples + "/clips/figure01_motion13.mp4"
        ]
        manifest["pairs"] = [["content": "b", "motion": "b", "truth": film]]
        for key in ["masked", "edits", "interpolation"] { manifest[key] = nil }
        try fixture.write(manifest)
        let report = try fixture.evaluate()
        #expect(report.value("animation", "B copied", "psnr") == 100)
        #expect(report.value("animation", "B copied", "ssim") == 1)
        // Figure b as itself is its reconstruction.
        #expect(report.sections.contains { $0.key == "edits" } == false)
    }

    @Test func anEditOfNoStrengthChangesNothing() throws {
        let fixture = try EvaluationFixture()
        defer { fixture.remove() }
        var manifest = EvaluationFixture.manifest()
        manifest["jointNames"] = ["head", "hand"]
        for key in ["pairs", "masked", "interpolation"] { manifest[key] = nil }
        try fixture.write(manifest)
        let judges = try fixture.makeJudges(joints: 2)
        let none = try fixture.evaluate { ($0.judges, $0.alpha) = (judges, 0) }
        let seen = try #require(none.value("edits", "topColor", "accuracy"))
        #expect(seen == none.value("edits", "topColor", "accuracyUnedited"))
        #expect(none.value("edits", "topColor", "poseShift") == 0)
        #expect(none.judges.count == 2)
        let full = try fixture.evaluate { $0.judges = judges }
        #expect(try #require(full.value("edits", "topColor", "accuracy")) >= seen)
    }

    @Test func withoutJudgesItSaysWhatIsMissing() throws {
        let fixture = try EvaluationFixture()
        defer { fixture.remove() }
        var manifest = EvaluationFixture.manifest()
        for key in ["pairs", "masked", "interpolation", "edits"] { manifest[key] = nil }
        try fixture.write(manifest)
        let report = try fixture.evaluate()
        #expect(report.missing.contains { $0.contains("--judges") })
        #expect(report.value("reconstruction", "G(f_C(x))", "joints") == nil)
    }

    @Test func aPackWithoutCLIPIsMeasuredOnStillsOnly() throws {
        let fixture = try EvaluationFixture()
        defer { fixture.remove() }
        try fixture.write(EvaluationFixture.manifest())
        let pack = fixture.folder + "/pack"
        try FileManager.default.copyItem(
            atPath: LibraryFixture.samples + "/packs/paper-doll",
            toPath: pack
        )
        let file = URL(filePath: pack + "/pack.json")
        var document = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        )
        document["clip"] = nil
        try JSONSerialization.data(withJSONObject: document).write(to: file)
        let report = try fixture.evaluate(pack: pack)
        #expect(report.sections.map(\.key) == ["reconstruction"])
        #expect(report.value("reconstruction", "G(f_C(x))", "psnr") ?? 0 > 15)
        #expect(report.missing.contains { $0.contains("has no CLIP") })
    }
}

/// Samples that cannot be: each message names the file and the key.
struct SampleManifestTests {
    private func message(_ change: (inout [String: Any]) -> Void) throws -> String {
        let fixture = try EvaluationFixture()
        defer { fixture.remove() }
        var manifest = EvaluationFixture.manifest()
        change(&manifest)
        try fixture.write(manifest)
        do {
            _ = try fixture.evaluate()
            return "nothing was refused"
        } catch {
            let text = String(describing: error)
            #expect(text.contains("samples.json"), "\(text)")
            return text
        }
    }

    @Test func wrongKeysAreNamed() throws {
        #expect(try message { $0["split"] = nil }.contains("the key split is missing"))
        #expect(try message { $0["pears"] = [Int]() }.contains("the key pears is not known"))
        #expect(try message { $0["frameRate"] = "fast" }.contains("the key frameRate"))
        #expect(try message { $0["frameRate"] = 0 }.contains("frameRate is 0.0"))
        #expect(try message { $0["format"] = 2 }.contains("this vsdb reads 1"))
        #expect(try message { $0["clips"] = [Int]() }.contains("clips is empty"))
        #expect(try message { $0["extrapolation"] = [0.5] }.contains("extrapolation holds 0.5"))
    }

    @Test func namesAndNumbersMustFit() throws {
        let unknown = try message {
            $0["interpolation"] = [["clip": "c", "observed": [0, 1]]]
        }
        #expect(unknown.contains("interpolation.0.clip: there is no clip \"c\""))
        let beyond = try message {
            $0["interpolation"] = [["clip": "a", "observed": [0, 40]]]
        }
        #expect(beyond.contains("interpolation.0.observed"))
        let edit = try message {
            $0["edits"] = [
                [
                    "clip": "a", "from": "x", "to": "y", "attribute": "top", "value": "y",
                    "candidates": ["x", "z"],
                ]
            ]
        }
        #expect(edit.contains("edits.0.candidates"))
    }

    @Test func filmsThatAreMissingOrTooSmallAreNamed() throws {
        let missing = try message {
            $0["clips"] = [["name": "a", "film": ["path": "gone.mp4"], "window": 10]]
            for key in ["pairs", "masked", "edits", "interpolation"] { $0[key] = nil }
        }
        #expect(missing.contains("clips.0.film") && missing.contains("gone.mp4"))
        let short = try message {
            let film = ["path": LibraryFixture.first]
            $0["clips"] = [["name": "a", "film": film, "window": 500]]
            for key in ["pairs", "masked", "edits", "interpolation"] { $0[key] = nil }
        }
        #expect(short.contains("clips.0.window") && short.contains("500"))
        let small = try LibraryFixture.get().path("small.png")
        try StillImage.write(RGBImage(width: 64, height: 32, red: 9, green: 9, blue: 9), to: small)
        let size = try message {
            $0["pairs"] = [["content": "a", "motion": "b", "truth": ["path": small]]]
        }
        #expect(size.contains("pairs.0.truth") && size.contains("64x32"))
    }

    @Test func aProbeOfOtherJointsIsRefused() throws {
        let fixture = try EvaluationFixture()
        defer { fixture.remove() }
        var manifest = EvaluationFixture.manifest()
        manifest["jointNames"] = ["head"]
        try fixture.write(manifest)
        let judges = try fixture.makeJudges(joints: 3)
        let error = #expect(throws: RequestError.self) {
            _ = try fixture.evaluate { $0.judges = judges }
        }
        #expect(error?.description.contains("reads 3 joints, jointNames has 1") == true)
    }
}

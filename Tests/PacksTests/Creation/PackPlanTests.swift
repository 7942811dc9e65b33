import Foundation
import Models
import Packs
import Tensors
import TestSupport
import Testing

/// Choosing, stating, refusing and writing.
struct PackPlanTests {
    private func golden(_ number: Int, _ role: String) throws -> String {
        let golden = try Goldens.cases(number: number).first { $0.url(role) != nil }
        return try #require(golden).path(role)
    }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = NSTemporaryDirectory() + "/vsdb-plan-\(UUID().uuidString)-\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func refusal(_ edit: (inout PackRequest) throws -> Void) throws -> PackError? {
        do {
            _ = try MadePack(edit)
            return nil
        } catch let error as PackError {
            return error
        }
    }

    @Test func theSameWeightsInAnotherFormMakeTheSamePack() throws {
        let forms = try GoldenForm.all(2).filter { $0.golden.name == "stylegan2_ada_64" }
        let packs = try forms.map { form in try MadePack { $0.checkpoints = [form.path] } }
        #expect(Set(packs.map(\.pack.fingerprint)).count == 1, "\(forms.map(\.role))")
    }

    @Test func whatNothingTellsIsAskedForAllAtOnce() throws {
        let path = try golden(6, "checkpoint")
        let error = try #require(try refusal { $0.checkpoints = [path] })
        #expect(error.kind == .badRequest)
        for option in ["--modulation-heads", "--groups"] {
            #expect(error.description.contains(option), "\(error)")
        }
        #expect(!error.description.contains("--dino-heads"), "nothing needs DINO")
    }

    @Test func aConfigurationStatesWhatNothingTells() throws {
        let path = try golden(6, "checkpoint")
        let config = try file(
            "config.json",
            """
            {
              "summary": "small", "alignment": "none",
              "time": {"observedFrames": 6, "frameRate": 50},
              "dynamics": {"modulation": {"heads": 4, "groups": [3, 3, 4], "deltaScale": 0.5}}
            }
            """
        )
        let made = try MadePack {
            $0.checkpoints = [path]
            $0.omitted = [.dino]
            $0.config = config
        }
        let manifest = made.pack.manifest
        #expect(manifest.dynamics?.modulation.deltaScale == 0.5, "the user's word wins")
        #expect(manifest.time.unitSeconds == 1, "50 frames at 50 a second")
        #expect(manifest.time.observedFrames == 6 && manifest.alignment == .none)
        #expect(manifest.dino == nil && manifest.summary == "small")
        #expect(manifest.provenance.contains("SHA-256") && !manifest.provenance.contains("/"))
    }

    @Test(arguments: [
        (#"{"tmie": {}}"#, "tmie"), (#"{"time": {"unitSecond": 2}}"#, "time.unitSecond"),
        (#"{"name": "x"}"#, "name is written by vsdb"), ("[]", "no JSON object"), ("{", "not JSON"),
        (#"{"generator": {"weights": {"path": "x"}}}"#, "written by vsdb"),
        (#"{"dynamics": {"modulation": {"heads": 4}}}"#, "no file brings"),
        (#"{"generator": {"config": {"height": "tall"}}}"#, "generator.config.height"),
    ])
    func aConfigurationThatCannotBeIsRefused(text: String, message: String) throws {
        let path = try golden(1, "checkpoint")
        let config = try file("config.json", text)
        let error = try #require(
            try refusal {
                $0.checkpoints = [path]
                $0.config = config
            }
        )
        #expect(error.kind == .badRequest && error.description.contains(message), "\(error)")
    }

    @Test func otherSizesThanTheTensorsAreNamedWithTheTensors() throws {
        let path = try golden(1, "checkpoint")
        let error = try #require(
            try refusal {
                $0.checkpoints = [path]
                $0.values["generator.config.mappingLayers"] = .integer(20)
            }
        )
        #expect(error.kind == .weightsMismatch && error.description.contains("style."), "\(error)")
    }

    @Test func anotherNetworkThanWantedIsNamed() throws {
        let clip = try golden(4, "state_dict")
        let error = try #require(try refusal { $0.files[.generator] = clip })
        #expect(error.kind == .weightsMismatch)
        #expect(error.description.contains("it holds a CLIP, not a StyleGAN2 generator"))
    }

    @Test func aPackNeedsAGenerator() throws {
        let clip = try golden(4, "state_dict")
        let error = try #require(try refusal { $0.files[.clip] = clip })
        #expect(error.kind == .missingNetwork && error.description.contains("--generator"))
    }

    @Test func networksOfDifferentWidthsDoNotFitTogether() throws {
        let (generator, encoder) = (try golden(1, "checkpoint"), try golden(3, "checkpoint"))
        let error = try #require(
            try refusal { $0.files = [.generator: generator, .encoder: encoder] }
        )
        #expect(error.kind == .weightsMismatch)
        #expect(error.description.contains("encoder.config.styleDim"), "\(error)")
    }

    @Test func aPackSaysWhatItLacks() throws {
        let path = try golden(1, "checkpoint")
        let made = try MadePack { $0.checkpoints = [path] }
        #expect(!made.pack.abilities.ingests && !made.pack.abilities.moves)
        for word in ["--encoder", "--dynamics", "--clip"] {
            #expect(made.plan.notes.contains { $0.contains(word) }, "\(word)")
        }
    }

    @Test func aVocabularyMustHaveAsManyTokensAsCLIP() throws {
        let (generator, clip) = (try MadePack.generator(), try golden(4, "state_dict"))
        let vocabulary = try VocabularyFixture()
        let error = try #require(
            try refusal {
                $0.files = [.generator: generator, .clip: clip]
                $0.tokenizer = vocabulary.path
            }
        )
        #expect(error.kind == .weightsMismatch)
        #expect(error.description.contains("49408 tokens, the CLIP 300"), "\(error)")
    }

    @Test func nothingIsLeftOfAPackThatFails() throws {
        let source = try SafetensorsFile(path: golden(1, "weights"))
        var tensors: [String: RawTensor] = [:]
        for name in source.names { tensors[name] = source.raw(name) }
        tensors["to_rgb1.bias"] = RawTensor(Tensor<Float>(repeating: .nan, shape: [1, 3, 1, 1]))
        let folder = URL(fileURLWithPath: MadePack.freshPath())
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = try file("nan.safetensors", "")
        try SafetensorsFile.encode(tensors).write(to: URL(fileURLWithPath: path))
        var request = PackRequest(name: "nan", maker: "the tests")
        request.checkpoints = [path]
        let target = folder.appendingPathComponent("pack").path
        let error = #expect(throws: PackError.self) { try PackPlan(request).write(to: target) }
        #expect(error?.description.contains("to_rgb1.bias holds NaN") == true)
        request.checkpoints = [source.path]
        #expect(throws: CancellationError.self) {
            try PackPlan(request).write(to: target) { _ in throw CancellationError() }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        _ = try PackPlan(request).write(to: target)
        let again = #expect(throws: PackError.self) { try PackPlan(request).write(to: target) }
        #expect(again?.kind == .alreadyExists)
    }
}

import Foundation
import Models
import Packs
import Tensors
import TestSupport
import Testing

/// Networks that NVIDIA's code wrote, against the same tensors in other forms.
struct PickleFileGoldenTests {
    private static let cases = Result { try Goldens.cases(having: "pickle") }

    @Test(arguments: try cases.get())
    func goldenNetworkEqualsItsTwins(golden: GoldenCase) throws {
        let file = try Checkpoint.read(path: golden.path("pickle"))
        #expect(file.format == .pickle)
        #expect(file.placeholders.isEmpty, "NVIDIA's classes are read by their attributes")
        let prefix = "G_ema."
        let names = file.tensors.names.filter { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.count)) }
        let twins: [any TensorArchive] = [
            try TorchArchive(path: golden.path("checkpoint")),
            try SafetensorsFile(path: golden.path("weights")),
        ]
        for twin in twins {
            #expect(names == twin.names, "\(twin.path)")
            for name in names {
                let actual = file.tensors.raw(prefix + name)
                let expected = twin.raw(name)
                #expect(actual?.shape == expected?.shape, "\(name)")
                #expect(actual?.dtype == expected?.dtype, "\(name)")
                #expect(actual?.bytes == expected?.bytes, "\(name)")
            }
        }
    }

    @Test(arguments: try cases.get())
    func goldenAttributesAreThereToLookAt(golden: GoldenCase) throws {
        let value = try #require(try Checkpoint.read(path: golden.path("pickle")).value)
        let generator = try #require(value["G_ema"])
        guard case .object(let object) = generator else {
            Issue.record("a network is an object")
            return
        }
        #expect(object.type == "Generator")
        #expect(generator["num_ws"]?.integer == golden.config["num_ws"]?.int)
        // EasyDict is a dictionary, a scalar of NumPy a number.
        #expect(value["training_set_kwargs"]?["class_name"]?.string != nil)
        let affine = generator["_modules"]?["synthesis"]?["_modules"]?["b4"]?["_modules"]?[
            "conv1"
        ]?[
            "_modules"
        ]?["affine"]
        #expect(affine?["weight_gain"]?.double != nil)
    }

    @Test(arguments: try cases.get())
    func goldenImageFromThePickle(golden: GoldenCase) throws {
        let file = try Checkpoint.read(path: golden.path("pickle"))
        let weights = Weights(file.tensors, prefix: "G_ema.")
        var config = try StyleGAN2Config(inferredFrom: weights)
        config.convClamp = golden.config["conv_clamp"]?.double.map { Float($0) }
        let generator = try StyleGAN2Generator(config, weights)
        let io = try Goldens.io(golden)
        expectClose(
            generator.synthesize(try Goldens.tensor("wplus", in: io).float),
            try Goldens.tensor("image", in: io).float,
            abs: golden.absolute(),
            rel: golden.relative,
            because: "the weights are equal bit for bit; the tolerance is the manifest's",
            name: "\(golden.name) image"
        )
    }
}

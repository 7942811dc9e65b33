import Models
import Packs
import Tensors
import TestSupport
import Testing

/// The images and intermediates of both public generator code bases.
struct StyleGAN2GoldenTests {
    private static let reason =
        "float32 sums of up to 9 * 26 products per layer, ten layers; the manifest's tolerance"

    private struct Loaded {
        let golden: GoldenCase
        let io: SafetensorsFile
        let generator: StyleGAN2Generator

        init(_ golden: GoldenCase, clamp: Float? = nil) throws {
            self.golden = golden
            io = try Goldens.io(golden)
            let weights = Weights(try SafetensorsFile(path: golden.path("weights")))
            var config = try StyleGAN2Config(inferredFrom: weights)
            config.convClamp = clamp ?? golden.config["conv_clamp"]?.double.map { Float($0) }
            generator = try StyleGAN2Generator(config, weights)
        }

        func tensor(_ name: String) throws -> Tensor<Float> {
            try Goldens.tensor(name, in: io).float
        }

        func expect(_ actual: Tensor<Float>, _ name: String) throws {
            expectClose(
                actual,
                try tensor(name),
                abs: golden.absolute(),
                rel: golden.relative,
                because: StyleGAN2GoldenTests.reason,
                name: "\(golden.name) \(name)"
            )
        }
    }

    @Test(arguments: try Goldens.cases(number: 1) + Goldens.cases(number: 2))
    func goldenImageAndEveryIntermediate(golden: GoldenCase) throws {
        let loaded = try Loaded(golden)
        var seen: [String: Tensor<Float>] = [:]
        let options = SynthesisOptions { name, tensor in seen[name] = tensor }
        let image = loaded.generator.synthesize(try loaded.tensor("wplus"), options: options)
        try loaded.expect(image, "image")
        var compared = 0
        for name in loaded.io.names {
            guard let actual = seen[houseName(name)] else { continue }
            try loaded.expect(actual, name)
            compared += 1
        }
        #expect(compared >= 4, "intermediates are recorded in every set")
    }

    /// Our name of an intermediate that the NVIDIA cases call `x_8`, `conv0_8` or `img_8`.
    private func houseName(_ name: String) -> String {
        let parts = name.split(separator: "_")
        guard parts.count == 2, let rows = Int(parts[1]) else { return name }
        return switch parts[0] {
        case "x": "feat_\(rows)"
        case "conv0": "feat_\(rows)_up"
        case "img": "rgb_\(rows)"
        default: name
        }
    }

    @Test(arguments: try Goldens.cases(number: 1) + Goldens.cases(number: 2))
    func goldenImageWithoutNoise(golden: GoldenCase) throws {
        let loaded = try Loaded(golden)
        for name in ["image_zero_noise", "image_no_noise"] where loaded.io.raw(name) != nil {
            let image = loaded.generator.synthesize(
                try loaded.tensor("wplus"),
                options: SynthesisOptions(usesNoise: false)
            )
            try loaded.expect(image, name)
        }
    }

    @Test(arguments: try Goldens.cases(number: 1))
    func goldenMappingTruncationAndMixing(golden: GoldenCase) throws {
        let loaded = try Loaded(golden)
        let mapping = try #require(loaded.generator.mapping)
        let w = mapping(try loaded.tensor("z"))
        try loaded.expect(w, "w")
        try loaded.expect(
            loaded.generator.synthesize(loaded.generator.broadcast(w)),
            "image_from_z"
        )
        let psi = try #require(golden.config["truncation"]?.double)
        let truncated = loaded.generator.broadcast(
            MappingNetwork.truncate(
                w,
                towards: try loaded.tensor("truncation_latent"),
                psi: Float(psi)
            )
        )
        try loaded.expect(truncated, "latents_truncated")
        try loaded.expect(loaded.generator.synthesize(truncated), "image_from_z_truncated")
        let mixed = try loaded.tensor("latents_style_mix_inject3")
        try loaded.expect(loaded.generator.synthesize(mixed), "image_style_mix_inject3")
    }

    @Test(arguments: try Goldens.cases(number: 2))
    func goldenMappingAndTruncationOfNVIDIA(golden: GoldenCase) throws {
        let loaded = try Loaded(golden)
        let mapping = try #require(loaded.generator.mapping)
        let w = mapping(try loaded.tensor("z"))
        try loaded.expect(w, "w")
        try loaded.expect(loaded.generator.broadcast(w), "ws")
        let average = try #require(mapping.average)
        try loaded.expect(average, "w_avg")
        let psi = try #require(golden.config["truncation_psi"]?.double)
        let all = loaded.generator.broadcast(w)
        let codes = MappingNetwork.truncate(all, towards: average, psi: Float(psi))
        try loaded.expect(codes, "ws_truncated")
        let name = "image_truncated"
        let cutoff = try #require(golden.config["truncation_cutoff"]?.int)
        let partly = MappingNetwork.truncate(
            all,
            towards: average,
            psi: Float(psi),
            cutoff: cutoff
        )
        try loaded.expect(partly, "ws_truncated_cutoff")
        // The manifest does not say which of the two code sets the picture shows.
        let expected = try loaded.tensor(name)
        let pictures = [codes, partly].map { loaded.generator.synthesize($0) }
        let distances = pictures.map { picture in
            zip(picture.scalars, expected.scalars).map { abs($0 - $1) }.max() ?? 0
        }
        try loaded.expect(pictures[distances[0] < distances[1] ? 0 : 1], name)
    }

    @Test(arguments: try Goldens.cases(number: 2))
    func goldenClampActsAfterActivationAndRGBBias(golden: GoldenCase) throws {
        let clamp = try #require(golden.config["conv_clamp_visible"]?.double)
        let loaded = try Loaded(golden, clamp: Float(clamp))
        let image = loaded.generator.synthesize(try loaded.tensor("wplus"))
        try loaded.expect(image, "image_conv_clamp_visible")
    }

    @Test(arguments: try Goldens.cases(number: 1))
    func stoppingEarlyGivesTheSkipImageOfThatSize(golden: GoldenCase) throws {
        let loaded = try Loaded(golden)
        let rows = loaded.generator.config.height / 2
        let preview = loaded.generator.synthesize(
            try loaded.tensor("wplus"),
            options: SynthesisOptions(rows: rows)
        )
        try loaded.expect(preview, "rgb_\(rows)")
    }
}

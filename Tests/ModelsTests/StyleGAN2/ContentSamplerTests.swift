import Models
import Packs
import Tensors
import TestSupport
import Testing

/// Seeds become content codes.
struct ContentSamplerTests {
    private func generator(_ golden: GoldenCase) throws -> StyleGAN2Generator {
        let weights = Weights(try SafetensorsFile(path: golden.path("weights")))
        return try StyleGAN2Generator(StyleGAN2Config(inferredFrom: weights), weights)
    }

    private static func cases() throws -> [GoldenCase] {
        try Goldens.cases(number: 1) + Goldens.cases(number: 2)
    }

    @Test(arguments: try cases())
    func aSeedNamesOneCode(golden: GoldenCase) throws {
        let generator = try generator(golden)
        let sampler = try #require(ContentSampler(generator))
        let code = sampler.code(seed: 7, psi: 0.7)
        #expect(code.shape == [generator.config.layerCount, generator.config.styleDim])
        // Bit for bit, also from a sampler of its own and after other draws.
        let other = try #require(ContentSampler(generator))
        _ = other.code(seed: 3, psi: 1)
        #expect(other.code(seed: 7, psi: 0.7) == code)
        #expect(sampler.code(seed: 8, psi: 0.7) != code)
    }

    @Test(arguments: try cases())
    func truncationEndsAtTheAverageAndAtTheCutoff(golden: GoldenCase) throws {
        let sampler = try #require(ContentSampler(generator(golden)))
        let free = sampler.code(seed: 1, psi: 1)
        #expect((1..<free.shape[0]).allSatisfy { free[$0] == free[0] }, "one w in every layer")
        let pulled = sampler.code(seed: 1, psi: 0, cutoff: 2)
        #expect(pulled[0].scalars == sampler.average.scalars && pulled[1] == pulled[0])
        #expect((2..<free.shape[0]).allSatisfy { pulled[$0] == free[$0] })
    }

    @Test(arguments: try cases())
    func theAverageOfTheWeightsIsTaken(golden: GoldenCase) throws {
        let generator = try generator(golden)
        let sampler = try #require(ContentSampler(generator))
        #expect(sampler.averageOrigin == .weights)
        #expect(sampler.average == generator.mapping?.average)
        let io = try Goldens.io(golden)
        let name = io.raw("w_avg") == nil ? "truncation_latent" : "w_avg"
        #expect(try Goldens.tensor(name, in: io).float.scalars == sampler.average.scalars)
    }

    @Test(arguments: try Goldens.cases(number: 1))
    func withoutAnAverageTheMeanOfManySamplesStandsForIt(golden: GoldenCase) throws {
        let file = try SafetensorsFile(path: golden.path("weights"))
        let config = try StyleGAN2Config(inferredFrom: Weights(file))
        let bare = try StyleGAN2Generator(config, Weights(Renamed(file, "", average: nil)))
        let sampler = try #require(ContentSampler(bare))
        #expect(sampler.averageOrigin == .samples)
        let io = try Goldens.io(golden)
        let expected = try Goldens.tensor("truncation_latent", in: io).float
        let w = (0..<64).map { sampler.code(seed: 100 + $0, psi: 1)[0] }
        let deviation = w.flatMap { row in
            zip(row.scalars, sampler.average.scalars).map { Double($0 - $1) * Double($0 - $1) }
        }
        let spread = (deviation.reduce(0, +) / Double(deviation.count)).squareRoot()
        expectClose(
            sampler.average,
            expected.reshaped(sampler.average.shape),
            abs: spread * 0.15,
            rel: 0,
            because: "two means of 4096 other draws differ by 2^0.5/64 = 0.022 deviations; single "
                + "numbers of w spread up to twice as wide, and 64 of them reach 3 deviations",
            name: golden.name
        )
    }

    @Test func latentAverageIsFoundBesideTheTensorsAndBesideTheGenerator() throws {
        let golden = try #require(try Goldens.cases(number: 1).first)
        let file = try SafetensorsFile(path: golden.path("weights"))
        let config = try StyleGAN2Config(inferredFrom: Weights(file))
        let (layers, width) = (config.layerCount, config.styleDim)
        for shape in [[width], [1, width], [layers, width]] {
            let average = Tensor(repeating: Float(0.5), shape: shape)
            for prefix in ["", "decoder."] {
                let archive = Renamed(file, prefix, average: average)
                let weights = Weights(archive, prefix: prefix)
                let sampler = try #require(ContentSampler(StyleGAN2Generator(config, weights)))
                #expect(sampler.averageOrigin == .weights)
                #expect(sampler.average.scalars == average.scalars)
            }
        }
        let wrong = Renamed(file, "", average: Tensor(repeating: 1, shape: [3]))
        #expect(throws: WeightError.self) {
            _ = try StyleGAN2Generator(config, Weights(wrong))
        }
    }
}

/// A generator's file under a prefix, with another `latent_avg` or none.
private struct Renamed: TensorArchive {
    let path = "renamed"
    let names: [String]
    private let tensors: [String: RawTensor]

    init(_ file: SafetensorsFile, _ prefix: String, average: Tensor<Float>?) {
        var tensors: [String: RawTensor] = [:]
        for name in file.names where name != "latent_avg" {
            tensors[prefix + name] = file.raw(name)
        }
        tensors["latent_avg"] = average.map { RawTensor($0) }
        self.tensors = tensors
        names = tensors.keys.sorted()
    }

    func raw(_ name: String) -> RawTensor? { tensors[name] }
}

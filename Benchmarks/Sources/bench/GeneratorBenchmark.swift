import Models
import PaperSizes
import Tensors

/// Measures StyleGAN2 at the sizes of the published models, with random weights.
struct GeneratorBenchmark {
    /// Milliseconds of a picture, for each size and batch.
    func run() throws -> [Measure] {
        try [(256, 1), (256, 4), (1024, 1), (1024, 4)].map { rows, samples in
            let config = PaperSizes.styleGAN2(.nvidia, rows: rows)
            let generator = try StyleGAN2Generator(
                config,
                Weights(RandomWeights(generator: config))
            )
            let codes = Tensor<Float>(
                uninitialized: [samples, config.layerCount, config.styleDim]
            ) { out in
                for index in out.indices {
                    out.initializeElement(at: index, to: Float(index * 7919 % 2001) / 1000 - 1)
                }
            }
            let name = "StyleGAN2 config-f \(rows), float32, batch \(samples), a picture"
            let whole = Measure.milliseconds(name) { _ = generator.synthesize(codes) }
            return Measure(name, "ms", whole.readings.map { $0 / Double(samples) })
        }
    }
}

import Kernels
import Tensors

/// Measures each styled layer of StyleGAN2 config-f at 1024 rows, by both algorithms.
struct LayerBenchmark {
    let table: Comparison

    /// Adds a row for each layer: milliseconds for one picture.
    func run() throws {
        let layers = [
            (512, 512, 4, false), (512, 512, 4, true), (512, 512, 8, false), (512, 512, 8, true),
            (512, 512, 16, false), (512, 512, 16, true), (512, 512, 32, false),
            (512, 512, 32, true), (512, 512, 64, false), (512, 256, 64, true),
            (256, 256, 128, false), (256, 128, 128, true), (128, 128, 256, false),
            (128, 64, 256, true), (64, 64, 512, false), (64, 32, 512, true), (32, 32, 1024, false),
        ]
        for (inputs, outputs, rows, upsamples) in layers {
            for algorithm in [StyledKernel.Algorithm.direct, .winograd] {
                try measure(inputs, outputs, rows, upsamples, algorithm)
            }
        }
    }

    private func measure(
        _ inputs: Int,
        _ outputs: Int,
        _ rows: Int,
        _ upsamples: Bool,
        _ algorithm: StyledKernel.Algorithm
    ) throws {
        let weight = Tensor<Float>(repeating: 0.01, shape: [outputs, inputs, 3, 3])
        let kernel = StyledKernel(weight: weight, upsamples: upsamples, algorithm: algorithm)
        let scratch = FeatureScratch()
        let x = scratch.next([1, inputs, rows, rows])
        x.load(Tensor(repeating: 0.5, shape: x.shape))
        let styles = Tensor<Float>(repeating: 1, shape: [1, inputs])
        let epilogue = Passes.StyledEpilogue(slope: 0.2, gain: 1.4)
        let flops = 18 * Double(inputs * outputs * rows * rows)
        try table.add(
            "\(inputs) to \(outputs) at \(rows)\(upsamples ? " up" : ""), \(algorithm)",
            "ms",
            per: 2,
            peakSeconds: flops / table.peak.float32 / 1e9
        ) {
            Comparison.milliseconds {
                // Two calls leave the maps where they were.
                for _ in 0..<2 {
                    _ = kernel(x, styles: styles, epilogue: epilogue, scratch: scratch)
                }
            }
        }
    }
}

import Foundation
import Kernels
import Models
import Packs
import PaperSizes
import Tensors

/// Measures the cores in this process, in turn with PyTorch's where that is installed.
struct PeerBenchmark {
    private static let pack = "Samples/packs/paper-doll"
    let table: Comparison

    /// Adds a row for each generator, precision and batch, and for each solve.
    ///
    /// - Throws: `BenchError` of the peers, or what reading the sample pack throws.
    func run() throws {
        try generators(
            try Pack(folder: Self.pack).generator(),
            "the sample pack's generator",
            [1, 8]
        )
        for rows in [256, 1024] {
            let config = PaperSizes.styleGAN2(.nvidia, rows: rows)
            let generator = try StyleGAN2Generator(
                config,
                Weights(RandomWeights(generator: config))
            )
            try generators(generator, "StyleGAN2 config-f", [1, 4])
        }
        try solves()
    }

    private func generators(
        _ generator: StyleGAN2Generator,
        _ name: String,
        _ batches: [Int]
    ) throws {
        let config = generator.config
        for precision in Precision.allCases where precision.isNative {
            let word = precision == .bfloat16 ? "bf16" : "f32"
            for samples in batches {
                let codes = Self.codes(config, samples)
                let options = SynthesisOptions(precision: precision)
                let key = "stylegan2-\(config.height)-\(word)-\(samples)"
                let flops = 2 * Self.multiplications(config)
                try table.add(
                    "\(name) at \(config.height), \(word), batch \(samples), a picture",
                    "ms",
                    per: samples,
                    peakSeconds: flops / table.peak.arithmetic(precision) / 1e9,
                    peer: table.peers.map { peers in { try peers.milliseconds(key) } }
                ) {
                    Comparison.milliseconds { _ = generator.synthesize(codes, options: options) }
                }
            }
        }
    }

    private func solves() throws {
        let ode = try LatentODE(
            PaperSizes.dynamics(.authors, columns: 128),
            Weights(PaperModel.authors.weights(), prefix: "state_dict.")
        )
        let start = Tensor<Double>(uninitialized: [1, 256, 8, 8]) { out in
            for index in out.indices {
                out.initializeElement(at: index, to: Double(index * 7919 % 2001) / 10_000 - 0.1)
            }
        }
        for outputs in [50, 500] {
            let times = (0..<outputs).map { Double($0) / Double(outputs - 1) }
            try table.add(
                "dopri5, float64, 256x8x8, \(outputs) outputs",
                "ms",
                peer: table.peers.map { peers in { try peers.milliseconds("ode-\(outputs)") } }
            ) {
                try Comparison.milliseconds { _ = try ode.solve(from: start, at: times) }
            }
        }
    }

    /// Multiplications of the convolutions of one picture, by the plain algorithm.
    private static func multiplications(_ config: StyleGAN2Config) -> Double {
        var sum = 0.0
        for (index, channels) in config.channels.enumerated() {
            let pixels = Double((4 << index) * (4 << index) * config.width / config.height)
            let below = index > 0 ? config.channels[index - 1] : 0
            // A transposed convolution with stride 2 multiplies as often as there are pixels below.
            sum += Double(9 * channels * channels) * pixels
            sum += Double(9 * below * channels) * pixels / 4 + Double(3 * channels) * pixels
        }
        return sum
    }

    private static func codes(_ config: StyleGAN2Config, _ samples: Int) -> Tensor<Float> {
        Tensor(uninitialized: [samples, config.layerCount, config.styleDim]) { out in
            for index in out.indices {
                out.initializeElement(at: index, to: Float(index * 7919 % 2001) / 1000 - 1)
            }
        }
    }
}

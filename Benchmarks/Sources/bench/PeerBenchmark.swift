import Foundation
import Kernels
import Models
import Packs
import PaperSizes
import Tensors

/// Measures the cores beside PyTorch's, one call of ours and one of theirs in turn.
struct PeerBenchmark {
    /// One row of the comparison; milliseconds, medians.
    struct Row: Codable {
        let name: String
        let ours: Double
        let peer: Double
        let unit: String
        let ratio: Double
    }

    /// The rows with what they were taken on.
    struct Report: Codable {
        let date: Date
        let machine: [String: String]
        let peers: String
        let rows: [Row]
    }

    /// Where each run leaves its rows.
    static let file = "Benchmarks/results/peers.json"

    private static let pack = "Samples/packs/paper-doll"

    /// Runs everything and prints the table.
    ///
    /// - Throws: `BenchError` without peers, or what reading the sample pack throws.
    func run() throws {
        let peers = try PeerProcess(threads: ThreadPool.threadCount)
        var rows: [Row] = []
        func compare(
            _ name: String,
            _ peer: String,
            per count: Int = 1,
            _ work: () throws -> Void
        ) throws {
            FileHandle.standardError.write(Data("bench: \(name)\n".utf8))
            for _ in 0..<2 { try work() }
            _ = try peers.milliseconds(peer)
            var (ours, theirs): ([Double], [Double]) = ([], [])
            for _ in 0..<Measure.repetitions {
                ours.append(try ContinuousClock().measure(work) / .milliseconds(1))
                theirs.append(try peers.milliseconds(peer))
            }
            let own = Measure(name, "ms", ours).median / Double(count)
            let other = Measure(name, "ms", theirs).median / Double(count)
            rows.append(Row(name: name, ours: own, peer: other, unit: "ms", ratio: other / own))
        }
        let doll = try Pack(folder: Self.pack).generator()
        for samples in [1, 8] {
            let codes = Self.codes(doll.config, samples)
            try compare(
                "sample pack's generator at 128, float32, batch \(samples), a picture",
                "stylegan2-128-f32-\(samples)",
                per: samples
            ) { _ = doll.synthesize(codes) }
        }
        for rowCount in [256, 1024] {
            let config = PaperSizes.styleGAN2(.nvidia, rows: rowCount)
            let weights = Weights(RandomWeights(generator: config))
            let generator = try StyleGAN2Generator(config, weights)
            for samples in [1, 4] {
                let codes = Self.codes(config, samples)
                try compare(
                    "StyleGAN2 config-f at \(rowCount), float32, batch \(samples), a picture",
                    "stylegan2-\(rowCount)-f32-\(samples)",
                    per: samples
                ) { _ = generator.synthesize(codes) }
            }
        }
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
            try compare("dopri5, float64, 256x8x8, \(outputs) outputs", "ode-\(outputs)") {
                _ = try ode.solve(from: start, at: times)
            }
        }
        try finish(rows, peers.versions)
    }

    private func finish(_ rows: [Row], _ versions: String) throws {
        let report = Report(date: Date(), machine: Machine.facts(), peers: versions, rows: rows)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try encoder.encode(report).write(to: URL(fileURLWithPath: Self.file), options: .atomic)
        print("\(versions); medians of \(Measure.repetitions), in turn")
        for row in rows {
            let numbers = [row.ours, row.peer, row.ratio].map {
                $0.formatted(.number.precision(.significantDigits(3)).grouping(.never))
            }
            print("\(row.name): ours \(numbers[0]) ms, peer \(numbers[1]) ms, ratio \(numbers[2])")
        }
        print("written to \(Self.file)")
    }

    private static func codes(_ config: StyleGAN2Config, _ samples: Int) -> Tensor<Float> {
        Tensor(uninitialized: [samples, config.layerCount, config.styleDim]) { out in
            for index in out.indices {
                out.initializeElement(at: index, to: Float(index * 7919 % 2001) / 1000 - 1)
            }
        }
    }
}

import Foundation
import Kernels
import Models
import Packs
import PaperSizes
import Tensors

/// Measures the image encoders beside PyTorch's, one call of ours and one of theirs in turn.
///
/// `BENCH_OURS_ONLY=1` leaves the peers out.
struct EncoderBenchmark {
    private static let pack = "Samples/packs/paper-doll"
    private static let peers = "Benchmarks/peers/encoders.py"

    /// One encoder at its size.
    private struct Encoder: Sendable {
        let name: String
        let peer: String
        let size: Int
        /// Reads the weights and gives what is to be measured.
        let make: @Sendable () throws -> (Tensor<Float>) -> Void
    }

    private static let encoders = [
        Encoder(name: "CLIP ViT-B/32", peer: "clip", size: 224) {
            let weights = Weights(try PaperModel.clip.weights())
            let model = try CLIPModel(PaperSizes.clip, weights, only: .images)
            return { _ = model.encodeImage($0) }
        },
        Encoder(name: "DINO ViT-B/16", peer: "dino", size: 224) {
            let model = try DINOModel(PaperSizes.dino, Weights(try PaperModel.dino.weights()))
            return { _ = model($0) }
        },
        Encoder(name: "pSp IR-SE-50 at 256", peer: "psp", size: 256) {
            let weights = Weights(RandomWeights(encoder: PaperSizes.encoder))
            let model = try PSPEncoder(PaperSizes.encoder, weights, latentAverage: nil)
            return { _ = model.encode($0) }
        },
        Encoder(name: "sample pack's CLIP at 128", peer: "doll-clip", size: 128) {
            let model = try Pack(folder: pack).clip(only: .images)
            return { _ = model.encodeImage($0) }
        },
        Encoder(name: "sample pack's pSp at 128", peer: "doll-psp", size: 128) {
            let model = try Pack(folder: pack).encoder()
            return { _ = model.encode($0) }
        },
    ]

    /// Runs the encoders whose peer's name begins with a word, and prints a row for each.
    ///
    /// - Throws: `BenchError` without peers, or what reading the sample pack throws.
    func run(only word: String?) throws {
        // The allocator is set as for every command of vsdb.
        _ = FeatureScratch()
        let isAlone = ProcessInfo.processInfo.environment["BENCH_OURS_ONLY"] != nil
        let peers =
            isAlone
            ? nil : try PeerProcess(threads: ThreadPool.threadCount, program: Self.peers)
        for encoder in Self.encoders where word.map(encoder.peer.hasPrefix) ?? true {
            let encode = try encoder.make()
            for samples in [1, 8] {
                let images = Self.images([samples, 3, encoder.size, encoder.size])
                for _ in 0..<2 { encode(images) }
                _ = try peers?.milliseconds("\(encoder.peer)-\(samples)")
                var (ours, theirs): ([Double], [Double]) = ([], [])
                for _ in 0..<Measure.repetitions {
                    ours.append(ContinuousClock().measure { encode(images) } / .milliseconds(1))
                    if let peers {
                        theirs.append(try peers.milliseconds("\(encoder.peer)-\(samples)"))
                    }
                }
                report(
                    "\(encoder.name), float32, batch \(samples), a picture",
                    samples,
                    ours,
                    theirs
                )
            }
        }
    }

    private func report(_ name: String, _ samples: Int, _ ours: [Double], _ theirs: [Double]) {
        func number(_ value: Double) -> String {
            value.formatted(.number.precision(.significantDigits(3)).grouping(.never))
        }
        let own = Measure(name, "ms", ours).median / Double(samples)
        guard !theirs.isEmpty else { return print("\(name): ours \(number(own)) ms") }
        let other = Measure(name, "ms", theirs).median / Double(samples)
        print(
            "\(name): ours \(number(own)) ms, peer \(number(other)) ms, ratio \(number(other / own))"
        )
    }

    private static func images(_ shape: [Int]) -> Tensor<Float> {
        Tensor(uninitialized: shape) { out in
            for index in out.indices {
                out.initializeElement(at: index, to: Float(index * 7919 % 2001) / 1000 - 1)
            }
        }
    }
}

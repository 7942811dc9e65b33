import Foundation
import Kernels
import Models
import Packs
import PaperSizes
import Tensors

/// Measures the image encoders, in turn with PyTorch's where that is installed.
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
            return { _ = model.features($0) }
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

    let table: Comparison

    /// Adds a row for each encoder and batch.
    ///
    /// - Throws: `BenchError` of the peers, or what reading the sample pack throws.
    func run() throws {
        // The allocator is set as for every command of vsdb.
        _ = FeatureScratch()
        let peers =
            table.peers == nil
            ? nil : try PeerProcess(threads: ThreadPool.threadCount, program: Self.peers)
        for encoder in Self.encoders {
            let encode = try encoder.make()
            for samples in [1, 8] {
                let images = Self.images([samples, 3, encoder.size, encoder.size])
                let key = "\(encoder.peer)-\(samples)"
                try table.add(
                    "\(encoder.name), f32, batch \(samples), a picture",
                    "ms",
                    per: samples,
                    peer: peers.map { peers in { try peers.milliseconds(key) } }
                ) {
                    Comparison.milliseconds { encode(images) }
                }
            }
        }
    }

    private static func images(_ shape: [Int]) -> Tensor<Float> {
        Tensor(uninitialized: shape) { out in
            for index in out.indices {
                out.initializeElement(at: index, to: Float(index * 7919 % 2001) / 1000 - 1)
            }
        }
    }
}

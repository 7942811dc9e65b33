import Foundation
import Kernels
import Tensors
import Training

/// Measures steps of training, in turn with PyTorch's where that is installed.
struct TrainingBenchmark {
    private static let peers = "Benchmarks/peers/training.py"
    private static let pictures = 16
    private static let texts = 96

    let table: Comparison

    /// Adds a row for each kind of step.
    ///
    /// - Throws: `BenchError` of the peers, or what preparing the networks throws.
    func run() throws {
        ThreadPool.prepareForTraining()
        let peers =
            table.peers == nil
            ? nil : try PeerProcess(threads: ThreadPool.threadCount, program: Self.peers)
        for precision in Precision.allCases where precision.isNative {
            var config = AutoencoderTrainingConfig.standard
            config.batch = Self.pictures
            config.precision = precision
            try add(
                "train autoencoder, \(precision.rawValue)",
                try AutoencoderTask(config, pictures: Self.set(32, captioned: false)),
                images: Self.pictures,
                peers,
                "autoencoder-\(precision.rawValue)"
            )
        }
        var config = CLIPTrainingConfig.standard
        config.batch = Self.texts
        config.validationShare = 0
        try add(
            "train CLIP, f32",
            try CLIPTask(config, pictures: Self.set(128, captioned: true)),
            images: Self.texts,
            peers,
            "clip"
        )
    }

    private func add(
        _ name: String,
        _ task: any TrainingTask,
        images: Int,
        _ peers: PeerProcess?,
        _ key: String
    ) throws {
        let optimiser = Adam(task.parameters, groups: task.groups)
        var number = 0
        try table.add(
            "\(name), batch \(images), a picture",
            "ms",
            per: images,
            peer: peers.map { peers in { try peers.milliseconds(key) } }
        ) {
            try Comparison.milliseconds {
                var random = SeededRandom(seed: 1, step: number)
                task.parameters.clearGradients()
                _ = try task.step(number, random: &random)
                optimiser.step(rate: 1e-3, norm: optimiser.gradientNorm)
                task.didUpdate()
                number += 1
            }
        }
    }

    /// Clips of two frames of noise.
    private static func set(_ clips: Int, captioned: Bool) throws -> PictureSet {
        var random = SeededRandom(seed: 1)
        let bytes = Data((0..<clips * 2 * 128 * 128 * 3).map { _ in UInt8(random.next() >> 56) })
        return try PictureSet(
            height: 128,
            width: 128,
            clips: (0..<clips).map { index in
                PictureSet.Clip(
                    name: "clip\(index)",
                    caption: captioned ? "a photo of figure \(index) in colour \(index % 11)" : nil,
                    first: 2 * index,
                    count: 2
                )
            },
            bytes: bytes
        )
    }
}

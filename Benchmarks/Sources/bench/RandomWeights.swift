import Foundation
import Models
import Tensors

/// Weights of a network that nobody trained: what it computes means nothing, how long it takes does.
struct RandomWeights: TensorArchive {
    let path = "random weights"
    /// Shape and standard deviation by name.
    let tensors: [String: (shape: [Int], deviation: Float)]

    var names: [String] { tensors.keys.sorted() }

    func raw(_ name: String) -> RawTensor? {
        guard let entry = tensors[name] else { return nil }
        var state = UInt64(truncatingIfNeeded: name.utf8.reduce(5381) { $0 &* 33 &+ Int($1) })
        return RawTensor(
            Tensor<Float>(uninitialized: entry.shape) { out in
                for index in out.indices {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    // Uniform with the deviation of the normal numbers of a fresh network.
                    let fraction = Float(state >> 40) / Float(1 << 24) - 0.5
                    out.initializeElement(at: index, to: fraction * entry.deviation * 3.464)
                }
            }
        )
    }
}

extension RandomWeights {
    /// StyleGAN2 "config-f" in NVIDIA's layout: 512 channels up to 64 rows, halved from there on.
    static func styleGAN2(rows: Int) -> (config: StyleGAN2Config, weights: RandomWeights) {
        let channels = sequence(first: 4) { $0 < rows ? 2 * $0 : nil }.map { min(512, 32_768 / $0) }
        let config = StyleGAN2Config(
            layout: .nvidia,
            height: rows,
            width: rows,
            styleDim: 512,
            mappingLayers: 0,
            channels: channels
        )
        var tensors: [String: (shape: [Int], deviation: Float)] = [
            "synthesis.b4.const": ([channels[0], 4, 4], 1)
        ]
        for (index, width) in channels.enumerated() {
            let size = 4 << index
            let block = "synthesis.b\(size)."
            func layer(_ name: String, _ shape: [Int]) {
                tensors[block + name + ".weight"] = (shape, 1)
                tensors[block + name + ".bias"] = ([shape[0]], 0.1)
                tensors[block + name + ".affine.weight"] = ([shape[1], 512], 1)
                tensors[block + name + ".affine.bias"] = ([shape[1]], 1)
                guard name != "torgb" else { return }
                tensors[block + name + ".noise_const"] = ([size, size], 1)
                tensors[block + name + ".noise_strength"] = ([], 0.1)
            }
            if index > 0 { layer("conv0", [width, channels[index - 1], 3, 3]) }
            layer("conv1", [width, width, 3, 3])
            layer("torgb", [3, width, 1, 1])
        }
        return (config, RandomWeights(tensors: tensors))
    }
}

public import Models
public import Tensors

/// Weights of networks that nobody trained: what they compute means nothing, how long it takes does.
///
/// Numbers are made when a tensor is asked for, the same ones each time; shapes cost nothing.
public struct RandomWeights: TensorArchive {
    /// What messages call it.
    public let path: String
    /// All tensor names, sorted.
    public let names: [String]
    private let tensors: [String: (layout: TensorLayout, spread: Spread)]

    /// How a tensor's numbers lie.
    enum Spread {
        /// Evenly around a mean, with a standard deviation.
        case even(mean: Float, deviation: Float)
        /// The resampling filter [1, 3, 3, 1] x [1, 3, 3, 1] times a gain.
        case filter(gain: Float)
    }

    init(path: String, parts: [PaperModel.Part], averages: [String: [Int]]) {
        var tensors: [String: (layout: TensorLayout, spread: Spread)] = [:]
        for part in parts {
            for need in part.needs {
                let tensor = SpreadRule(part.kind, need)
                tensors[part.prefix + need.name] = (tensor.layout, tensor.spread)
            }
        }
        for (name, shape) in averages {
            let layout = TensorLayout(dtype: .float32, shape: shape)
            tensors[name] = (layout, .even(mean: 0, deviation: 0.1))
        }
        self.path = path
        self.tensors = tensors
        names = tensors.keys.sorted()
    }

    /// The weights of a generator alone, without a prefix.
    ///
    /// - Parameter config: Its sizes.
    public init(generator config: StyleGAN2Config) {
        let part = PaperModel.Part(kind: .generator, prefix: "", needs: config.requiredTensors)
        self.init(path: "random weights", parts: [part], averages: [:])
    }

    /// The weights of a pSp encoder alone, without a prefix.
    ///
    /// - Parameter config: Its sizes.
    public init(encoder config: PSPConfig) {
        let part = PaperModel.Part(kind: .encoder, prefix: "", needs: config.requiredTensors)
        self.init(path: "random weights", parts: [part], averages: [:])
    }

    /// Element type and shape of a tensor, or nil.
    public func layout(_ name: String) -> TensorLayout? { tensors[name]?.layout }

    /// A tensor's numbers, or nil.
    public func raw(_ name: String) -> RawTensor? {
        guard let (layout, spread) = tensors[name] else { return nil }
        let tensor: Tensor<Float> =
            switch spread {
            case .even(let mean, let deviation):
                Self.even(layout.shape, mean: mean, deviation: deviation, seed: name)
            case .filter(let gain): Self.filter(gain)
            }
        return switch layout.dtype {
        case .float64: RawTensor(tensor.widened)
        case .float16: RawTensor(halving: tensor)
        default: RawTensor(tensor)
        }
    }

    private static func even(
        _ shape: [Int],
        mean: Float,
        deviation: Float,
        seed: String
    ) -> Tensor<Float> {
        var state = UInt64(truncatingIfNeeded: seed.utf8.reduce(5381) { $0 &* 33 &+ Int($1) })
        // An even distribution of width 1 has the deviation 1/sqrt(12).
        let width = deviation * Float(12).squareRoot()
        return Tensor(uninitialized: shape) { out in
            for index in out.indices {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let fraction = Float(state >> 40) / Float(1 << 24) - 0.5
                out.initializeElement(at: index, to: mean + fraction * width)
            }
        }
    }

    private static func filter(_ gain: Float) -> Tensor<Float> {
        let taps: [Float] = [1, 3, 3, 1]
        return Tensor(
            shape: [4, 4],
            scalars: taps.flatMap { row in taps.map { row * $0 / 64 * gain } }
        )
    }
}

import Foundation
import Models
import Packs
import Tensors
import TestSupport
import Testing

/// The networks and one group of recorded numbers of a VidStyleODE golden case.
struct VidStyleODECase {
    let golden: GoldenCase
    let io: SafetensorsFile
    let prefix: String
    let encoder: DynamicsEncoder
    let ode: LatentODE
    let model: ConditionalModel
    let generator: StyleGAN2Generator

    /// Opens the networks of a case, or of the case that it says it uses.
    init(_ golden: GoldenCase, role: String, prefix: String) throws {
        self.golden = golden
        self.prefix = prefix
        io = try Goldens.io(golden, role: role)
        let owner = try Self.owner(of: golden)
        let weights = try Self.weights(of: owner)
        let config = owner.config
        var size = config["img_size"]?.ints ?? [32, 32]
        // A case may be run on another grid than the one it was configured for.
        if let grid = io.raw(prefix + "z_d0")?.shape.suffix(2),
            let halvings = config["netE_num_downsampling_sp"]?.int
        {
            size = grid.map { $0 << halvings }
        }
        let dynamics = try DynamicsConfig(
            inferredFrom: weights,
            imageHeight: size[0],
            imageWidth: size[1]
        )
        encoder = try DynamicsEncoder(dynamics, weights)
        ode = try LatentODE(dynamics, weights)
        model = try ConditionalModel(
            ModulationConfig(
                inferredFrom: weights,
                heads: config["n_head"]?.int ?? 0,
                groups: config["inversion_layer_num"]?.ints ?? [],
                deltaScale: Float(config["delta_inversion_weight"]?.double ?? 0)
            ),
            weights
        )
        let generatorWeights = weights.scoped("stylegan_G.G.")
        var generatorConfig = try StyleGAN2Config(inferredFrom: generatorWeights)
        generatorConfig.convClamp = config["generator"]?["conv_clamp"]?.double.map { Float($0) }
        generator = try StyleGAN2Generator(generatorConfig, generatorWeights)
    }

    /// Cases without a checkpoint of their own name the case whose checkpoint they use.
    private static func owner(of golden: GoldenCase) throws -> GoldenCase {
        guard golden.files["checkpoint"] == nil else { return golden }
        let uses = golden.config["uses"]?.array?.compactMap(\.string) ?? []
        for other in try Goldens.cases(number: 6) where other.files["checkpoint"] != nil {
            if uses.contains(where: { $0.hasPrefix(other.name + " ") }) { return other }
        }
        throw GoldenError(description: "\(golden.name) uses no known checkpoint: \(uses)")
    }

    private static func weights(of golden: GoldenCase) throws -> Weights {
        if golden.url("weights") != nil {
            let archive = try SafetensorsFile(path: golden.path("weights"))
            let isWrapped = archive.names.contains { $0.hasPrefix("state_dict.") }
            return Weights(archive, prefix: isWrapped ? "state_dict." : "")
        }
        return Weights(try Checkpoint.open(path: golden.path("checkpoint")), prefix: "state_dict.")
    }

    /// A recorded tensor as float32.
    func float(_ name: String) throws -> Tensor<Float> {
        try Goldens.tensor(prefix + name, in: io).float
    }

    /// A recorded tensor as float64.
    func double(_ name: String) throws -> Tensor<Double> {
        try Goldens.tensor(prefix + name, in: io).double
    }

    func has(_ name: String) -> Bool { io.raw(prefix + name) != nil }

    /// Frames `[B, T, 3, H, W]` in 0...1.
    func video(_ name: String = "video_uint8") throws -> Tensor<Float> {
        try float(name).map { $0 / 255 }
    }

    /// Frame numbers to float32 times that start at 0.
    func times(_ name: String) throws -> [Float] {
        let length = Float(try Self.owner(of: golden).config["video_length"]?.int ?? 0)
        let raw = try float(name).scalars.map { $0 / length }
        return raw.map { $0 - raw[0] }
    }

    func expect(
        _ actual: Tensor<Float>,
        _ name: String,
        _ tolerance: String,
        because reason: String
    ) throws {
        try expect(actual.widened, name, tolerance, because: reason)
    }

    func expect(
        _ actual: Tensor<Double>,
        _ name: String,
        _ tolerance: String,
        because reason: String
    ) throws {
        expectClose(
            actual,
            try double(name),
            abs: golden.absolute(tolerance),
            because: reason,
            name: "\(golden.name) \(prefix)\(name)"
        )
    }
}

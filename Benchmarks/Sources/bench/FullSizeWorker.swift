import Foundation
import Models
import Packs
import PaperSizes
import Tensors

/// The parts of the full-size benchmark that run in processes of their own, so that their memory can be told.
enum FullSizeWorker {
    /// A network of a pack, alone in memory.
    enum Network: String, CaseIterable {
        case generator
        case encoder
        case clip
        case dynamicsEncoder = "dynamics-encoder"
        case motion = "ode-and-modulation"
        case dino
    }

    /// What a process reports of its network.
    private struct Times: Codable {
        let read: Double
        let use: Double
    }

    /// Does one part if the arguments ask for it.
    ///
    /// - Returns: Whether they did.
    static func run(_ arguments: [String]) throws -> Bool {
        guard arguments.count == 3 else { return false }
        switch arguments[0] {
        case "--write-model":
            guard let model = PaperModel(rawValue: arguments[1]) else { return false }
            try model.write(to: URL(fileURLWithPath: arguments[2]))
        case "--network":
            guard let network = Network(rawValue: arguments[1]) else { return false }
            let times = try measure(network, Pack(folder: arguments[2]))
            FileHandle.standardOutput.write(try JSONEncoder().encode(times))
        default: return false
        }
        return true
    }

    /// The rows of a network's process.
    static func stages(
        of child: ChildProcess,
        _ network: Network,
        in group: String
    ) throws -> [FullSizeStage] {
        let times = try JSONDecoder().decode(Times.self, from: child.output)
        return [
            .init(group, "\(network.rawValue) alone: whole process", child),
            .init(group, "  read", times.read), .init(group, "  \(work(network))", times.use),
        ]
    }

    private static func work(_ network: Network) -> String {
        switch network {
        case .generator: "draw a picture, the second time"
        case .encoder: "invert 4 pictures, the second time"
        case .clip: "encode a picture and a text, the second time"
        case .dynamicsEncoder: "encode 12 frames, the second time"
        case .motion: "solve one unit and modulate a frame, the second time"
        case .dino: "encode a picture, the second time"
        }
    }

    private static func measure(_ network: Network, _ pack: Pack) throws -> Times {
        switch network {
        case .generator:
            return try times(pack.generator) { generator in
                let config = generator.config
                return generator.synthesize(tensor([1, config.layerCount, config.styleDim]))
            }
        case .encoder:
            return try times(pack.encoder) { encoder in
                encoder.encode(tensor([4, 3, encoder.config.inputSize, encoder.config.inputSize]))
            }
        case .clip:
            func both() throws -> CLIPModel { try pack.clip() }
            return try times(both) { clip in
                let side = clip.config.imageSize
                let end = Int32(clip.config.vocabulary - 1)
                let texts = clip.encodeText([[end - 1, 320, 736, end]])
                return clip.encodeImage(tensor([1, 3, side, side])) + texts
            }
        case .dynamicsEncoder:
            return try times(pack.dynamicsEncoder) { encoder in
                let size = [encoder.config.imageHeight, encoder.config.imageWidth]
                let clock = (0..<12).map { Float($0) / 12 }
                return encoder.encode(tensor([12, 3] + size), times: clock).narrowed
            }
        case .motion:
            func motion() throws -> Motion { try Motion(pack) }
            return try times(motion) { try $0() }
        case .dino:
            return try times(pack.dino) { $0(tensor([1, 3, 224, 224])).classTokens(layer: 8) }
        }
    }

    /// The ODE and what turns its states into W+ codes.
    private struct Motion {
        let ode: LatentODE
        let model: ConditionalModel
        let contentShape: [Int]

        init(_ pack: Pack) throws {
            ode = try pack.latentODE()
            model = try pack.conditionalModel()
            let config = pack.manifest.generator.config
            contentShape = [config.layerCount, config.styleDim]
        }

        func callAsFunction() throws -> Tensor<Float> {
            let start = tensor([1] + ode.config.stateShape).widened
            let path = try ode.solve(from: start, at: [0, 1])
            let states = path.states[1]  // [1, C, h, w]
            return model(
                content: tensor(contentShape),
                style: tensor([ode.config.projectedChannels]),
                dynamics: ode.project(states)
            )
        }
    }

    /// Seconds to read a network and to use it once it is warm; refuses results that are not finite.
    private static func times<Network>(
        _ read: () throws -> Network,
        _ use: (Network) throws -> Tensor<Float>
    ) throws -> Times {
        let clock = ContinuousClock()
        let began = clock.now
        let network = try read()
        let reading = clock.now - began
        guard try use(network).isFinite else { throw BenchError("the result is not finite") }
        let using = try clock.measure { _ = try use(network) }
        return Times(read: reading / .seconds(1), use: using / .seconds(1))
    }

    /// Numbers in -1...1 that are not all the same.
    private static func tensor(_ shape: [Int]) -> Tensor<Float> {
        Tensor(uninitialized: shape) { out in
            for index in out.indices {
                out.initializeElement(at: index, to: Float(index * 7919 % 2001) / 1000 - 1)
            }
        }
    }
}

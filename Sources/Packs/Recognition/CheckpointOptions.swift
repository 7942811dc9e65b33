internal import Foundation

/// What a checkpoint says of itself beside tensors: hyper-parameters, options, constructor arguments.
struct CheckpointOptions {
    private let roots: [PickleValue]
    private let value: PickleValue?
    /// The `config.json` of a Hugging Face folder.
    private let folderConfig: ConfigTree?

    /// More containers than constructor arguments lie in; a graph of shared parts could have no end.
    private static let visitLimit = 20_000

    init(_ file: CheckpointFile) {
        value = file.value
        let named = ["hyper_parameters", "opts", "args"].compactMap { file.value?[$0] }
        roots = named + named.compactMap { $0["kwargs"] }
        folderConfig = file.huggingFaceConfig.flatMap {
            try? JSONDecoder().decode(ConfigTree.self, from: $0)
        }
    }

    private func first(_ names: String...) -> PickleValue? {
        for name in names {
            for root in roots { if let value = root[name] { return value } }
        }
        return nil
    }

    /// How many frames one unit of t is, the authors' `video_length`.
    var videoLength: Int? { first("video_length").flatMap(\.integer).flatMap { $0 > 0 ? $0 : nil } }

    /// Whether the average of codes is added to what the encoder gives; nil if the file does not say.
    var startsFromLatentAverage: Bool? { first("start_from_latent_avg")?.bool }

    /// Why the encoder of the file computes something else than pSp's, or nil.
    var encoderProblem: String? {
        guard let type = first("encoder_type")?.string, type != "GradualStyleEncoder" else {
            return nil
        }
        return "its options say encoder_type \(type); only pSp's GradualStyleEncoder is supported"
    }

    /// Why the CLIP of a Hugging Face folder computes something else than OpenAI's, or nil.
    var clipProblem: String? {
        for part in ["vision_config", "text_config"] {
            guard case .text(let name)? = folderConfig?["\(part).hidden_act"] else { continue }
            if name != "quick_gelu" {
                return "config.json says \(part).hidden_act \(name); only quick_gelu is supported"
            }
        }
        return nil
    }

    /// What the file says of keys that no tensor tells, below the network in `pack.json`.
    func tree(_ kind: NetworkKind, prefix: String) -> ConfigTree {
        var tree = ConfigTree.object([:])
        switch kind {
        case .generator:
            if let clamp = convClamp(prefix) { tree["config.convClamp"] = .number(clamp) }
        case .clip:
            tree["config.vision.heads"] = folderConfig?["vision_config.num_attention_heads"]
            tree["config.text.heads"] = folderConfig?["text_config.num_attention_heads"]
        case .dynamics:
            tree["modulation.heads"] = first("n_head")?.integer.map { .integer($0) }
            tree["modulation.groups"] = integers(first("inversion_layer_num"), count: 3)
            tree["modulation.deltaScale"] = first("delta_inversion_weight")?.double.map {
                .number($0)
            }
            let size = first("img_size", "image_size")
            if let side = size?.integer {
                tree["config.imageHeight"] = .integer(side)
                tree["config.imageWidth"] = .integer(side)
            } else if case .list(let sides)? = integers(size, count: 2) {
                tree["config.imageHeight"] = sides[0]
                tree["config.imageWidth"] = sides[1]
            }
        case .encoder, .dino: break
        }
        return tree
    }

    private func integers(_ value: PickleValue?, count: Int) -> ConfigTree? {
        let list = value?.list?.compactMap(\.integer) ?? []
        return list.count == count ? .list(list.map { .integer($0) }) : nil
    }

    /// The `conv_clamp` among the constructor arguments or attributes of NVIDIA's generator.
    private func convClamp(_ prefix: String) -> Double? {
        guard let name = prefix.split(separator: ".").last.map(String.init) else { return nil }
        var rest = [value?[name]].compactMap { $0 }
        var visits = 0
        while let next = rest.popLast(), visits < Self.visitLimit {
            visits += 1
            if let clamp = next["conv_clamp"]?.double { return clamp }
            switch next {
            case .dictionary(let entries): rest += entries.map(\.value)
            case .object(let object):
                rest += [object.state].compactMap { $0 } + object.entries.map(\.value)
            default: break
            }
        }
        return nil
    }
}

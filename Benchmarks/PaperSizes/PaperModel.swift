internal import Models
internal import Tensors

/// A checkpoint as people download it, with random numbers in place of the trained ones.
public enum PaperModel: String, Sendable, CaseIterable {
    /// StyleGAN2 1024 of rosinality's code: `g_ema.*` and `latent_avg`.
    case rosinality = "stylegan2-rosinality-1024"
    /// StyleGAN2 1024 of NVIDIA's code: `G_ema.*`.
    case nvidia = "stylegan2-nvidia-1024"
    /// StyleGAN-Human, 1024x512: `G_ema.*`.
    case human = "stylegan-human-1024x512"
    /// pSp: `state_dict.encoder.*`, its StyleGAN2 1024 as `state_dict.decoder.*`, and `latent_avg`.
    case pSp = "psp-irse50-18"
    /// OpenAI's CLIP ViT-B/32.
    case clip = "clip-vit-b-32"
    /// DINO ViT-B/16.
    case dino = "dino-vit-b-16"
    /// VidStyleODE's own networks, the authors' variant, grid 8x8.
    case authors = "vidstyleode-authors-8x8"
    /// A whole training checkpoint: the authors' variant, grid 8x6, with StyleGAN-Human, CLIP and DINO.
    case fashion = "vidstyleode-authors-8x6"
    /// VidStyleODE's own networks, the paper's variant, grid 8x8.
    case paper = "vidstyleode-paper-8x8"

    /// A network of the file.
    struct Part {
        let kind: Kind
        let prefix: String
        let needs: [TensorRequirement]
    }

    /// What decides how a network's numbers are spread.
    enum Kind {
        case generator
        case encoder
        case transformer
        case dynamics
    }

    /// Whether the file is a torch archive; the others are safetensors.
    public var isTorchArchive: Bool { self == .pSp || self == .fashion }

    /// The file's name.
    public var fileName: String {
        switch self {
        case .pSp: rawValue + ".pt"
        case .fashion: rawValue + ".ckpt"
        default: rawValue + ".safetensors"
        }
    }

    /// The tensors.
    ///
    /// - Throws: `DecodingError` if the table of sizes is not JSON.
    public func weights() throws -> RandomWeights {
        RandomWeights(path: fileName, parts: try parts(), averages: averages)
    }

    private func parts() throws -> [Part] {
        switch self {
        case .rosinality: [generator(PaperSizes.styleGAN2(.rosinality), "g_ema.")]
        case .nvidia: [generator(PaperSizes.styleGAN2(.nvidia), "G_ema.")]
        case .human: [generator(human, "G_ema.")]
        case .pSp:
            [
                Part(
                    kind: .encoder,
                    prefix: "state_dict.encoder.",
                    needs: PaperSizes.encoder.requiredTensors
                ),
                generator(PaperSizes.styleGAN2(.rosinality), "state_dict.decoder."),
            ]
        case .clip: [transformer(PaperSizes.clip.requiredTensors, "")]
        case .dino: [transformer(PaperSizes.dino.requiredTensors, "")]
        case .authors: [try dynamics(.authors, columns: 128)]
        case .fashion:
            [
                try dynamics(.authors, columns: 96), generator(human, "state_dict.stylegan_G.G."),
                transformer(PaperSizes.clip.requiredTensors, "state_dict.clip_loss.model."),
                transformer(
                    PaperSizes.dino.requiredTensors,
                    "state_dict.criterionVGG.extractor.model."
                ),
            ]
        case .paper: [try dynamics(.paper, columns: 128)]
        }
    }

    /// Mean codes beside the networks.
    private var averages: [String: [Int]] {
        switch self {
        case .rosinality: ["latent_avg": [PaperSizes.styleDim]]
        case .pSp: ["latent_avg": [PaperSizes.layerCount, PaperSizes.styleDim]]
        default: [:]
        }
    }

    private var human: StyleGAN2Config { PaperSizes.styleGAN2(.nvidia, columns: 512) }

    private func generator(_ config: StyleGAN2Config, _ prefix: String) -> Part {
        Part(kind: .generator, prefix: prefix, needs: config.requiredTensors)
    }

    private func transformer(_ needs: [TensorRequirement], _ prefix: String) -> Part {
        Part(kind: .transformer, prefix: prefix, needs: needs)
    }

    private func dynamics(_ variant: PaperSizes.Variant, columns: Int) throws -> Part {
        let config = try PaperSizes.dynamics(variant, columns: columns)
        let cells = config.gridHeight * config.gridWidth
        let modulation = try PaperSizes.modulation(variant, positions: cells)
        return Part(
            kind: .dynamics,
            prefix: "state_dict.",
            needs: config.requiredTensors + modulation.requiredTensors
        )
    }
}

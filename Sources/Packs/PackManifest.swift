public import Models
internal import Vocabulary

/// The document `pack.json`: what each network of a pack looks like and how its inputs are made.
///
/// Every key must be there and no other may be, except that a network which the pack lacks has none.
public struct PackManifest: Codable, Sendable, Hashable {
    /// The version of this document's form.
    public static let currentFormat = 1

    /// The version of this document's form; 1.
    public var format: Int
    /// What the pack is called.
    public var name: String
    /// One sentence about its domain.
    public var summary: String
    /// Under which licence the weights may be used.
    public var licence: String
    /// Where the weights come from.
    public var provenance: String
    /// The generator `G`.
    public var generator: Network<StyleGAN2Config>
    /// The content encoder `f_C`; without it no ingest.
    public var encoder: ContentEncoder?
    /// CLIP; without it neither text edits nor search by look.
    public var clip: CLIPNetwork?
    /// The dynamics encoder, the ODE and the conditional model.
    public var dynamics: DynamicsNetwork?
    /// DINO, for training losses; nothing else needs it.
    public var dino: Network<DINOConfig>?
    /// How the clock of the ODE runs and how clips are observed.
    public var time: TimeBase
    /// How frames are brought to the generator's shape.
    public var alignment: Alignment
    /// The part of a frame that is aligned, `[x, y, width, height]` in fractions of it from the top left.
    ///
    /// Nil for the whole frame. Boxes of single clips win over it.
    public var cropBox: [Double]?
    /// How near `G` comes to frames of the pack's own domain; nil if nobody measured it.
    ///
    /// Not part of the fingerprint: it changes no asset.
    public var reconstruction: Reconstruction?
    /// How near pictures multiplied in bfloat16 come to those in float32, PSNR in dB over the pack's own clips; nil
    /// if nobody measured it.
    ///
    /// Not part of the fingerprint: it changes no asset.
    public var bfloat16PSNR: Double?
    /// How content, dynamics and embeddings are stored.
    public var assetDType: AssetDType
    /// Named sets of cells of the latent grid, each cell `[row, column]` from the top left.
    public var regions: [String: [[Int]]]

    /// A file of weights.
    public struct WeightFile: Codable, Sendable, Hashable {
        /// The file's name in the pack's folder.
        public var path: String
        /// Its SHA-256, 64 hexadecimal digits.
        public var sha256: String
        /// What stands before every tensor name.
        public var prefix: String

        /// Names a file.
        public init(path: String, sha256: String, prefix: String) {
            (self.path, self.sha256, self.prefix) = (path, sha256, prefix)
        }
    }

    /// A network with its weights.
    public struct Network<Config: Codable & Sendable & Hashable>: Codable, Sendable, Hashable {
        /// Where its tensors are.
        public var weights: WeightFile
        /// Its sizes.
        public var config: Config
    }

    /// The content encoder with its weights.
    public struct ContentEncoder: Codable, Sendable, Hashable {
        /// Where its tensors are.
        public var weights: WeightFile
        /// Its sizes.
        public var config: PSPConfig
        /// The tensor that is added to every code, `[L, D]`, full name in the file; nil for none.
        public var latentAverage: String?
    }

    /// CLIP with its weights and vocabulary.
    public struct CLIPNetwork: Codable, Sendable, Hashable {
        /// Where its tensors are.
        public var weights: WeightFile
        /// Its sizes.
        public var config: CLIPConfig
        /// The token list, JSON; nil if the merges alone define it.
        public var vocabulary: TextFile?
        /// The byte-pair merges, one a line; nil for a model of 49,408 tokens, whose merges the program carries.
        ///
        /// Any other model without merges encodes images, not texts.
        public var merges: TextFile?

        /// Collects the parts.
        public init(
            weights: WeightFile,
            config: CLIPConfig,
            vocabulary: TextFile?,
            merges: TextFile?
        ) {
            (self.weights, self.config) = (weights, config)
            (self.vocabulary, self.merges) = (vocabulary, merges)
        }

        /// Whether a vocabulary is at hand: its own, or that of the released models.
        public var readsText: Bool {
            merges != nil || config.vocabulary == CLIPVocabulary.tokenCount
        }
    }

    /// A file that is not weights.
    public struct TextFile: Codable, Sendable, Hashable {
        /// The file's name in the pack's folder.
        public var path: String
        /// Its SHA-256, 64 hexadecimal digits.
        public var sha256: String

        /// Names a file.
        public init(path: String, sha256: String) { (self.path, self.sha256) = (path, sha256) }
    }

    /// The networks that a VidStyleODE checkpoint holds beside the frozen ones.
    public struct DynamicsNetwork: Codable, Sendable, Hashable {
        /// Where the tensors of both are.
        public var weights: WeightFile
        /// The sizes of `f_D` and `phi`.
        public var config: DynamicsConfig
        /// The sizes of `f_G`.
        public var modulation: ModulationConfig

        /// Collects file and sizes.
        public init(weights: WeightFile, config: DynamicsConfig, modulation: ModulationConfig) {
            (self.weights, self.config, self.modulation) = (weights, config, modulation)
        }
    }

    /// Seconds and units of t.
    public struct TimeBase: Codable, Sendable, Hashable {
        /// How many seconds one unit of t is.
        public var unitSeconds: Double
        /// The length in seconds of the clips that the networks were trained on.
        public var clipSeconds: Double
        /// How many frames of a clip are observed.
        public var observedFrames: Int
        /// How they are chosen.
        public var sampling: Sampling
        /// The seconds from the first frame up to which the dynamics were trained.
        public var trainedSeconds: Double
        /// The frame rate of a render that names none, per second.
        public var frameRate: Double
    }

    /// How observed frames are chosen from a clip.
    public enum Sampling: String, Codable, Sendable {
        /// Equal distances, the first frame among them.
        case even
    }

    /// How a frame becomes an image of the generator's shape.
    public enum Alignment: String, Codable, Sendable, CaseIterable {
        /// Stretched to the shape; right if clips are aligned already.
        case none
        /// The largest centred window of the shape is cut out.
        case center
        /// The frame is kept whole and its border colour fills the rest.
        case pad
    }

    /// The reconstruction distances of clips that are aligned as the pack was trained.
    ///
    /// A distance is the root mean square of frame minus `G` of its own inversion, both averaged down to 32
    /// rows, as a share of the frame's standard deviation; the mean over three frames of a clip.
    public struct Reconstruction: Codable, Sendable, Hashable {
        /// The median over clips.
        public var median: Double
        /// Clips further off look unaligned, or of another domain.
        public var limit: Double

        /// States both.
        public init(median: Double, limit: Double) { (self.median, self.limit) = (median, limit) }
    }

    /// The element type of stored assets.
    public enum AssetDType: String, Codable, Sendable {
        /// Renders from assets are bit-exact.
        case float32
        /// Half the space.
        case float16
    }
}

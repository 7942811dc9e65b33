public import Models

/// The clips of a CLIP training: which are trained on, which are measured with, and their captions as tokens.
public struct CLIPClips: Sendable {
    /// A clip with a caption.
    public struct Clip: Sendable {
        /// The clip in the set of pictures.
        public let clip: PictureSet.Clip
        /// Its caption as it was given.
        public let caption: String
        /// Its tokens, start and end included, no more than the context.
        public let tokens: [Int32]
        /// The number of its caption: equal ones for captions that the network cannot tell apart.
        public let number: Int
    }

    /// The vocabulary, learnt from the captions of the training clips.
    public let vocabulary: BytePairTrainer
    /// The clips that are trained on.
    public let training: [Clip]
    /// The clips that are never trained on.
    public let validation: [Clip]
    /// The number of different captions of the training clips.
    public let captionCount: Int

    /// Divides the clips by the hash of their names and learns the vocabulary.
    ///
    /// - Parameters:
    ///   - clips: Of which those without a caption are left out.
    ///   - config: The share, the vocabulary's and the batch's size.
    /// - Throws: `TrainingError`, `.badData`, without captions, or with fewer clips or captions than a batch needs.
    public init(_ clips: [PictureSet.Clip], _ config: CLIPTrainingConfig) throws {
        let captioned = clips.filter { $0.count > 0 && $0.caption?.isEmpty == false }
        guard !captioned.isEmpty else {
            throw TrainingError(
                .badData,
                "none of the \(clips.count) clips has a caption; write captions.json into their folder, "
                    + #"an object of file names and captions such as {"anna.mp4": "a woman in a red "#
                    + #"dress"}, or one NAME.txt beside each clip"#
            )
        }
        let isHeld = captioned.map { Self.isHeldOut($0.name, share: config.validationShare) }
        let trained = zip(captioned, isHeld).filter { !$0.1 }.map(\.0)
        guard trained.count >= config.batch else {
            throw TrainingError(
                .badData,
                "\(trained.count) clips with captions are left to train on and a batch needs "
                    + "\(config.batch); add clips, or lower the key batch (or validationShare)"
            )
        }
        vocabulary = BytePairTrainer(
            captions: trained.map { $0.caption ?? "" },
            limit: config.merges
        )
        let tokenizer = try CLIPTokenizer(vocabulary)
        var numbers: [[Int32]: Int] = [:]
        func read(_ clip: PictureSet.Clip) -> Clip {
            let caption = clip.caption ?? ""
            var tokens = tokenizer.tokens(of: caption)
            if tokens.count > config.context {
                tokens.removeSubrange((config.context - 1)...)
                tokens.append(tokenizer.end)
            }
            let number = numbers[tokens] ?? numbers.count
            numbers[tokens] = number
            return Clip(clip: clip, caption: caption, tokens: tokens, number: number)
        }
        training = trained.map(read)
        captionCount = numbers.count
        validation = zip(captioned, isHeld).filter(\.1).map { read($0.0) }
        guard captionCount > 1 else {
            throw TrainingError(
                .badData,
                "all \(trained.count) clips have the same caption, \"\(training[0].caption)\"; CLIP learns "
                    + "from captions that differ"
            )
        }
    }

    /// What a resumed run must find again: a hash of names and captions.
    public var identity: String {
        var hash = Self.hashStart
        for clip in training + validation {
            for byte in "\(clip.clip.name)\n\(clip.caption)\n\(clip.clip.count)\n".utf8 {
                hash = Self.hash(hash, byte)
            }
        }
        return "\(training.count)+\(validation.count) clips \(String(hash, radix: 16))"
    }

    /// Whether the hash of a name falls into the share; adding clips changes it for no other.
    private static func isHeldOut(_ name: String, share: Double) -> Bool {
        var random = SeededRandom(seed: name.utf8.reduce(hashStart, hash))
        return random.uniform() < share
    }

    // FNV-1a.
    private static let hashStart: UInt64 = 0xCBF2_9CE4_8422_2325
    private static func hash(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    /// Draws different clips, of different captions as far as there are enough.
    ///
    /// - Parameters:
    ///   - count: How many, no more than there are.
    ///   - random: Of the step.
    /// - Returns: Their places in `training`.
    func draw(_ count: Int, _ random: inout SeededRandom) -> [Int] {
        let order = training.indices.shuffled(using: &random)
        var seen: Set<Int> = []
        var chosen: [Int] = []
        var spare: [Int] = []
        for place in order where chosen.count < count {
            if seen.insert(training[place].number).inserted {
                chosen.append(place)
            } else {
                spare.append(place)
            }
        }
        return chosen + spare.prefix(count - chosen.count)
    }
}

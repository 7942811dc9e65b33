public import Tensors

/// How well the frames of clips that were not trained on find their captions, and captions their frames.
///
/// One frame of each clip is compared with every different caption of those clips. A share counts a query whose
/// partner is among the k nearest.
public struct CLIPRetrieval: Codable, Sendable, Hashable {
    /// The number of clips.
    public let clips: Int
    /// The number of different captions among theirs.
    public let captions: Int
    /// The share of frames whose caption is the nearest.
    public let imageToText1: Double
    /// The share of frames whose caption is among the five nearest.
    public let imageToText5: Double
    /// The share of captions the nearest frame to which is of a clip with that caption.
    public let textToImage1: Double
    /// The share of captions with such a frame among the five nearest.
    public let textToImage5: Double

    /// What a frame was given.
    public struct Match: Sendable {
        /// The clip.
        public let clip: CLIPClips.Clip
        /// The nearest of all captions.
        public let nearest: String
        /// The cosine of frame and nearest caption.
        public let cosine: Float

        /// Whether it is the clip's own.
        public let isRight: Bool
    }

    /// Measures.
    ///
    /// - Parameters:
    ///   - clips: N clips, at least one.
    ///   - images: Features of their frames `[N, E]`, of length 1.
    ///   - texts: Features of their captions `[N, E]`, of length 1.
    /// - Returns: The shares, and the nearest caption of every clip.
    static func measure(
        _ clips: [CLIPClips.Clip],
        images: Tensor<Float>,
        texts: Tensor<Float>
    ) -> (shares: CLIPRetrieval, matches: [Match]) {
        let width = images.shape[1]
        var seen: Set<Int> = []
        let captions = clips.indices.filter { seen.insert(clips[$0].number).inserted }
        func cosine(_ image: Int, _ text: Int) -> Float {
            let (first, second) = (image * width, text * width)
            return (0..<width).reduce(0) {
                $0 + images.scalars[first + $1] * texts.scalars[second + $1]
            }
        }
        // Ties go to the earlier candidate.
        let nearestTexts = clips.indices.map { image in
            let scores = captions.map { cosine(image, $0) }
            return scores.indices.sorted { scores[$0] > scores[$1] }.prefix(5)
                .map { (text: captions[$0], cosine: scores[$0]) }
        }
        let nearestImages = captions.map { text in
            let scores = clips.indices.map { cosine($0, text) }
            return Array(scores.indices.sorted { scores[$0] > scores[$1] }.prefix(5))
        }
        func share(_ count: Int, of total: Int) -> Double { Double(count) / Double(total) }
        func textHits(_ k: Int) -> Double {
            let hits = clips.indices.count { image in
                nearestTexts[image].prefix(k)
                    .contains { clips[$0.text].number == clips[image].number }
            }
            return share(hits, of: clips.count)
        }
        func imageHits(_ k: Int) -> Double {
            let hits = captions.indices.count { place in
                nearestImages[place].prefix(k)
                    .contains { clips[$0].number == clips[captions[place]].number }
            }
            return share(hits, of: captions.count)
        }
        let shares = CLIPRetrieval(
            clips: clips.count,
            captions: captions.count,
            imageToText1: textHits(1),
            imageToText5: textHits(5),
            textToImage1: imageHits(1),
            textToImage5: imageHits(5)
        )
        let matches = clips.indices.compactMap { image in
            nearestTexts[image].first.map { nearest in
                Match(
                    clip: clips[image],
                    nearest: clips[nearest.text].caption,
                    cosine: nearest.cosine,
                    isRight: clips[nearest.text].number == clips[image].number
                )
            }
        }
        return (shares, matches)
    }
}

extension CLIPTask {
    /// Measures weights on the clips that are not trained on.
    ///
    /// - Parameter weights: The network's tensors, such as a trainer's averages.
    /// - Returns: The shares and the nearest caption of every clip; nil if no clip is held out.
    /// - Throws: `WeightError` if a tensor is missing.
    public func retrieval(_ weights: [String: RawTensor]) throws
        -> (shares: CLIPRetrieval, matches: [CLIPRetrieval.Match])?
    {
        let held = Array(clips.validation.prefix(Self.measuredClips))
        guard !held.isEmpty else { return nil }
        let features = try features(of: held, weights)
        return CLIPRetrieval.measure(held, images: features.images, texts: features.texts)
    }

    /// More would make the figure steadier, but every checkpoint takes the time.
    private static let measuredClips = 1_000
}

internal import Foundation
internal import Media
internal import Models
internal import Packs
internal import Tensors

/// Features of pictures and texts in the space of one CLIP.
struct FeatureReader {
    private let images: CLIPModel
    private let texts: CLIPModel?
    private let tokenizer: CLIPTokenizer?

    /// Reads with a judge.
    init(_ judge: JudgeFolder.JudgeCLIP) {
        (images, texts, tokenizer) = (judge.model, judge.model, judge.tokenizer)
    }

    /// Reads with a pack's own CLIP.
    ///
    /// - Throws: `PackError`.
    init(_ pack: LoadedPack) throws {
        images = try pack.clip(for: .images)
        let readsText = pack.manifest.clip?.readsText == true
        texts = readsText ? try pack.clip(for: .texts) : nil
        tokenizer = readsText ? try pack.tokenizer() : nil
    }

    /// Numbers of a feature vector.
    var width: Int { images.config.embedDim }
    /// The side to which pictures are resized.
    var imageSize: Int { images.config.imageSize }

    private static let batch = 16

    /// `CLIP_I` of 8-bit pictures, each of length 1: `[N, E]`.
    func features(_ pictures: [RGBImage]) -> Tensor<Float> {
        let preprocessing = CLIPPreprocessing(resolution: imageSize)
        let parts = stride(from: 0, to: pictures.count, by: Self.batch).map { start in
            let batch = Array(pictures[start..<min(start + Self.batch, pictures.count)])
            let inputs = concurrentMap(batch) { picture in
                preprocessing(
                    Tensor(shape: [picture.height, picture.width, 3], scalars: picture.pixels)
                )
            }
            return normalisedRows(images.encodeImage(Tensor.stack(inputs)))
        }
        return Tensor.concatenate(parts)
    }

    /// `CLIP_T` of texts, `[N, E]`, lengths as they come; nil if it reads no texts.
    ///
    /// - Throws: `RequestError` naming the text that has no tokens.
    func features(texts descriptions: [String]) throws -> Tensor<Float>? {
        guard let texts, let tokenizer else { return nil }
        let tokens = try descriptions.map { text in
            do {
                return try tokenizer.encode(text, contextLength: texts.config.context)
            } catch {
                throw RequestError("description \"\(text)\": \(error)")
            }
        }
        return texts.encodeText(tokens)
    }

    /// How well pictures fit texts: logits `[N, M]`.
    func logits(_ pictures: Tensor<Float>, _ texts: Tensor<Float>) -> Tensor<Float> {
        images.logits(images: pictures, texts: texts)
    }

    /// The mean of rows, of length 1: `[E]`.
    static func mean(_ features: Tensor<Float>) -> Tensor<Float> {
        let mean = features.meanOverFirstAxis
        return normalisedRows(mean.reshaped([1, mean.count]))[0]
    }

    /// Cosines of rows of length 1 with a vector of length 1.
    static func cosines(_ features: Tensor<Float>, _ vector: Tensor<Float>) -> [Double] {
        (0..<features.shape[0]).map { row in
            zip(features[row].scalars, vector.scalars).reduce(0.0) { $0 + Double($1.0 * $1.1) }
        }
    }

    /// The mean of `1 - cos` over all pairs of frames: the paper's LC; nil for one frame.
    static func inconsistency(_ features: Tensor<Float>) -> Double? {
        let count = features.shape[0]
        guard count > 1 else { return nil }
        // The squared length of the sum holds each pair twice and each frame once.
        let sum = features.meanOverFirstAxis.scalars.reduce(0.0) {
            $0 + Double($1) * Double($1)
        }
        let pairs = Double(count) * Double(count) * sum - Double(count)
        return 1 - pairs / Double(count * (count - 1))
    }
}

/// The judges of an evaluation that has the truth.
struct EvaluationJudges {
    let probe: JointProbe?
    let reader: FeatureReader?
    /// SHA-256 of their weights.
    private(set) var hashes: [String: String] = [:]
    private(set) var missing: [String] = []

    /// Reads what a folder has.
    ///
    /// - Parameters:
    ///   - folder: Where judges are; nil if there are none.
    ///   - jointCount: How many joints the truth has; 0 for none.
    ///   - size: Width and height of the pictures to judge.
    /// - Throws: `PackError`, or `RequestError` if the probe reads other joints.
    init(_ folder: String?, jointCount: Int, size: (width: Int, height: Int)) throws {
        guard let folder else {
            (probe, reader) = (nil, nil)
            missing = [
                "joints, edits seen and identity: no judges; give --judges DIR or the key judges"
            ]
            return
        }
        let judges = try JudgeFolder(folder: folder)
        let found = try judges.jointProbe()
        if let found, jointCount > 0, found.probe.jointCount != jointCount {
            throw RequestError(
                "judges \"\(folder)\": the probe reads \(found.probe.jointCount) joints, jointNames has "
                    + "\(jointCount)"
            )
        }
        let fits = size.width % JointProbe.cell == 0 && size.height % JointProbe.cell == 0
        probe = jointCount > 0 && fits ? found?.probe : nil
        if found != nil, !fits {
            missing.append(
                "joint errors: pictures of \(size.width)x\(size.height) are no multiples of "
                    + "\(JointProbe.cell)"
            )
        }
        let clip = try judges.clip()
        reader = clip.map(FeatureReader.init)
        hashes["joints"] = found?.sha256
        hashes["clip"] = clip?.sha256
        if jointCount == 0 { missing.append("joint errors: the samples have no jointNames") }
        if jointCount > 0, found == nil {
            missing.append("joint errors: \"\(folder)\" has no \(JudgeFolder.jointsName)")
        }
        if reader == nil {
            missing.append(
                "edits seen and identity: \"\(folder)\" has no \(JudgeFolder.manifestName)"
            )
        }
    }

    private static let batch = 16

    /// The joints in pictures; nil without a probe.
    func joints(_ pictures: [RGBImage]) -> [[SIMD2<Double>]]? {
        guard let probe else { return nil }
        return stride(from: 0, to: pictures.count, by: Self.batch).flatMap { start in
            let batch = pictures[start..<min(start + Self.batch, pictures.count)]
            return probe(Tensor.stack(batch.map { $0.tensor(.minusOneToOne) }))
        }
    }
}

internal import Foundation
internal import Kernels
public import Tensors

/// CLIP: images and texts as vectors of one space.
///
/// Source: Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision"; spec
/// section 4.
public struct CLIPModel: Sendable {
    /// The sizes.
    public let config: CLIPConfig
    private let images: CLIPVision?
    private let texts: CLIPText?
    /// What cosines are multiplied by.
    private let logitFactor: Float

    /// One of its two networks, which know nothing of each other.
    public enum Half: Sendable {
        /// The encoder of images.
        case images
        /// The encoder of texts.
        case texts
    }

    /// Reads the weights in the layout that the configuration names.
    ///
    /// - Parameters:
    ///   - config: The sizes; validated here.
    ///   - weights: The model's tensors.
    ///   - half: The only half that is read and may be used; nil for both.
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: CLIPConfig, _ weights: Weights, only half: Half? = nil) throws {
        try config.validate()
        self.config = config
        images = half == .texts ? nil : try CLIPVision(config, weights)
        texts = half == .images ? nil : try CLIPText(config, weights)
        logitFactor = exp(try weights.float("logit_scale", []).scalars[0])
    }

    /// Encodes images.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, S, S]`, as `CLIPPreprocessing` makes them.
    ///   - observe: Called with `vision_patch`, `vision_ln_pre`, `vision_block_0`, ..., each `[N, T, W]`.
    /// - Returns: Features `[N, E]`, not normalised.
    public func encodeImage(
        _ images: Tensor<Float>,
        observe: ((String, Tensor<Float>) -> Void)? = nil
    ) -> Tensor<Float> {
        check(images)
        return ThreadPool.crew { vision(images, observe: observe) }
    }

    private var vision: CLIPVision {
        guard let images else { preconditionFailure("this CLIP was read for texts alone") }
        return images
    }

    private var text: CLIPText {
        guard let texts else { preconditionFailure("this CLIP was read for images alone") }
        return texts
    }

    private func check(_ images: Tensor<Float>) {
        let side = config.imageSize
        precondition(
            images.rank == 4 && Array(images.shape[1...]) == [3, side, side],
            "encodeImage needs [N, 3, \(side), \(side)], got \(images.shape)"
        )
    }

    /// Encodes texts.
    ///
    /// - Parameters:
    ///   - tokens: N lists of 1 to `context` ids in `0..<vocabulary`; a text ends at its largest id.
    ///   - observe: Called with `text_block_0`, ..., each `[N, T, W]`; without it, padding is left out.
    /// - Returns: Features `[N, E]`, not normalised.
    public func encodeText(
        _ tokens: [[Int32]],
        observe: ((String, Tensor<Float>) -> Void)? = nil
    ) -> Tensor<Float> {
        for ids in tokens {
            precondition(
                (1...config.context) ~= ids.count
                    && ids.allSatisfy { $0 >= 0 && Int($0) < config.vocabulary },
                "encodeText needs 1 to \(config.context) ids below \(config.vocabulary), got \(ids)"
            )
        }
        return ThreadPool.crew { text(tokens, observe: observe) }
    }

    /// How well images and texts fit: scaled cosines of features `[N, E]` and `[M, E]`, as `[N, M]`.
    public func logits(images: Tensor<Float>, texts: Tensor<Float>) -> Tensor<Float> {
        let (left, right) = (normalisedRows(images), normalisedRows(texts))
        let (rows, columns, width) = (left.shape[0], right.shape[0], left.shape[1])
        return Tensor(uninitialized: [rows, columns]) { out in
            guard let out = out.baseAddress else { return }
            MatrixProduct.float(
                m: rows,
                n: columns,
                k: width,
                alpha: logitFactor,
                a: left.scalars,
                lda: width,
                b: right.scalars,
                ldb: width,
                transposesB: true,
                c: out,
                ldc: columns
            )
        }
    }
}

/// Divides every row of `[N, E]` by its length.
public func normalisedRows(_ x: Tensor<Float>) -> Tensor<Float> {
    let width = x.shape[1]
    var result = x
    for start in stride(from: 0, to: x.count, by: width) {
        let square = x.scalars[start..<start + width].reduce(Float(0)) { $0 + $1 * $1 }
        let factor = 1 / square.squareRoot()
        for index in start..<start + width { result.scalars[index] *= factor }
    }
    return result
}

public import Gradients
public import Kernels
internal import Tensors

/// The loss of pairs of pictures and texts: each finds its partner among those of the batch.
///
/// The mean of the cross-entropies over rows and over columns of scaled cosines. Pairs whose captions are equal are no
/// negatives of each other: they are left out of each other's sums. Source: Radford et al. 2021, figure 3.
public struct ContrastiveLoss {
    /// The loss, `[]`.
    public let loss: Variable<Float>
    /// The share of pictures whose nearest text has their caption.
    public let imageToText: Double
    /// The share of texts whose nearest picture has that caption.
    public let textToImage: Double

    /// Added to the logits of equal captions: their exponential is 0 beside that of the pair's own logit.
    private static let excluded: Float = -10_000

    /// Compares a batch.
    ///
    /// - Parameters:
    ///   - images: Features of pictures `[N, E]`, of any length.
    ///   - texts: Features of their texts `[N, E]`, of any length.
    ///   - logitScale: The logarithm of what cosines are multiplied by, `[]`.
    ///   - captions: N numbers, equal ones for equal captions.
    public init(
        images: Variable<Float>,
        texts: Variable<Float>,
        logitScale: Variable<Float>,
        captions: [Int]
    ) {
        let count = captions.count
        precondition(
            images.shape == texts.shape && images.shape.first == count,
            "pictures \(images.shape), texts \(texts.shape), \(count) captions"
        )
        let cosines = Variable.matrixProduct(
            images.unitRows(),
            texts.unitRows(),
            transposesB: true
        )
        let factors = logitScale.exponential.spread(width: count * count).reshaped([count, count])
        let logits = cosines * factors  // [N, N]
        let mask = Tensor<Float>(uninitialized: [count, count]) { out in
            for row in 0..<count {
                for column in 0..<count {
                    let isTwin = row != column && captions[row] == captions[column]
                    out.initializeElement(
                        at: row * count + column,
                        to: isTwin ? Self.excluded : 0
                    )
                }
            }
        }
        let masked = logits + Variable(mask)
        let pairs = Array(0..<count)
        loss = Variable.sum(
            masked.crossEntropy(pairs),
            masked.transposed.crossEntropy(pairs),
            0.5,
            0.5
        )
        let scalars = logits.value.scalars
        imageToText = Self.share(captions) { row, column in scalars[row * count + column] }
        textToImage = Self.share(captions) { row, column in scalars[column * count + row] }
    }

    /// The share of queries whose best candidate has their caption.
    private static func share(_ captions: [Int], _ score: (Int, Int) -> Float) -> Double {
        let hits = captions.indices.count { query in
            let best = captions.indices.max { score(query, $0) < score(query, $1) }
            return best.map { captions[$0] == captions[query] } ?? false
        }
        return Double(hits) / Double(max(captions.count, 1))
    }
}

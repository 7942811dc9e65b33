import Foundation
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// The shared transformer pieces against slower ways to the same numbers.
struct TransformerBlockTests {
    @Test func tracedRunsTheSameBlock() {
        let block = Self.block(width: 8, heads: 2, activation: .quickGELU)
        let x = noise([3, 6, 8], seed: 5)
        #expect(block.traced(x).output == block(x))
    }

    @Test func causalTokensDoNotSeeLaterOnes() {
        let block = Self.block(width: 8, heads: 2, activation: .gelu)
        let x = noise([1, 7, 8], seed: 6)
        let start = Tensor(shape: [1, 4, 8], scalars: Array(x.scalars[..<32]))
        #expect(block(start, causal: true)[0] == block(x, causal: true)[0][0..<4])
    }

    @Test func packedAttentionEqualsAttentionOfItsParts() {
        let packed = noise([2, 5, 24], seed: 7)
        let parts = (0..<3).map { third in
            var scalars: [Float] = []
            for start in stride(from: third * 8, to: packed.count, by: 24) {
                scalars += packed.scalars[start..<start + 8]
            }
            return Tensor(shape: [2, 5, 8], scalars: scalars)
        }
        for causal in [false, true] {
            let traced = PackedAttention.traced(packed, heads: 4, causal: causal)
            let expected = Attention.attend(parts[0], parts[1], parts[2], heads: 4, causal: causal)
            #expect(PackedAttention.attend(packed, heads: 4, causal: causal) == expected)
            #expect(traced.mixed == expected)
            #expect(traced.probabilities.shape == [2, 4, 5, 5])
        }
    }

    @Test func patchEmbeddingEqualsStridedConvolution() {
        let weight = noise([6, 3, 4, 4], seed: 8)
        let bias = noise([6], seed: 9)
        let images = noise([2, 3, 14, 9], seed: 10)
        let embedding = PatchEmbedding(weight: weight, bias: bias)
        let tokens = embedding(images)
        let expected = Convolution(weight: weight, bias: bias, stride: 4)(images)  // [2, 6, 3, 2]
        #expect(tokens.shape == [2, 6, 6])
        let channelsFirst = Tensor(
            shape: expected.shape,
            scalars: (0..<expected.count).map { index in
                let (sample, channel, token) = (index / 36, index / 6 % 6, index % 6)
                return tokens.scalars[(sample * 6 + token) * 6 + channel]
            }
        )
        expectClose(
            channelsFirst,
            expected,
            abs: 1e-4,
            because: "48 float32 products in another order",
            name: "patches"
        )
    }

    private static func block(
        width: Int,
        heads: Int,
        activation: TransformerActivation
    ) -> TransformerBlock {
        func linear(_ output: Int, _ input: Int, _ seed: UInt64) -> Linear {
            Linear(
                weight: noise([output, input], seed: seed).map { $0 / Float(input).squareRoot() },
                bias: noise([output], seed: seed + 1)
            )
        }
        func norm(_ seed: UInt64) -> LayerNorm {
            LayerNorm(
                weight: noise([width], seed: seed).map { 1 + $0 / 4 },
                bias: noise([width], seed: seed + 1),
                eps: 1e-5
            )
        }
        return TransformerBlock(
            norm1: norm(100),
            qkv: linear(3 * width, width, 102),
            projection: linear(width, width, 104),
            norm2: norm(106),
            expand: linear(4 * width, width, 108),
            contract: linear(width, 4 * width, 110),
            heads: heads,
            activation: activation
        )
    }
}

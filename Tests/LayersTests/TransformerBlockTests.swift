import Foundation
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// The shared transformer pieces against slower ways to the same numbers.
struct TransformerBlockTests {
    @Test(arguments: [TransformerActivation.gelu, .quickGELU], [false, true])
    func inputGradientIsTheSlopeOfTheLoss(activation: TransformerActivation, causal: Bool) {
        let block = Self.block(width: 12, heads: 3, activation: activation)
        let x = noise([2, 5, 12], seed: 1)
        let weights = noise([2, 5, 12], seed: 2)
        let gradient = block.inputGradient(output: weights, block.traced(x, causal: causal).trace)
        expectSlope(of: gradient, at: x) { dot(block($0, causal: causal), weights) }
    }

    @Test func packedGradientPassesBesideTheAttention() {
        let block = Self.block(width: 12, heads: 2, activation: .gelu)
        let x = noise([2, 4, 12], seed: 3)
        let weights = noise([2, 4, 36], seed: 4)
        let trace = block.traced(x).trace
        let gradient = block.inputGradient(output: nil, qkv: weights, trace)
        expectSlope(of: gradient, at: x) { dot(block.traced($0).trace.qkv, weights) }
        let both = block.inputGradient(output: x, qkv: weights, trace)
        expectClose(
            both,
            gradient + block.inputGradient(output: x, trace),
            abs: 1e-4,
            because: "gradients add up; sums of a few hundred float32 products",
            name: "both gradients"
        )
    }

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
        let weights = noise(tokens.shape, seed: 11)
        let gradient = embedding.inputGradient(weights, shape: images.shape)
        expectSlope(of: gradient, at: images) { dot(embedding($0), weights) }
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

/// Expects a gradient to be the slope of a loss along its own direction, by central differences.
private func expectSlope(
    of gradient: Tensor<Float>,
    at x: Tensor<Float>,
    loss: (Tensor<Float>) -> Double
) {
    let length = dot(gradient, gradient).squareRoot()
    let step = 1e-2
    func moved(_ sign: Double) -> Tensor<Float> {
        Tensor(
            shape: x.shape,
            scalars: zip(x.scalars, gradient.scalars).map {
                $0 + Float(sign * step * Double($1) / length)
            }
        )
    }
    let slope = (loss(moved(1)) - loss(moved(-1))) / (2 * step)
    #expect(abs(slope - length) < 2e-3 * length, "slope \(slope), gradient \(length)")
}

private func dot(_ a: Tensor<Float>, _ b: Tensor<Float>) -> Double {
    zip(a.scalars, b.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

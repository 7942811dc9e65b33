import Foundation
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// Attention against plain loops in float64.
struct AttentionTests {
    @Test(arguments: 0..<12, [false, true])
    func equalsPlainLoops(seed: Int, causal: Bool) {
        let heads = [1, 2, 3][seed % 3]
        let (batch, width) = (1 + seed % 4, heads * (1 + seed))
        let (queryCount, keyCount) = (1 + seed * 5 % 7, 1 + seed * 3 % 8)
        let base = UInt64(seed * 10)
        let queries = noise([batch, queryCount, width], seed: base + 1).map { $0 * 3 }
        let keys = noise([batch, keyCount, width], seed: base + 2).map { $0 * 3 }
        let values = noise([batch, keyCount, width], seed: base + 3)
        expectClose(
            Attention.attend(queries, keys, values, heads: heads, causal: causal),
            plain(queries, keys, values, heads: heads, causal: causal),
            abs: 64 * unit,
            because: "scores up to 30 are rounded before exp: 30 * 2^-24 of every probability",
            name: "\(queries.shape), \(keyCount) keys, \(heads) heads, causal \(causal)"
        )
    }

    @Test func dependsOnNeitherThreadsNorBatch() {
        let x = noise([3, 70, 96], seed: 4)
        let usual = ThreadPool.threadCount
        defer { ThreadPool.setThreadCount(usual) }
        ThreadPool.setThreadCount(1)
        let together = Attention.attend(x, x, x, heads: 2)
        for sample in 0..<3 {
            let one = x[sample..<sample + 1]
            #expect(Attention.attend(one, one, one, heads: 2)[0] == together[sample])
        }
        for count in 2...3 {
            ThreadPool.setThreadCount(count)
            #expect(Attention.attend(x, x, x, heads: 2) == together)
        }
    }

    private func plain(
        _ queries: Tensor<Float>,
        _ keys: Tensor<Float>,
        _ values: Tensor<Float>,
        heads: Int,
        causal: Bool
    ) -> Tensor<Float> {
        let (queryCount, keyCount) = (queries.shape[1], keys.shape[1])
        let width = queries.shape[2]
        let head = width / heads
        var result = queries
        for index in result.scalars.indices {
            let (row, column) = (index / width, index % width)
            let (sample, query) = (row / queryCount, row % queryCount)
            let first = column / head * head
            let seen = causal ? min(query + 1, keyCount) : keyCount
            let powers = (0..<seen).map { key in
                let score = (first..<first + head).reduce(0.0) {
                    $0 + Double(queries.scalars[row * width + $1])
                        * Double(keys.scalars[(sample * keyCount + key) * width + $1])
                }
                return exp(score / Double(head).squareRoot())
            }
            let mixed = (0..<seen).reduce(0.0) {
                $0 + powers[$1]
                    * Double(values.scalars[(sample * keyCount + $1) * width + column])
            }
            result.scalars[index] = Float(mixed / powers.reduce(0, +))
        }
        return result
    }
}

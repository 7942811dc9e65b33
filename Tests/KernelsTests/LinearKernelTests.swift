import Kernels
import Tensors
import TestSupport
import Testing

/// Products with constant weights against plain loops in float64, on random shapes.
struct LinearKernelTests {
    @Test(arguments: 0..<30) func equalsReference(seed: Int) {
        var random = Randomness(seed: seed)
        let (rows, outputs, inputs) = (random.int(1...40), random.int(1...70), random.int(1...200))
        let weight = random.tensor([outputs, inputs])
        let x = random.tensor([rows, inputs])
        let bias = random.tensorOrNil([outputs])
        let addend = random.tensorOrNil([rows, outputs])
        let activation = [Passes.Activation.identity, .gelu, .quickGELU][seed % 3]
        let kernel = LinearKernel(weight: weight)
        var expected = Tensor<Float>(repeating: 0, shape: [rows, outputs])
        for row in 0..<rows {
            for output in 0..<outputs {
                expected.scalars[row * outputs + output] =
                    bias?.scalars[output] ?? 0
            }
        }
        Reference.product(
            m: rows,
            n: outputs,
            k: inputs,
            a: x.scalars,
            lda: inputs,
            b: weight.scalars,
            ldb: inputs,
            transposesB: true,
            accumulates: true,
            c: &expected.scalars,
            ldc: outputs
        )
        switch activation {
        case .identity: break
        case .gelu: Reference.gelu(&expected)
        case .quickGELU: Reference.quickGELU(&expected)
        }
        if let addend { expected = expected + addend }
        expectClose(
            kernel(x, bias: bias, activation: activation, adding: addend),
            expected,
            abs: 2 * sumBound(inputs),
            rel: 4 * unit,
            because: "a float32 sum of \(inputs) products, then an activation of slope up to 1.2",
            name: "[\(rows), \(inputs)] to \(outputs), \(activation)"
        )
        #expect(kernel.weight == weight)
    }

    /// Rows are computed alone or beside others, on one thread or more, with the same bits.
    @Test(arguments: [1, 7, 23, 200]) func rowsDoNotDependOnTheirNumber(rows: Int) {
        var random = Randomness(seed: rows)
        let kernel = LinearKernel(weight: random.tensor([530, 300]))
        let x = random.tensor([rows, 300])
        let usual = ThreadPool.threadCount
        defer { ThreadPool.setThreadCount(usual) }
        ThreadPool.setThreadCount(1)
        let together = kernel(x, activation: .gelu)
        for row in 0..<rows {
            #expect(kernel(x[row..<row + 1], activation: .gelu)[0] == together[row])
        }
        for count in 2...3 {
            ThreadPool.setThreadCount(count)
            #expect(kernel(x, activation: .gelu) == together)
        }
    }
}

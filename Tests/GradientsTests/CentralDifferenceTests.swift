import Gradients
import ODE
import Tensors
import Testing

@Suite struct CentralDifferenceTests {
    @Test func arithmetic() throws {
        let (a, b) = (varied([3, 5]), varied([3, 5], seed: 2).map { $0 + 2 })
        try expectGradients(of: [a, b]) { $0[0] + $0[1] }
        try expectGradients(of: [a, b]) { $0[0] - $0[1] }
        try expectGradients(of: [a, b]) { $0[0] * $0[1] }
        try expectGradients(of: [a, b]) { $0[0] / $0[1] }
        try expectGradients(of: [a]) { $0[0].scaled(3, plus: 1).squared }
        try expectGradients(of: [b]) { $0[0].squareRoot(eps: 0.5) }
        try expectGradients(of: [b]) { $0[0].inverseRoot(eps: 0.5) }
        try expectGradients(of: [b]) { $0[0].logarithm() + $0[0].exponential }
        try expectGradients(of: [a, b]) { .combination([(2, $0[0]), (-0.5, $0[1]), (1, $0[0])]) }
    }

    @Test func activations() throws {
        let x = varied([4, 7]).map { $0 * 3 }
        try expectGradients(of: [x]) { $0[0].tanh }
        try expectGradients(of: [x]) { $0[0].sigmoid }
        try expectGradients(of: [x]) { $0[0].gelu }
        try expectGradients(of: [x]) { $0[0].quickGELU }
        try expectGradients(of: [x]) { $0[0].leakyReLU(slope: 0.2, gain: 1.4) }
        try expectGradients(of: [x]) { $0[0].magnitude }
        try expectGradients(of: [x]) { $0[0].maximum(0.3) }
        try expectGradients(of: [x]) { $0[0].softmax }
        try expectGradients(of: [x, varied([7])]) { $0[0].parametricReLU($0[1]) }
    }

    @Test func shapes() throws {
        let x = varied([2, 3, 4])
        try expectGradients(of: [x]) { $0[0].columns(1..<3) }
        try expectGradients(of: [x]) { $0[0].entries(1..<2) }
        try expectGradients(of: [x]) { $0[0].transposed }
        try expectGradients(of: [x]) { .joinColumns([$0[0], $0[0].columns(0..<1)]) }
        try expectGradients(of: [x]) { .concatenated([$0[0], $0[0].entries(0..<1)]) }
        try expectGradients(of: [x]) { $0[0].picking([1, 1, 0]) }
        try expectGradients(of: [x]) { $0[0].spread(width: 3) }
    }

    @Test func sums() throws {
        let (a, b) = (varied([2, 3, 4]), varied([2, 3, 4], seed: 2))
        try expectGradients(of: [a]) { $0[0].mean }
        try expectGradients(of: [a]) { $0[0].sumOverRows(3) }
        try expectGradients(of: [a]) { $0[0].meanOverRows() }
        try expectGradients(of: [a]) { $0[0].sumOverColumns }
        try expectGradients(of: [a, b]) { .inner($0[0], $0[1]) }
        try expectGradients(of: [a, b]) { .cosine($0[0], $0[1]) }
        try expectGradients(of: [a, varied([2, 3])]) { $0[0].scaledRows($0[1]) }
    }

    @Test func norms() throws {
        let x = varied([2, 5, 6])
        let (weight, bias) = (varied([6], seed: 2), varied([6], seed: 3))
        try expectGradients(of: [x]) { $0[0].normalised(eps: 1e-5) }
        try expectGradients(of: [x]) { $0[0].normalised(eps: 1e-5, width: 30) }
        try expectGradients(of: [x, weight, bias]) {
            $0[0].layerNorm(weight: $0[1], bias: $0[2])
        }
        try expectGradients(of: [x, weight, bias]) {
            $0[0].batchNorm(weight: $0[1], bias: $0[2]).value
        }
        try expectGradients(of: [varied([4, 6])]) { $0[0].crossEntropy([3, 0, 5, 1]) }
    }

    @Test func rows() throws {
        let x = varied([2, 3, 3, 4])
        try expectGradients(of: [x, varied([2, 4], seed: 2)]) { $0[0].multiplyingRows($0[1]) }
        try expectGradients(of: [x, varied([4], seed: 2)]) { $0[0].addingRows($0[1]) }
        let noise = varied([3, 3], seed: 5)
        try expectGradients(of: [x, varied([4], seed: 2), varied([1], seed: 3)]) {
            $0[0].activated(bias: $0[1], noise: noise, strength: $0[2])
        }
    }

    @Test func products() throws {
        let x = varied([2, 5, 6])
        try expectGradients(of: [x, varied([3, 6], seed: 2), varied([3], seed: 3)]) {
            $0[0].linear($0[1], bias: $0[2], gain: 0.7)
        }
        try expectGradients(of: [varied([4, 5]), varied([5, 3], seed: 2)]) {
            .matrixProduct($0[0], $0[1])
        }
    }

    @Test(arguments: [false, true]) func attention(isCausal: Bool) throws {
        let (q, k, v) = (
            varied([2, 4, 6]), varied([2, 5, 6], seed: 2), varied([2, 5, 6], seed: 3)
        )
        try expectGradients(of: [q, k, v]) {
            .attention(queries: $0[0], keys: $0[1], values: $0[2], heads: 2, causal: isCausal)
        }
        let packed = varied([2, 4, 18], seed: 4)
        try expectGradients(of: [packed]) { $0[0].selfAttention(heads: 3, causal: isCausal) }
        let x = Variable(packed)
        let parts = (0..<3).map { x.columns(6 * $0..<6 * $0 + 6) }
        #expect(
            x.selfAttention(heads: 3, causal: isCausal).value
                == Variable.attention(
                    queries: parts[0],
                    keys: parts[1],
                    values: parts[2],
                    heads: 3,
                    causal: isCausal
                ).value
        )
    }

    @Test(arguments: [1, 2], [[0, 0, 0, 0], [1, 1, 1, 1], [1, 1, 0, 0]])
    func convolutions(stride: Int, padding: [Int]) throws {
        try expectGradients(of: [varied([2, 6, 5, 3]), varied([4, 3, 3, 3], seed: 2)]) {
            $0[0].convolved($0[1], stride: stride, padding: padding)
        }
    }

    @Test func otherConvolutions() throws {
        try expectGradients(of: [varied([2, 3, 4, 3]), varied([4, 3, 3, 3], seed: 2)]) {
            $0[0].convolvedTransposed($0[1], stride: 2)
        }
        try expectGradients(of: [varied([2, 3, 4, 3]), varied([4, 3, 1, 1], seed: 2)]) {
            $0[0].convolved($0[1])
        }
        try expectGradients(of: [varied([2, 5, 4, 3]), varied([4, 3, 1, 1], seed: 2)]) {
            $0[0].convolved($0[1], stride: 2)
        }
        try expectGradients(of: [varied([4, 3, 3, 3])]) { $0[0].kernelSquares }
    }

    @Test func filters() throws {
        let fir: [Double] = [0.25, 0.75, 0.75, 0.25]
        let x = varied([2, 4, 5, 3])
        for axis in 1...2 {
            let inputs = x.shape[axis]
            for map in [
                AxisMap(inputs: inputs, filter: fir, up: 2, padding: (2, 1)),
                AxisMap(inputs: inputs, filter: fir, padding: (1, 1)),
                AxisMap(inputs: inputs, reflecting: 1, 2),
                AxisMap(inputs: inputs, terms: [[], [(0, 1)], [(2, 1)], [(2, -3), (0, 1)]]),
                AxisMap(inputs: inputs, picking: [1, 0, 2, 2]),
            ] {
                try expectGradients(of: [x]) { $0[0].mapped(map, axis: axis) }
            }
        }
    }

    /// A small field of two convolutions with tanh between, as the latent ODE has.
    private func field(_ parameters: [Variable<Double>]) -> LatentField {
        LatentField(parameters: parameters) { z, parameters in
            z.convolved(parameters[0], padding: [1, 1, 1, 1]).addingRows(parameters[1]).tanh
                .convolved(parameters[2], padding: [1, 1, 1, 1])
        }
    }

    private let weights = [
        varied([3, 4, 3, 3], seed: 2).map { $0 * 0.5 }, varied([3], seed: 3),
        varied([4, 3, 3, 3], seed: 4).map { $0 * 0.5 },
    ]
    private let times = [0, 0.1, 0.35, 0.36, 0.9]

    /// With steps taken as given the gradient is exact for them; how they move with z0 is below the tolerance of the
    /// solve, which is set so small that it does not show.
    @Test func throughTheSolver() throws {
        let tight = StepController(rtol: 1e-9, atol: 1e-10)
        try expectGradients(of: [varied([2, 3, 2, 4])] + weights, tolerance: 1e-6) {
            try field(Array($0[1...])).solve(from: $0[0], at: times, controller: tight)
        }
    }

    @Test func byTheAdjoint() throws {
        let tight = StepController(rtol: 1e-9, atol: 1e-10)
        try expectGradients(of: [varied([2, 3, 2, 4])] + weights, tolerance: 1e-6) {
            try field(Array($0[1...])).solve(
                from: $0[0],
                at: times,
                controller: tight,
                gradient: .adjoint
            )
        }
    }
}

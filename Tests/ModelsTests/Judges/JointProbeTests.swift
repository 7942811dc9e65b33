import Foundation
import Models
import Tensors
import Testing

/// The probe against plain loops in float64, on random weights.
struct JointProbeTests {
    private struct Archive: TensorArchive {
        let path = "probe"
        let tensors: [String: Tensor<Float>]

        var names: [String] { tensors.keys.sorted() }

        func raw(_ name: String) -> RawTensor? { tensors[name].map { RawTensor($0) } }
    }

    /// Outputs, inputs and stride of the six convolutions.
    private static let layers = [
        (24, 3, 1), (32, 24, 2), (64, 32, 2), (64, 64, 1), (96, 64, 2), (96, 96, 1),
    ]

    private static func noise(_ shape: [Int], _ seed: UInt64, _ scale: Float) -> Tensor<Float> {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        let count = shape.reduce(1, *)
        let scalars = (0..<count).map { _ -> Float in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return scale * (Float(state >> 40) / Float(1 << 23) - 1)
        }
        return Tensor(shape: shape, scalars: scalars)
    }

    private static func weights(joints: Int) -> [String: Tensor<Float>] {
        var tensors: [String: Tensor<Float>] = [:]
        for (index, layer) in layers.enumerated() {
            let scale = (6 / Float(9 * layer.1)).squareRoot()
            let name = "convs.\(index)"
            tensors[name + ".weight"] = noise([layer.0, layer.1, 3, 3], UInt64(index + 1), scale)
            tensors[name + ".bias"] = noise([layer.0], UInt64(index + 11), 0.1)
        }
        for (name, count) in [("heat", joints), ("offset", 2 * joints)] {
            tensors[name + ".weight"] = noise([count, 96, 1, 1], UInt64(count), 0.5)
            tensors[name + ".bias"] = noise([count], UInt64(count + 7), 0.5)
        }
        return tensors
    }

    /// A convolution with zero padding by the book: `x [C, S, S]`.
    private func convolved(
        _ x: [[[Double]]],
        _ weight: Tensor<Float>,
        _ bias: Tensor<Float>,
        _ stride: Int
    ) -> [[[Double]]] {
        let (outputs, inputs, kernel) = (weight.shape[0], weight.shape[1], weight.shape[2])
        let (size, reach) = (x[0].count, kernel / 2)
        let places = Swift.stride(from: 0, to: size, by: stride)
        return (0..<outputs).map { output in
            places.map { row in
                places.map { column in
                    var sum = Double(bias.scalars[output])
                    for input in 0..<inputs {
                        for ky in 0..<kernel {
                            for kx in 0..<kernel {
                                let (y, z) = (row + ky - reach, column + kx - reach)
                                guard (0..<size).contains(y), (0..<size).contains(z) else {
                                    continue
                                }
                                let place = ((output * inputs + input) * kernel + ky) * kernel + kx
                                sum += Double(weight.scalars[place]) * x[input][y][z]
                            }
                        }
                    }
                    return sum
                }
            }
        }
    }

    private func reference(
        _ picture: Tensor<Float>,
        _ weights: [String: Tensor<Float>]
    ) throws -> [SIMD2<Double>] {
        func tensor(_ name: String) throws -> Tensor<Float> { try #require(weights[name]) }
        let side = picture.shape[1]
        var x = (0..<3).map { channel in
            (0..<side).map { row in
                (0..<side).map { Double(picture.scalars[(channel * side + row) * side + $0]) }
            }
        }
        for (index, layer) in Self.layers.enumerated() {
            let name = "convs.\(index)"
            x = convolved(x, try tensor(name + ".weight"), try tensor(name + ".bias"), layer.2)
            x = x.map { $0.map { $0.map { $0 < 0 ? 0.2 * $0 : $0 } } }
        }
        let heat = convolved(x, try tensor("heat.weight"), try tensor("heat.bias"), 1)
        let offset = convolved(x, try tensor("offset.weight"), try tensor("offset.bias"), 1)
        return heat.indices.map { joint in
            var (point, total) = (SIMD2<Double>(0, 0), 0.0)
            for (row, line) in heat[joint].enumerated() {
                for (column, value) in line.enumerated() {
                    let weight = exp(value)
                    let centre = SIMD2(Double(column) + 0.5, Double(row) + 0.5) * 8
                    let shift = SIMD2(
                        offset[2 * joint][row][column],
                        offset[2 * joint + 1][row][column]
                    )
                    point += (centre + shift) * weight
                    total += weight
                }
            }
            return point / total
        }
    }

    @Test func pointsAreThoseOfPlainLoops() throws {
        let weights = Self.weights(joints: 3)
        let probe = try JointProbe(Weights(Archive(tensors: weights)))
        #expect(probe.jointCount == 3)
        let pictures = Self.noise([2, 3, 32, 32], 99, 1)
        let found = probe(pictures)
        for picture in 0..<2 {
            let wanted = try reference(pictures[picture], weights)
            for (one, two) in zip(found[picture], wanted) {
                // Six float32 layers of up to 864 products: 1e-5 relative, times 32 pixels.
                #expect(abs(one.x - two.x) < 2e-3 && abs(one.y - two.y) < 2e-3, "\(one) \(two)")
            }
        }
    }

    @Test func aProbeWithoutATensorSaysWhich() throws {
        var weights = Self.weights(joints: 3)
        weights["convs.4.bias"] = nil
        let error = #expect(throws: WeightError.self) {
            _ = try JointProbe(Weights(Archive(tensors: weights)))
        }
        #expect(error?.description.contains("convs.4.bias") == true)
        weights = Self.weights(joints: 3)
        weights["offset.weight"] = Self.noise([5, 96, 1, 1], 1, 1)
        #expect(throws: WeightError.self) {
            _ = try JointProbe(Weights(Archive(tensors: weights)))
        }
    }
}

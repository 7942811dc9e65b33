internal import Foundation
internal import Kernels
public import Tensors

/// A judge that reads joints from pictures: convolutions, a heat map for each joint, and an offset.
///
/// Shapes: pictures `[N, 3, S, S]` in -1...1 to points `[N, J, 2]`, x and y in pixels of the picture. The body's
/// stride is 8: the heat map of a picture of 128 has 16x16 cells. A joint is the mean of the cells' centres plus
/// offsets, weighted by the softmax of its heat map. It is trained apart from the packs that it judges.
public struct JointProbe: Sendable {
    /// How many joints it reads.
    public let jointCount: Int

    private struct Layer: Sendable {
        let outputs: Int
        let inputs: Int
        let stride: Int
    }

    private static let layers = [
        Layer(outputs: 24, inputs: 3, stride: 1), Layer(outputs: 32, inputs: 24, stride: 2),
        Layer(outputs: 64, inputs: 32, stride: 2), Layer(outputs: 64, inputs: 64, stride: 1),
        Layer(outputs: 96, inputs: 64, stride: 2), Layer(outputs: 96, inputs: 96, stride: 1),
    ]
    /// Pixels of a picture along the side of a cell.
    public static let cell = 8
    private static let slope: Float = 0.2

    private let body: [Convolution]
    private let heat: Convolution
    private let offset: Convolution

    /// Reads the weights: `convs.0` to `convs.5`, `heat` and `offset`, each `.weight` `[O, I, k, k]` and `.bias`.
    ///
    /// - Throws: `WeightError`.
    public init(_ weights: Weights) throws {
        func convolution(_ name: String, _ shape: [Int], _ stride: Int) throws -> Convolution {
            let weight = try weights.float(name + ".weight", shape)
            return Convolution(
                weight: weight,
                bias: try weights.float(name + ".bias", [weight.shape[0]]),
                stride: stride,
                padding: shape[2] / 2
            )
        }
        body = try Self.layers.enumerated().map { index, layer in
            let shape = [layer.outputs, layer.inputs, 3, 3]
            return try convolution("convs.\(index)", shape, layer.stride)
        }
        let width = Self.layers[Self.layers.count - 1].outputs
        heat = try convolution("heat", [-1, width, 1, 1], 1)
        jointCount = heat.geometry.outChannels
        offset = try convolution("offset", [2 * jointCount, width, 1, 1], 1)
    }

    /// Reads the joints.
    ///
    /// - Parameter pictures: `[N, 3, S, S]`, -1...1, S a multiple of 8.
    /// - Returns: For each picture the points in the order that it was trained with.
    public func callAsFunction(_ pictures: Tensor<Float>) -> [[SIMD2<Double>]] {
        precondition(
            pictures.rank == 4 && pictures.shape[1] == 3,
            "a probe reads [N, 3, S, S], got \(pictures.shape)"
        )
        var x = pictures
        for layer in body {
            x = layer(x).map { max($0, Self.slope * $0) }
        }
        let (maps, shifts) = (heat(x), offset(x))
        return (0..<pictures.shape[0]).map { picture in
            points(maps[picture], shifts[picture])
        }
    }

    /// Shapes: `map [J, h, w]`, `shift [2J, h, w]`.
    private func points(_ map: Tensor<Float>, _ shift: Tensor<Float>) -> [SIMD2<Double>] {
        let (columns, cells) = (map.shape[2], map.shape[1] * map.shape[2])
        return (0..<jointCount).map { joint in
            let heat = map.scalars[joint * cells..<(joint + 1) * cells]
            let top = Double(heat.max() ?? 0)
            let weights = heat.map { exp(Double($0) - top) }
            let total = weights.reduce(0, +)
            var point = SIMD2<Double>(0, 0)
            for (place, weight) in weights.enumerated() {
                let centre = SIMD2(
                    (Double(place % columns) + 0.5) * Double(Self.cell),
                    (Double(place / columns) + 0.5) * Double(Self.cell)
                )
                let moved = SIMD2(
                    Double(shift.scalars[2 * joint * cells + place]),
                    Double(shift.scalars[(2 * joint + 1) * cells + place])
                )
                point += (centre + moved) * (weight / total)
            }
            return point
        }
    }
}

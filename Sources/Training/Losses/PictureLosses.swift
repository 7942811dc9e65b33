internal import Gradients
internal import Kernels
internal import Tensors

/// Differences of pictures `[N, H, W, C]`, each as one number.
enum PictureLosses {
    /// The mean of `weights |a - b|`; weights `[N, H, W]` with mean 1.
    static func absolute(
        _ a: Variable<Float>,
        _ b: Variable<Float>,
        weights: Tensor<Float>
    ) -> Variable<Float> {
        let perPixel = (a - b).magnitude.sumOverColumns  // [N, H, W]
        return (perPixel * Variable(weights)).mean.scaled(1 / Float(a.shape[3]))
    }

    /// The mean of `(a - b)^2`.
    static func square(_ a: Variable<Float>, _ b: Variable<Float>) -> Variable<Float> {
        (a - b).squared.mean
    }

    /// The sum of the mean absolute differences of pictures averaged to 1/2, 1/4 and 1/8.
    static func coarse(_ a: Variable<Float>, _ b: Variable<Float>) -> Variable<Float> {
        var difference = a - b
        var terms: [(Float, Variable<Float>)] = []
        for _ in 0..<3 where difference.shape[1] >= 2 && difference.shape[2] >= 2 {
            difference = halved(difference)
            terms.append((1, difference.magnitude.mean))
        }
        return .combination(terms)
    }

    /// The mean absolute difference of the steps from pixel to pixel, downwards and to the right.
    static func gradient(_ a: Variable<Float>, _ b: Variable<Float>) -> Variable<Float> {
        let difference = a - b
        return .combination(
            (1...2).map { axis in
                let extent = difference.shape[axis]
                let steps = AxisMap<Float>(
                    inputs: extent,
                    terms: (0..<extent - 1).map { [($0, -1), ($0 + 1, 1)] }
                )
                return (1, difference.mapped(steps, axis: axis).magnitude.mean)
            }
        )
    }

    /// Averages squares of four pixels.
    private static func halved(_ x: Variable<Float>) -> Variable<Float> {
        (1...2).reduce(x) { x, axis in
            let extent = x.shape[axis]
            return x.mapped(
                AxisMap(
                    inputs: extent,
                    terms: (0..<extent / 2).map { [(2 * $0, 0.5), (2 * $0 + 1, 0.5)] }
                ),
                axis: axis
            )
        }
    }

    /// How much each pixel counts: more where a picture is unlike its border, which is background in aligned clips.
    ///
    /// A pixel half the range away from the border's mean colour, or further, has the weight `figure`, one of that colour
    /// `background`; all are divided by the mean over the pictures.
    ///
    /// - Returns: `[N, H, W]`.
    static func figureWeights(
        _ pictures: Tensor<Float>,
        figure: Double,
        background: Double
    ) -> Tensor<Float> {
        let (samples, height, width) = (pictures.shape[0], pictures.shape[1], pictures.shape[2])
        let size = height * width
        var weights = Tensor<Float>(uninitialized: [samples, height, width]) { out in
            pictures.scalars.withUnsafeBufferPointer { pixels in
                for sample in 0..<samples {
                    let start = sample * size * 3
                    var border = SIMD3<Float>()
                    var count: Float = 0
                    for row in 0..<height {
                        let isEdge = row == 0 || row == height - 1
                        for column in isEdge ? Array(0..<width) : [0, width - 1] {
                            let pixel = start + (row * width + column) * 3
                            border += SIMD3(pixels[pixel], pixels[pixel + 1], pixels[pixel + 2])
                            count += 1
                        }
                    }
                    border /= count
                    for pixel in 0..<size {
                        let place = start + pixel * 3
                        let step =
                            SIMD3(pixels[place], pixels[place + 1], pixels[place + 2]) - border
                        let distance = min((step * step).sum().squareRoot(), 1)
                        out.initializeElement(
                            at: sample * size + pixel,
                            to: Float(background) + Float(figure - background) * distance
                        )
                    }
                }
            }
        }
        let mean = weights.scalars.reduce(0, +) / Float(max(weights.count, 1))
        if mean > 0 { for index in weights.scalars.indices { weights.scalars[index] /= mean } }
        return weights
    }
}

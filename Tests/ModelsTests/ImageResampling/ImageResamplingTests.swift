import Models
import Tensors
import TestSupport
import Testing

struct ImageResamplingTests {
    /// A plane whose value is `3 row - 2 column + 1`: linear kernels keep it away from the border.
    private func ramp(height: Int, width: Int) -> Tensor<Float> {
        Tensor(
            shape: [1, height, width],
            scalars: (0..<height * width).map { Float(3 * ($0 / width) - 2 * ($0 % width) + 1) }
        )
    }

    @Test(arguments: [(5, 7), (16, 3), (1, 1), (40, 33)])
    func aConstantImageStaysConstant(height: Int, width: Int) {
        let image = Tensor<Float>(repeating: 0.75, shape: [2, 3, 11, 9])
        let expected = Tensor<Float>(repeating: 0.75, shape: [2, 3, height, width])
        let results = [
            resizeBicubicPlain(image, height: height, width: width),
            resizeAntialiased(image, height: height, width: width, kernel: .bicubic(a: -0.5)),
            resizeAntialiased(image, height: height, width: width, kernel: .bilinear),
            resizeAligningCorners(image, height: height, width: width),
        ]
        for result in results {
            expectClose(
                result,
                expected,
                abs: 1e-6,
                because: "weights sum to 1 up to 20 roundings of 6e-8",
                name: "constant"
            )
        }
    }

    @Test func alignedCornersKeepTheCorners() {
        let image = ramp(height: 4, width: 5)
        let resized = resizeAligningCorners(image, height: 7, width: 9)
        let expected = Tensor<Float>(
            shape: [1, 7, 9],
            scalars: (0..<63).map { 3 * Float($0 / 9) / 2 - 2 * Float($0 % 9) / 2 + 1 }
        )
        expectClose(resized, expected, abs: 1e-5, because: "values up to 10", name: "ramp")
    }

    @Test func halvingBilinearlyAveragesWithTheTriangleOfWidthFour() {
        let image = Tensor<Float>(shape: [1, 1, 8], scalars: [0, 0, 0, 8, 0, 0, 0, 0])
        let resized = resizeAntialiased(image, height: 1, width: 4, kernel: .bilinear)
        // Pixel 3 is 0.5 from the centre of output 1, 1.5 from that of output 2: weights 3/8 and 1/8.
        expectClose(
            resized,
            Tensor(shape: [1, 1, 4], scalars: [0, 3, 1, 0]),
            abs: 1e-6,
            because: "one product",
            name: "triangle"
        )
    }

    @Test func theSameSizeIsTheSameImage() {
        let image = ramp(height: 6, width: 10)
        #expect(resizeBicubicPlain(image, height: 6, width: 10) == image)
        #expect(resizeAntialiased(image, height: 6, width: 10, kernel: .bilinear) == image)
        let pixels = Tensor<UInt8>(shape: [2, 3, 3], scalars: Array(0..<18))
        #expect(resizePillow(pixels, height: 2, width: 3, kernel: .bilinear) == pixels)
    }

    @Test func pixelsOfOneChannelResizeAsThoseOfThree() {
        let grey = Tensor<UInt8>(shape: [9, 7, 1], scalars: (0..<63).map { UInt8($0 * 37 % 256) })
        let colour = Tensor<UInt8>(
            shape: [9, 7, 3],
            scalars: grey.scalars.flatMap { [$0, $0, $0] }
        )
        let one = resizePillow(grey, height: 4, width: 11, kernel: .bicubic(a: -0.5))
        let three = resizePillow(colour, height: 4, width: 11, kernel: .bicubic(a: -0.5))
        #expect(three.scalars == one.scalars.flatMap { [$0, $0, $0] })
    }

    @Test(arguments: [(33, 32, 0), (35, 32, 2), (37, 32, 2), (39, 32, 4), (32, 32, 0)])
    func cropOffsetsRoundHalvesToEven(extent: Int, window: Int, offset: Int) {
        #expect(centredOffset(of: window, in: extent) == offset)
    }
}

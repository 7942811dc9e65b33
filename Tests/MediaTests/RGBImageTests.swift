import Media
import Tensors
import Testing

@Suite struct RGBImageTests {
    @Test(arguments: [PixelRange.zeroToOne, .minusOneToOne])
    func tensorsGiveThePictureBack(range: PixelRange) {
        let image = Drawings.noise(width: 7, height: 5)
        #expect(RGBImage(image.tensor(range), range) == image)
    }

    @Test func planesAreRedGreenBlue() {
        let image = RGBImage(width: 2, height: 1, pixels: [0, 51, 255, 255, 102, 0])
        #expect(image.tensor(.zeroToOne).shape == [3, 1, 2])
        #expect(image.tensor(.zeroToOne).scalars == [0, 1, 0.2, 0.4, 1, 0])
        #expect(image.tensor(.minusOneToOne).scalars[0] == -1)
    }

    @Test func outOfRangeIsClampedAndHalvesGoUp() {
        let values: [Float] = [-3, 0.5 / 255, 1.5 / 255, 7, .nan, .infinity]
        let planes = Tensor<Float>(shape: [3, 1, 2], scalars: values)
        // Interleaved: red of both pixels is values 0 and 1, and so on.
        #expect(RGBImage(planes, .zeroToOne).pixels == [0, 2, 0, 1, 255, 255])
    }

    @Test func cropUndoesPadding() {
        let image = Drawings.noise(width: 6, height: 4)
        let edge = image.paddedByEdge(left: 2, top: 1, right: 3, bottom: 5)
        #expect((edge.width, edge.height) == (11, 10))
        #expect(edge.cropped(x: 2, y: 1, width: 6, height: 4) == image)
        #expect(edge[0, 0] == image[0, 0] && edge[10, 9] == image[5, 3])
        let framed = image.padded(left: 1, top: 1, right: 1, bottom: 1, with: SIMD3(9, 8, 7))
        #expect(framed[0, 3] == SIMD3(9, 8, 7))
        #expect(framed.cropped(x: 1, y: 1, width: 6, height: 4) == image)
    }

    @Test func resizeKeepsFlatColourAndMeans() {
        let flat = RGBImage(width: 10, height: 7, red: 11, green: 130, blue: 250)
        for (width, height) in [(3, 2), (10, 7), (23, 19), (1, 1)] {
            let small = flat.resized(width: width, height: height)
            #expect(small == RGBImage(width: width, height: height, red: 11, green: 130, blue: 250))
        }
    }

    @Test func enlargingIsBilinear() {
        let image = RGBImage(width: 2, height: 1, pixels: [0, 0, 0, 100, 100, 100])
        let wide = image.resized(width: 4, height: 1)
        // Pixel centres at halves: the weights are 1, 3/4, 1/4, 0.
        #expect(stride(from: 0, to: 12, by: 3).map { wide.pixels[$0] } == [0, 25, 75, 100])
    }

    @Test func shrinkingSeesEveryPixel() {
        // One bright line in sixteen would be lost, or doubled, by picking pixels.
        var pixels = [UInt8](repeating: 0, count: 3 * 64)
        for column in stride(from: 0, to: 64, by: 16) { pixels[3 * column] = 160 }
        let small = RGBImage(width: 64, height: 1, pixels: pixels).resized(width: 2, height: 1)
        #expect(abs(Int(small.pixels[0]) - 10) <= 1)
        #expect(abs(Int(small.pixels[3]) - 10) <= 1)
    }

    @Test func heightDecidesAndShapeStays() {
        let small = Drawings.scene(width: 64, height: 48).resized(toHeight: 12)
        #expect((small.width, small.height) == (16, 12))
    }
}

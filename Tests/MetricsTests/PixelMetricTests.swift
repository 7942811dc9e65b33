import Metrics
import Testing

/// Pictures and vectors that a few lines of any language make again.
enum Drawn {
    /// Bytes of a linear congruential generator: `s = (1103515245 s + 12345) mod 2^31`, bits 16 to 23.
    static func bytes(_ count: Int, seed: Int) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = (state * 1_103_515_245 + 12_345) % (1 << 31)
            return UInt8((state >> 16) & 255)
        }
    }

    /// A picture of 24x20 with a gradient in every channel.
    static let gradient: [UInt8] = (0..<20).flatMap { y in
        (0..<24).flatMap { x in
            let value = (9 * x + 3 * y) % 256
            return [UInt8(value), UInt8(255 - value), UInt8(value / 2)]
        }
    }

    /// The gradient with up to 10 levels added or taken.
    static let changed: [UInt8] = zip(gradient, bytes(1440, seed: 1)).map { old, noise in
        UInt8(max(0, min(255, Int(old) + Int(noise) % 21 - 10)))
    }
}

/// PSNR, SSIM and masks; constants are from scikit-image 0.26.
struct PixelMetricTests {
    @Test func psnrIsThatOfScikitImage() throws {
        let noise = Drawn.bytes(1440, seed: 1)
        let far = try #require(PixelDifference.psnr(noise, Drawn.gradient))
        let near = try #require(PixelDifference.psnr(Drawn.gradient, Drawn.changed))
        #expect(abs(far - 8.268269924394625) < 1e-12)
        #expect(abs(near - 32.38069016018453) < 1e-12)
    }

    @Test func equalPicturesHaveALargeButFinitePSNR() {
        let psnr = PixelDifference.psnr(Drawn.gradient, Drawn.gradient)
        #expect(psnr == PixelDifference.largestPSNR)
    }

    @Test func ssimIsThatOfScikitImage() throws {
        let noise = Drawn.bytes(1440, seed: 1)
        let far = try #require(StructuralSimilarity.mean(noise, Drawn.gradient, width: 24))
        let near = try #require(
            StructuralSimilarity.mean(Drawn.gradient, Drawn.changed, width: 24)
        )
        #expect(abs(far - 0.00695303666046304) < 1e-9)
        #expect(abs(near - 0.8879436273144964) < 1e-9)
        #expect(StructuralSimilarity.mean(Drawn.gradient, Drawn.gradient, width: 24) == 1)
    }

    @Test func nothingIsMeasuredWhereNothingCounts() {
        let (picture, none) = (Drawn.gradient, [Bool](repeating: false, count: 480))
        #expect(PixelDifference.psnr(picture, picture, mask: none) == nil)
        #expect(PixelDifference.meanColor(picture, picture, mask: none) == nil)
        #expect(
            StructuralSimilarity.means(picture, picture, width: 24, masks: [none]) == [nil]
        )
        // A window of 11x11 does not fit.
        let small = Array(picture.prefix(300))
        #expect(StructuralSimilarity.mean(small, small, width: 10) == nil)
    }

    @Test func aMaskTellsWhatCounts() throws {
        var changed = Drawn.gradient
        for channel in 0..<3 { changed[3 * 100 + channel] = 0 }
        let mask = PixelMask.difference(Drawn.gradient, changed)
        #expect(mask.indices.filter { mask[$0] } == [100])
        let inverse = mask.map { !$0 }
        let outside = PixelDifference.meanSquare(Drawn.gradient, changed, mask: inverse)
        #expect(outside == 0)
        let color = try #require(
            PixelDifference.meanColor(Drawn.gradient, changed, mask: mask)
        )
        let old = Drawn.gradient[300..<303].map(Double.init)
        #expect(abs(color - old.reduce(0) { $0 + $1 * $1 }.squareRoot()) < 1e-12)
    }

    @Test func dilationGrowsASquareInsideThePicture() {
        var mask = [Bool](repeating: false, count: 7 * 5)
        mask[0] = true
        let grown = PixelMask.dilated(mask, width: 7, radius: 2)
        #expect(grown.indices.filter { grown[$0] } == [0, 1, 2, 7, 8, 9, 14, 15, 16])
    }
}

import Foundation
import Metrics
import Testing

/// Optical flow, warping error, joints and smoothness, on what is known exactly.
struct MotionMetricTests {
    /// A smooth texture that is known between pixels too, moved by a shift.
    private func texture(_ dx: Double, _ dy: Double, gain: Double = 1) -> [UInt8] {
        (0..<64 * 64).flatMap { place in
            let (x, y) = (Double(place % 64) - dx, Double(place / 64) - dy)
            let wave = sin(x / 5) * cos(y / 6) + 0.6 * sin((x + y) / 9) + 0.4 * cos(y / 3.3)
            let level = UInt8(max(0, min(255, (128 + 55 * wave) * gain)))
            return [level, level, level]
        }
    }

    @Test(arguments: [(0.0, 0.0), (0.6, -0.3), (3.0, 1.5), (-6.0, 4.0)])
    func flowFindsAShift(dx: Double, dy: Double) {
        let grey = { (pixels: [UInt8]) in
            (0..<64 * 64).map { Float(pixels[3 * $0]) }
        }
        let flow = OpticalFlow(from: grey(texture(0, 0)), to: grey(texture(dx, dy)), width: 64)
        var worst = 0.0
        for row in 16..<48 {
            for column in 16..<48 {
                let place = row * 64 + column
                let (ex, ey) = (Double(flow.x[place]) - dx, Double(flow.y[place]) - dy)
                worst = max(worst, (ex * ex + ey * ey).squareRoot())
            }
        }
        #expect(worst < 0.15, "off by \(worst) pixels")
    }

    @Test func whatMovesHasNoWarpingErrorAndWhatFlickersHas() throws {
        let moved = try #require(WarpingError.between(texture(0, 0), texture(2, 1), width: 64))
        let flickered = try #require(
            WarpingError.between(texture(0, 0), texture(0, 0, gain: 0.8), width: 64)
        )
        let unmoved = PixelDifference.meanSquare(texture(0, 0), texture(2, 1)) ?? 0
        #expect(moved.coverage > 0.8)
        // Most of what changed is explained by the motion.
        #expect(moved.error < 0.05 * unmoved / (255 * 255))
        #expect(flickered.error > 5 * moved.error)
    }

    @Test func jointErrorIsTheMeanDistanceOfThoseThatCount() {
        let found = [SIMD2(0.0, 0.0), SIMD2(3.0, 4.0), SIMD2(1.0, 1.0)]
        let truth = [SIMD2(0.0, 2.0), SIMD2(0.0, 0.0), SIMD2(1.0, 1.0)]
        #expect(JointError.mean(found, truth, joints: [0, 1]) == 3.5)
        #expect(JointError.mean(found, truth) == 7.0 / 3)
        #expect(JointError.mean(found, truth, joints: []) == nil)
    }

    @Test func evenPathsDoNotBend() {
        #expect(PathSmoothness.bend([[0, 0], [1, 2], [2, 4], [3, 6]]) == 0)
        #expect(PathSmoothness.bend([[0], [1], [0], [1]]) == 2)
        #expect(PathSmoothness.bend([[1], [1], [1]]) == nil)
        #expect(PathSmoothness.bend([[1], [2]]) == nil)
    }
}

import Media
import Pipelines
import Tensors
import Testing

/// Which part of a frame is used.
struct FrameBoxTests {
    /// A picture whose red counts columns and whose green counts rows.
    private let picture = RGBImage(
        width: 8,
        height: 6,
        pixels: (0..<6).flatMap { y in (0..<8).flatMap { x in [UInt8(x), UInt8(y), 0] } }
    )

    /// One clip with these frames.
    private func plan(_ times: [Double]) throws -> ClipPlan {
        let plans = ClipPlan.clips(
            times: times,
            end: 10,
            range: 0..<10,
            pieceSeconds: nil,
            observedCount: times.count
        )
        return try #require(plans.first)
    }

    @Test func aBoxInsideIsCutOut() throws {
        let part = try #require(FrameBox(x: 2, y: 1, width: 4, height: 3).crop(picture))
        #expect(part.width == 4 && part.height == 3)
        #expect(part[0, 0] == [2, 1, 0] && part[3, 2] == [5, 3, 0])
    }

    @Test func aBoxBeyondTheEdgeRepeatsTheBorder() throws {
        let part = try #require(FrameBox(x: -2, y: 4, width: 5, height: 5).crop(picture))
        #expect(part.width == 5 && part.height == 5)
        #expect(part[0, 0] == [0, 4, 0] && part[2, 0] == [0, 4, 0] && part[4, 4] == [2, 5, 0])
    }

    @Test(arguments: [
        FrameBox(x: 8, y: 0, width: 4, height: 4), FrameBox(x: -4, y: 0, width: 4, height: 4),
        FrameBox(x: 0, y: -9, width: 4, height: 4), FrameBox(x: 0, y: 0, width: 33, height: 4),
        FrameBox(x: 0, y: 0, width: 4, height: 25),
    ])
    func aBoxElsewhereOrFarTooLargeFitsNoFrame(box: FrameBox) {
        #expect(box.crop(picture) == nil)
        let crop = FrameCrop(fractions: nil, boxes: [TimedBox(box)])
        #expect(throws: RequestError.self) { try crop(picture, box) }
    }

    @Test func fractionsOfThePackAreRoundedToPixels() throws {
        let crop = FrameCrop(fractions: [0.25, 0.5, 0.5, 0.5], boxes: nil)
        let part = try crop(picture, nil)
        #expect(part.width == 4 && part.height == 3 && part[0, 0] == [2, 3, 0])
        let speck = FrameCrop(fractions: [1 - 1e-7, 0, 1e-7, 1], boxes: nil)
        #expect(try speck(picture, nil).width == 1)
        #expect(try FrameCrop(fractions: nil, boxes: nil)(picture, nil) == picture)
    }

    @Test func everyObservedFrameNeedsABoxOfItsTime() throws {
        let early = FrameBox(x: 0, y: 0, width: 4, height: 4)
        let late = FrameBox(x: 4, y: 0, width: 4, height: 4)
        let crop = FrameCrop(
            fractions: nil,
            boxes: [TimedBox(early, end: 1), TimedBox(late, start: 1, end: 2)]
        )
        #expect(try crop.boxes(of: plan([0, 0.5, 1, 1.9])) == [early, early, late, late])
        let error = #expect(throws: RequestError.self) { try crop.boxes(of: plan([1, 2.5])) }
        #expect(error?.description.contains("2.5 s") == true)
        // Of two that overlap the later one in the file wins.
        let both = FrameCrop(fractions: nil, boxes: [TimedBox(early), TimedBox(late, start: 1)])
        #expect(try both.boxes(of: plan([0, 1])) == [early, late])
    }

    @Test func onlyWhatIsSeenIsPartOfTheSettings() {
        let box = FrameBox(x: 1, y: 2, width: 3, height: 4)
        let other = FrameBox(x: 2, y: 2, width: 3, height: 4)
        #expect(FrameCrop.settings(nil).isEmpty)
        #expect(FrameCrop.settings([box, box]) == " box=1,2,3,4")
        let moving = FrameCrop.settings([box, other])
        #expect(moving.hasPrefix(" boxes=") && moving != FrameCrop.settings([other, box]))
    }

    @Test func aReconstructionIsMeasuredAgainstTheFramesOwnContrast() {
        let scalars = (0..<3 * 64 * 64).map { Float($0 % 64 < 32 ? -0.5 : 0.5) }
        let frame = Tensor(shape: [3, 64, 64], scalars: scalars)
        #expect(Reconstruction.distance(frame, frame) == 0)
        // The mean of the frame misses exactly its standard deviation.
        let grey = Tensor(repeating: Float(0), shape: [3, 64, 64])
        #expect(Reconstruction.distance(frame, grey) == 1)
        #expect(Reconstruction.distance(grey, grey) == 0)
        // Detail below 1/32 of the height does not count.
        let stripes = frame.scalars.enumerated().map { $1 + ($0 % 2 == 0 ? 0.25 : -0.25) }
        let striped = Tensor(shape: [3, 64, 64], scalars: stripes)
        #expect(Reconstruction.distance(frame, striped) == 0)
    }
}

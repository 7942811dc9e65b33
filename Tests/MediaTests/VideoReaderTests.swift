import Foundation
import Media
import Testing

@Suite struct VideoReaderTests {
    let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private func first(_ name: String) throws -> RGBImage {
        try #require(try VideoReader(path: Drawings.fixture(name)).next()).image
    }

    /// Whether a pixel is within 8 of a colour, more than chroma subsampling does to flat areas.
    private func isNear(_ pixel: SIMD3<UInt8>, _ red: Int, _ green: Int, _ blue: Int) -> Bool {
        let difference = SIMD3(Int(pixel.x) - red, Int(pixel.y) - green, Int(pixel.z) - blue)
        return max(abs(difference.x), abs(difference.y), abs(difference.z)) <= 8
    }

    @Test func unequalFrameTimesAreKept() throws {
        let reader = try VideoReader(path: Drawings.fixture("variable.mp4"))
        #expect(reader.info.isVariableFrameRate == true)
        var times: [Double] = []
        while let frame = try reader.nextTimestamped() { times.append(frame.seconds) }
        #expect(times == [0, 0.1, 0.3, 0.6, 1, 1.5])
        #expect(reader.damage == nil)
    }

    @Test(arguments: [("upright", 0), ("turned90", 270), ("turned180", 180), ("turned270", 90)])
    func turnTagsAreApplied(name: String, degrees: Int) throws {
        // Stored: left red, right blue, white on top. ffmpeg's "rotate" counts the other way round.
        let reader = try VideoReader(path: Drawings.fixture("\(name).mp4"))
        let image = try #require(try reader.next()).image
        #expect(reader.info.rotationDegrees == degrees)
        #expect((reader.info.width, reader.info.height) == (image.width, image.height))
        let (right, bottom) = (image.width - 3, image.height - 3)
        let corners = [image[2, 2], image[right, 2], image[right, bottom], image[2, bottom]]
        // Clockwise from the stored top left: white, white, blue, red; a turn shifts the list.
        let wanted = [(255, 255, 255), (255, 255, 255), (0, 0, 255), (255, 0, 0)]
        for (corner, color) in corners.enumerated() {
            let stored = wanted[(corner + 4 - degrees / 90) % 4]
            #expect(isNear(color, stored.0, stored.1, stored.2), "corner \(corner): \(color)")
        }
    }

    /// Chroma is interpolated: pixels at the edges of a part depend on those beside it.
    @Test(arguments: [
        (0, 0, 120, 90), (3, 5, 40, 31), (64, 30, 56, 60), (17, 16, 1, 1), (100, 70, 20, 20),
    ])
    func aPartIsCutFromThePictureAsIfAllWereConverted(x: Int, y: Int, width: Int, height: Int)
        throws
    {
        let path = folder.file("noise.mp4")
        try writeFilm(path, [Drawings.noise(width: 120, height: 90)])
        let reader = try VideoReader(path: path)
        let frame = try #require(try reader.nextTimestamped())
        let part = try frame.image { _, _ in FramePart(x: x, y: y, width: width, height: height) }
        #expect(part == (try frame.image().cropped(x: x, y: y, width: width, height: height)))
    }

    @Test(arguments: ["turned90", "tenbit"])
    func aPartOfAnyFilmIsCut(name: String) throws {
        let reader = try VideoReader(path: Drawings.fixture("\(name).mp4"))
        let frame = try #require(try reader.nextTimestamped())
        let part = try frame.image { width, height in
            FramePart(x: 1, y: 2, width: width - 3, height: height - 4)
        }
        let whole = try frame.image()
        #expect(
            part == whole.cropped(x: 1, y: 2, width: whole.width - 3, height: whole.height - 4)
        )
    }

    @Test(arguments: ["bt709", "smpte170m", "fullrange", "tenbit"])
    func matrixRangeAndDepthTagsAreObeyed(name: String) throws {
        // The other matrix is off by 20 in red or green, the other range by 12.
        let color = try first("\(name).mp4")[16, 12]
        #expect(isNear(color, 200, 60, 40), "\(color)")
    }

    @Test func deepColourIsReported() throws {
        #expect(try VideoReader(path: Drawings.fixture("tenbit.mp4")).info.bitDepth == 10)
    }

    @Test(arguments: ["alpha.mov", "alpha.webm"])
    func transparentPartsAreWhite(name: String) throws {
        let reader = try VideoReader(path: Drawings.fixture(name))
        let image = try #require(try reader.next()).image
        #expect(reader.info.hasAlpha)
        #expect(isNear(image[2, 12], 255, 0, 0))
        #expect(isNear(image[29, 12], 255, 255, 255))
    }

    @Test func oddSizesAreKept() throws {
        let image = try first("odd.mp4")
        #expect((image.width, image.height) == (33, 25))
    }

    @Test func widePixelsBecomeSquare() throws {
        let reader = try VideoReader(path: Drawings.fixture("wide.mp4"))
        let image = try #require(try reader.next()).image
        #expect((reader.info.codedWidth, reader.info.codedHeight) == (32, 24))
        #expect((image.width, image.height) == (64, 24))
    }

    @Test func twoFieldsAreReported() throws {
        #expect(try VideoReader(path: Drawings.fixture("interlaced.mp4")).info.isInterlaced)
        #expect(try !VideoReader(path: Drawings.fixture("odd.mp4")).info.isInterlaced)
    }

    @Test func longerSoundIsNoDamage() throws {
        let reader = try VideoReader(path: Drawings.fixture("sound.mkv"))
        var count = 0
        while try reader.nextTimestamped() != nil { count += 1 }
        #expect(count == 10)
        #expect(reader.damage == nil)
    }

    @Test(arguments: ["jumps.mp4", "jumps.ts"])
    func aJumpGivesTheFramesThatReadingOnGives(name: String) throws {
        let path = Drawings.fixture(name)
        let all = try readFilm(path)
        for start in [0.04, 0.3, 0.48, 0.5, 1.21, 1.96] {
            let wanted = all.filter { $0.seconds >= start - 0.000_5 }
            let got = try readFilm(path, from: start)
            #expect(got.map(\.seconds) == wanted.map(\.seconds), "from \(start)")
            #expect(got == wanted, "from \(start)")
        }
        #expect(try readFilm(path, from: 5).isEmpty)
    }

    @Test func threadsDoNotChangeTheFrames() throws {
        let path = Drawings.fixture("jumps.mp4")
        #expect(try readFilm(path, threads: 1) == readFilm(path, threads: 4))
    }

    @Test func factsSurviveJSON() throws {
        let info = try VideoReader(path: Drawings.fixture("turned90.mp4")).info
        let bytes = try JSONEncoder().encode(info)
        #expect(try JSONDecoder().decode(VideoInfo.self, from: bytes) == info)
    }
}

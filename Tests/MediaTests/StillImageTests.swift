import Foundation
import Media
import Testing

@Suite struct StillImageTests {
    let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    @Test(arguments: [(1, 1), (37, 23), (64, 48)])
    func pngIsExact(width: Int, height: Int) throws {
        let image = Drawings.noise(width: width, height: height)
        #expect(try StillImage.decode(StillImage.encode(image, as: .png)) == image)
        try StillImage.write(image, to: folder.file("a.png"))
        #expect(try StillImage.read(folder.file("a.png")) == image)
        #expect(try folder.names == ["a.png"])
    }

    @Test func jpegQualityBuysLikeness() throws {
        let image = Drawings.scene(width: 65, height: 47)
        let qualities = [30, 60, 90]
        let files = try qualities.map { try StillImage.encode(image, as: .jpeg(quality: $0)) }
        let likeness = try files.map { peakSignalToNoise(try StillImage.decode($0), image) }
        #expect(files[0].count < files[1].count && files[1].count < files[2].count)
        #expect(likeness[0] < likeness[2])
        // 90 shows no visible loss on smooth drawings: 35 dB is where most people start to see it.
        #expect(likeness[2] > 35, "\(likeness)")
    }

    @Test func equalPicturesGiveEqualBytes() throws {
        for format in [StillImage.Format.png, .jpeg(quality: 80)] {
            let first = try StillImage.encode(Drawings.scene(), as: format)
            #expect(try StillImage.encode(Drawings.scene(), as: format) == first)
        }
    }

    @Test(arguments: 1...8)
    func cameraOrientationIsApplied(orientation: Int) throws {
        // The EXIF standard's eight cases: where the stored top left and top right are shown.
        let shown = ["", "TL TR", "TR TL", "BR BL", "BL BR", "TL BL", "TR BR", "BR TR", "BL TL"]
        let jpeg = try StillImage.encode(corners, as: .jpeg(quality: 95))
        // A big-endian TIFF with the one entry 0x0112, a short.
        let tiff: [UInt8] =
            [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1]
            + [0, UInt8(orientation), 0, 0, 0, 0, 0, 0]
        let body = Data("Exif\0\0".utf8) + tiff
        let segment = Data([0xFF, 0xE1, 0, UInt8(body.count + 2)]) + body
        let image = try StillImage.decode(jpeg.prefix(2) + segment + jpeg.dropFirst(2))
        let wide = orientation < 5
        #expect((image.width, image.height) == (wide ? 64 : 32, wide ? 32 : 64))
        let places = [
            "TL": image[3, 3], "TR": image[image.width - 4, 3],
            "BL": image[3, image.height - 4], "BR": image[image.width - 4, image.height - 4],
        ]
        let (left, right) = (shown[orientation].prefix(2), shown[orientation].suffix(2))
        let red = try #require(places[String(left)])
        let green = try #require(places[String(right)])
        #expect(red.x > 200 && red.y < 60, "stored top left is red")
        #expect(green.y > 200 && green.x < 60, "stored top right is green")
    }

    /// Red top left, green top right, blue below.
    private var corners: RGBImage {
        RGBImage(width: 64, height: 32, red: 0, green: 0, blue: 255)
            .pasting(RGBImage(width: 32, height: 16, red: 255, green: 0, blue: 0), x: 0, y: 0)
            .pasting(RGBImage(width: 32, height: 16, red: 0, green: 255, blue: 0), x: 32, y: 0)
    }

    @Test func kindsAreToldByContent() throws {
        let image = Drawings.scene()
        try StillImage.write(image, to: folder.file("a.png"))
        try StillImage.write(image, to: folder.file("a.jpg"))
        try writeFilm(folder.file("one.gif"), [image])
        try writeFilm(folder.file("two.gif"), [image, Drawings.scene(time: 3)])
        try writeFilm(folder.file("one.mp4"), [image])
        for still in ["a.png", "a.jpg", "one.gif"] {
            #expect(try MediaKind.probe(folder.file(still)) == .stillImage, "\(still)")
        }
        for film in ["two.gif", "one.mp4"] {
            #expect(try MediaKind.probe(folder.file(film)) == .video, "\(film)")
        }
        #expect(try MediaKind.probe(Drawings.fixture("still.webp")) == .stillImage)
        #expect(errorKind { _ = try MediaKind.probe(folder.file("no")) } == .notFound)
    }

    @Test func otherFormatsAreRead() throws {
        // WebP, lossless; and a BMP of 2 x 1 pixels, blue-green-red, rows padded to 4 bytes.
        #expect(try StillImage.read(Drawings.fixture("still.webp")).width == 32)
        var bitmap = Data("BM".utf8)
        bitmap += [62, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0]
        bitmap += [1, 0, 24, 0] + [UInt8](repeating: 0, count: 24)
        bitmap += [10, 20, 30, 40, 50, 60, 0, 0]
        #expect(try StillImage.decode(bitmap).pixels == [30, 20, 10, 60, 50, 40])
    }

    @Test func badPicturesAreRefused() throws {
        #expect(errorKind { _ = try StillImage.decode(Data()) } == .notMedia)
        #expect(errorKind { _ = try StillImage.decode(Data("hello".utf8)) } == .notMedia)
        let image = Drawings.scene()
        #expect(
            errorKind { try StillImage.write(image, to: folder.file("a.bmp")) }
                == .unsupportedFormat
        )
        #expect(
            errorKind { try StillImage.write(image, to: folder.file("no/a.png")) } == .cannotWrite
        )
        let png = try StillImage.encode(image, as: .png)
        #expect(errorKind { _ = try StillImage.decode(png.prefix(60)) } == .noFrames)
    }
}

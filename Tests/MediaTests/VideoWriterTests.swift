import Foundation
import Media
import Testing

@Suite struct VideoWriterTests {
    let folder: ScratchFolder
    let images = (0..<12).map { Drawings.scene(time: $0) }

    init() throws { folder = try ScratchFolder() }

    @Test func losslessFilmGivesTheSamePixels() throws {
        // Noise leaves the codec nothing to guess; the odd size tests padded rows.
        let noise = (1...3).map { Drawings.noise(width: 37, height: 23, seed: $0) }
        try writeFilm(folder.file("a.mkv"), noise)
        #expect(try readFilm(folder.file("a.mkv")).map(\.image) == noise)
    }

    @Test(arguments: [("mp4", 40.0), ("webm", 36.0), ("gif", 34.0)])
    func lossyFilmKeepsCountTimesAndLook(ending: String, floor: Double) throws {
        let path = folder.file("a.\(ending)")
        try writeFilm(path, images)
        let reader = try VideoReader(path: path)
        #expect((reader.info.width, reader.info.height) == (64, 48))
        for (index, image) in images.enumerated() {
            let frame = try #require(try reader.next())
            // Containers round times to a millisecond at worst.
            #expect(abs(frame.seconds - Double(index) / 25) < 0.001)
            // Floors are 3 dB or more under what Debian 12's encoders reach on this scene.
            #expect(peakSignalToNoise(frame.image, image) > floor)
        }
        #expect(try reader.next() == nil)
        #expect(reader.damage == nil)
    }

    @Test(arguments: [24, 25, 30, 60])
    func everyFrameSurvivesWhateverTheRate(rate: Int) throws {
        let path = folder.file("a.mp4")
        try writeFilm(path, images, rate: rate)
        let times = try readFilm(path).map(\.seconds)
        #expect(times.count == images.count)
        for (index, time) in times.enumerated() {
            #expect(abs(time - Double(index) / Double(rate)) < 0.001)
        }
    }

    @Test func colourSurvivesWithoutShift() throws {
        // A wrong matrix or range moves these by 5 to 20; rounding in 4:2:0 by 2.
        let colors: [SIMD3<UInt8>] = [
            SIMD3(200, 60, 40), SIMD3(20, 160, 60), SIMD3(30, 50, 210), SIMD3(255, 255, 255),
        ]
        for color in colors {
            let flat = RGBImage(
                width: 32,
                height: 32,
                red: color.x,
                green: color.y,
                blue: color.z
            )
            for ending in ["mp4", "webm"] {
                try writeFilm(folder.file("a.\(ending)"), [flat, flat])
                let read = try #require(try readFilm(folder.file("a.\(ending)")).first)
                for (got, wanted) in zip(read.image.pixels, flat.pixels) {
                    #expect(abs(Int(got) - Int(wanted)) <= 3)
                }
            }
        }
    }

    @Test func oddSizesGetACopyOfTheEdge() throws {
        let odd = Drawings.scene(width: 33, height: 25)
        try writeFilm(folder.file("a.mp4"), [odd, odd])
        let frame = try #require(try readFilm(folder.file("a.mp4")).first)
        #expect((frame.image.width, frame.image.height) == (34, 26))
        let kept = frame.image.cropped(x: 0, y: 0, width: 33, height: 25)
        #expect(peakSignalToNoise(kept, odd) > 36)
    }

    @Test(arguments: ["mp4", "webm", "gif", "mkv"])
    func equalPicturesGiveEqualBytes(ending: String) throws {
        // Ten times, because encoders that read unset memory differ only now and then.
        let path = folder.file("a.\(ending)")
        let films = try (0..<10).map { _ -> Data? in
            try writeFilm(path, images)
            return FileManager.default.contents(atPath: path)
        }
        #expect((films[0]?.count ?? 0) > 0)
        #expect(films.allSatisfy { $0 == films[0] })
    }

    @Test func rawPixelsGoThroughAPipe() throws {
        let pipe = Pipe()
        let output = DescriptorOutput(
            descriptor: pipe.fileHandleForWriting.fileDescriptor,
            path: "pipe"
        )
        // Less than the 64 KiB that a pipe holds, so that one thread can write and then read.
        for image in images.prefix(2) { try output.append(image) }
        try pipe.fileHandleForWriting.close()
        let bytes = try pipe.fileHandleForReading.readToEnd()
        #expect(bytes == Data(images[0].pixels + images[1].pixels))
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func aFullDiskIsToldAsSuch() throws {
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let output = DescriptorOutput(descriptor: full.fileDescriptor, path: "/dev/full")
        #expect(errorKind { try output.append(images[0]) } == .noSpace)
    }

    @Test func fewColoursAreExactInGIF() throws {
        let flat = [
            RGBImage(width: 20, height: 10, red: 1, green: 2, blue: 3),
            RGBImage(width: 20, height: 10, red: 201, green: 102, blue: 53),
        ]
        try writeFilm(folder.file("a.gif"), flat)
        #expect(try readFilm(folder.file("a.gif")).map(\.image) == flat)
    }

    @Test func nothingAppearsBeforeTheEnd() throws {
        let rate = try #require(FrameRate(25))
        for name in ["a.mp4", "a.gif", "p/", "q/%d.png"] {
            let path = folder.file(name)
            let writer = try VideoWriter(path: path, width: 64, height: 48, frameRate: rate)
            try writer.append(images[0])
            #expect(try folder.names.allSatisfy { $0.hasPrefix(".") })
            writer.cancel()
            #expect(try folder.names.isEmpty)
        }
    }

    @Test func anAbandonedWriterLeavesTheOldFile() throws {
        let path = try folder.make("a.mp4", Data("old".utf8))
        do {
            let rate = try #require(FrameRate(25))
            let writer = try VideoWriter(path: path, width: 64, height: 48, frameRate: rate)
            try writer.append(images[0])
        }
        #expect(try folder.names == ["a.mp4"])
        #expect(FileManager.default.contents(atPath: path) == Data("old".utf8))
    }

    @Test func picturesAreNumberedFromZero() throws {
        try writeFilm(folder.file("p/"), Array(images.prefix(3)))
        #expect(try folder.names == ["p"])
        let path = folder.file("p")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: path).sorted()
                == ["00000.png", "00001.png", "00002.png"]
        )
        #expect(try StillImage.read("\(path)/00002.png") == images[2])
    }

    @Test func picturesJoinThoseInAFolder() throws {
        let other = try folder.make("keep.txt", Data("x".utf8))
        try writeFilm(folder.file("f%02d.png"), Array(images.prefix(2)))
        #expect(try folder.names == ["f00.png", "f01.png", "keep.txt"])
        #expect(FileManager.default.fileExists(atPath: other))
    }

    @Test func badTargetsAreRefusedAtOnce() throws {
        let rate = try #require(FrameRate(25))
        func start(_ path: String, width: Int = 64) throws {
            _ = try VideoWriter(path: path, width: width, height: 48, frameRate: rate)
        }
        #expect(errorKind { try start(folder.file("a.xyz")) } == .unsupportedFormat)
        #expect(errorKind { try start(folder.file("a.jpg")) } == .unsupportedFormat)
        #expect(errorKind { try start(folder.file("none/a.mp4")) } == .cannotWrite)
        #expect(errorKind { try start(folder.file("none/p/")) } == .cannotWrite)
        #expect(errorKind { try start(folder.file("a.mp4"), width: 0) } == .unsupportedFormat)
        try FileManager.default.createDirectory(
            atPath: folder.file("b.mp4"),
            withIntermediateDirectories: false
        )
        #expect(errorKind { try start(folder.file("b.mp4")) } == .cannotWrite)
        #expect(try folder.names == ["b.mp4"])
    }

    @Test func aFilmNeedsAPicture() throws {
        let rate = try #require(FrameRate(25))
        let writer = try VideoWriter(
            path: folder.file("a.mp4"),
            width: 64,
            height: 48,
            frameRate: rate
        )
        #expect(errorKind { try writer.finish() } == .noFrames)
        #expect(try folder.names.isEmpty)
    }

    @Test func unknownEndingsAreToldTheKnownOnes() {
        let error = #expect(throws: MediaError.self) { try VideoFormat(path: "film.avi") }
        for known in [".mp4", ".webm", ".gif", ".mkv", "%05d.png", "-"] {
            #expect(error?.description.contains(known) == true)
        }
    }
}

import Foundation
import Media
import Testing

@Suite struct BadInputTests {
    let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private func kind(_ path: String) -> MediaError.Kind? {
        errorKind { _ = try VideoReader(path: path) }
    }

    private func film(_ name: String, count: Int = 60) throws -> Data {
        let path = folder.file(name)
        // Noise makes packets of one size, so that half the bytes is about half the film.
        try writeFilm(
            path,
            (0..<count).map { Drawings.noise(width: 64, height: 48, seed: UInt32($0)) }
        )
        return try #require(FileManager.default.contents(atPath: path))
    }

    @Test func eachFaultHasItsKind() throws {
        #expect(kind(folder.file("none.mp4")) == .notFound)
        #expect(kind(folder.path) == .notMedia)
        #expect(kind(try folder.make("empty.mp4", Data())) == .notMedia)
        let text = Data(String(repeating: "This is a letter.\n", count: 300).utf8)
        for name in ["letter.mp4", "letter.txt", "letter.png", "letter.mkv"] {
            #expect(kind(try folder.make(name, text)) == .notMedia, "\(name)")
        }
        #expect(
            kind(try folder.make("list.m3u8", Data("#EXTM3U\n#EXTINF:1,\na.ts\n".utf8)))
                == .notMedia
        )
        #expect(
            kind(try folder.make("noise.mp4", Data(Drawings.noise(width: 50, height: 50).pixels)))
                == .notMedia
        )
    }

    @Test func aWeakLikenessIsNoDamage() throws {
        // The start of a DV header, shortly before the end: libav gives 25 of 100, and cannot read the rest of it.
        var text = Data(String(repeating: "This is a letter.\n", count: 300).utf8)
        text.insert(contentsOf: [0x1F, 0x07, 0x00, 0x3F], at: 5_200)
        #expect(kind(try folder.make("letter.dv", text)) == .notMedia)
        text.removeFirst(5_200)
        #expect(kind(try folder.make("film.dv", text)) == .truncated)
        #expect(kind("/dev/null") == .notMedia)
    }

    /// Linux tells no duplex of the loopback device: the file has a size, can be opened, and not be read.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: unreadable)))
    func aFailedReadIsSaid() throws {
        do {
            _ = try VideoReader(path: Self.unreadable)
            Issue.record("it was read")
        } catch {
            #expect(error.kind == .unreadable && error.message.hasPrefix("reading it failed: "))
        }
    }

    private static let unreadable = "/sys/class/net/lo/duplex"

    @Test func aFrameOverTheLimitIsSaidWithItsSize() throws {
        var picture = try StillImage.encode(Drawings.scene(), as: .jpeg(quality: 90))
        let start = try #require(picture.range(of: Data([0xFF, 0xC0])))
        // Height and width, behind a length and the bits of a sample: 8,000 and 9,000.
        let place = start.upperBound + 3
        picture.replaceSubrange(place..<place + 4, with: [0x1F, 0x40, 0x23, 0x28])
        // libav does not try a picture of less than two bits for 64 pixels.
        picture.append(Data(count: 300_000))
        var animation = Data("GIF89a".utf8) + [0x28, 0x23, 0x40, 0x1F, 0x80, 0, 0]
        animation += [0, 0, 0, 255, 255, 255, 0x2C, 0, 0, 0, 0, 0x28, 0x23, 0x40, 0x1F, 0]
        animation += [2, 1, 0x44, 0, 0x3B]
        for (name, bytes) in [("a.jpg", picture), ("a.gif", animation)] {
            do {
                _ = try VideoReader(path: try folder.make(name, bytes))
                Issue.record("\(name) was read")
            } catch let error as MediaError {
                #expect(error.kind == .unsupportedFormat, "\(error)")
                #expect(error.message.contains("9000x8000"), "\(error)")
                #expect(error.message.contains("67,108,864"), "\(error)")
            }
        }
    }

    @Test(.enabled(if: getuid() != 0, "root may read everything"))
    func aForbiddenFileIsUnreadable() throws {
        let path = try folder.make("a.mp4", Data("x".utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
        #expect(kind(path) == .unreadable)
    }

    @Test func soundAloneHasNoPictures() throws {
        var wave = Data("RIFF".utf8)
        wave += [0x24, 0x10, 0, 0] + Data("WAVEfmt ".utf8) + [16, 0, 0, 0, 1, 0, 1, 0]
        wave += [0x40, 0x1F, 0, 0, 0x80, 0x3E, 0, 0, 2, 0, 16, 0] + Data("data".utf8)
        wave += [0, 0x10, 0, 0] + Data(repeating: 0, count: 4_096)
        #expect(kind(try folder.make("tone.wav", wave)) == .noVideoStream)
    }

    @Test func namesAreNeverPatternsOrAddresses() throws {
        try StillImage.write(Drawings.scene(), to: folder.file("f1.png"))
        #expect(kind(folder.file("f%d.png")) == .notFound)
        #expect(kind("concat:\(folder.file("f1.png"))") == .notFound)
        #expect(kind("http://localhost/a.mp4") == .notFound)
        try StillImage.write(Drawings.scene(), to: folder.file("a:%d*.png"))
        #expect(try StillImage.read(folder.file("a:%d*.png")) == Drawings.scene())
    }

    @Test(arguments: ["mp4", "mkv", "webm"], [0.5, 0.9])
    func aCutFilmGivesItsFramesAndTellsTheDamage(ending: String, part: Double) throws {
        let whole = try film("whole.\(ending)")
        let all = try readFilm(folder.file("whole.\(ending)"))
        let cut = try folder.make("cut.\(ending)", whole.prefix(Int(Double(whole.count) * part)))
        let reader = try VideoReader(path: cut)
        var frames: [VideoFrame] = []
        while let frame = try reader.next() { frames.append(frame) }
        #expect(reader.damage != nil)
        #expect(frames.count < all.count)
        #expect(Double(frames.count) > Double(all.count) * (part - 0.2))
        #expect(frames == Array(all.prefix(frames.count)))
    }

    @Test func aFilmWithoutItsIndexIsTruncated() throws {
        let whole = try film("whole.mp4", count: 4)
        let index = try #require(whole.range(of: Data("mdat".utf8)))
        for count in stride(from: 40, to: index.lowerBound - 8, by: 31) {
            let got = kind(try folder.make("cut.mp4", whole.prefix(count)))
            // The tables of frames come last: without them the index is whole, and empty.
            let isInTables = count > index.lowerBound - 250
            #expect(got == .truncated || isInTables && got == .noFrames, "after \(count) bytes")
        }
    }

    @Test func aFilmWithoutItsFramesHasNone() throws {
        let whole = try film("whole.mp4", count: 4)
        let index = try #require(whole.range(of: Data("mdat".utf8)))
        #expect(kind(try folder.make("cut.mp4", whole.prefix(index.upperBound + 20))) == .noFrames)
    }

    @Test(arguments: [1, 4])
    func damageInTheMiddleEndsTheFilm(threads: Int) throws {
        var bytes = try film("whole.mp4")
        let all = try readFilm(folder.file("whole.mp4"))
        let middle = bytes.count / 2
        bytes.replaceSubrange(middle..<middle + 4_000, with: Data(repeating: 0xA5, count: 4_000))
        let reader = try VideoReader(path: folder.make("hole.mp4", bytes), threads: threads)
        var frames: [VideoFrame] = []
        while let frame = try reader.next() { frames.append(frame) }
        #expect(reader.damage != nil)
        #expect(frames.count > 15 && frames.count < 45)
        #expect(frames == Array(all.prefix(frames.count)))
    }

    /// With frame threads libavcodec 59 waits for ever: found by `make fuzz-media`.
    @Test(.timeLimit(.minutes(1)))
    func anAnimationWithADamagedFrameEnds() throws {
        let reader = try VideoReader(path: Drawings.fixture("damaged.apng"), threads: 4)
        var count = 0
        while try reader.next() != nil { count += 1 }
        #expect((1...3).contains(count))
    }

    /// With frame threads libavcodec 59 aborts on the packet of ones: found by `make fuzz-media`.
    @Test func bytesBehindAPictureDoNotEndTheProcess() throws {
        let picture = try Data(contentsOf: URL(fileURLWithPath: Drawings.fixture("still.webp")))
        let ones = Data(repeating: 0xFF, count: 116)
        let reader = try VideoReader(path: folder.make("ones.webp", picture + ones), threads: 4)
        #expect(try reader.next() != nil)
        #expect(try reader.next() == nil)
    }

    @Test func randomCutsAndFlipsNeverCrash() throws {
        let wholes = try ["mp4", "gif", "mkv", "webm"].map { ($0, try film("w.\($0)", count: 5)) }
        var state: UInt64 = 7
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for (ending, whole) in wholes {
            for _ in 0..<40 {
                var bytes = whole
                for _ in 0..<4 { bytes[random(min(bytes.count, 2_000))] = UInt8(random(256)) }
                let path = try folder.make("f.\(ending)", bytes.prefix(random(bytes.count) + 1))
                guard let reader = try? VideoReader(path: path, from: Double(random(2))) else {
                    continue
                }
                var count = 0
                while count < 100, try reader.next() != nil { count += 1 }
            }
        }
    }
}

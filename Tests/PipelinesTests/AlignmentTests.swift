import Foundation
import Media
import Packs
import Pipelines
import Store
import Tensors
import Testing

/// Clips that are framed otherwise than the pack was trained.
@Suite(.serialized)
struct AlignmentTests {
    private let fixture: LibraryFixture

    init() throws { fixture = try LibraryFixture.get() }

    private func ingest(
        _ input: String,
        boxes: [TimedBox] = []
    ) throws -> (clip: IngestedClip?, failures: [IngestFailure]) {
        var request = IngestRequest(inputs: [input])
        if !boxes.isEmpty { request.boxes = [(input as NSString).lastPathComponent: boxes] }
        var found: IngestedClip?
        let report = try fixture.session.ingest(request) { event in
            if case .clip(let clip) = event { found = clip }
        }
        return (found, report.failures)
    }

    /// A sample clip whose frames were changed, without loss.
    private func film(
        of path: String,
        _ name: String,
        _ change: (RGBImage) -> RGBImage
    ) throws -> String {
        let target = try fixture.path(name + ".mkv")
        let reader = try VideoReader(path: path)
        var writer: VideoWriter?
        while let frame = try reader.next() {
            let image = change(frame.image)
            let rate = try #require(FrameRate(25))
            let film =
                try writer
                ?? VideoWriter(
                    path: target,
                    width: image.width,
                    height: image.height,
                    frameRate: rate
                )
            try film.append(image)
            writer = film
        }
        try writer?.finish()
        return target
    }

    private func content(_ clip: IngestedClip?) throws -> (codes: [Float], provenance: String) {
        let id = try #require(clip.flatMap { ClipID(hex: $0.id) })
        let tensor = try #require(try fixture.session.library.tensor(of: id, .content))
        let asset = try fixture.session.library.assets(of: id).first { $0.kind == .content }
        return (tensor.float.scalars, asset?.provenanceJSON ?? "")
    }

    /// The frame in the middle of a wider, higher one.
    private func framed(_ image: RGBImage) -> RGBImage {
        RGBImage(width: 200, height: 160, red: 90, green: 120, blue: 90)
            .pasting(image, x: 50, y: 20)
    }

    @Test func aBoxGivesTheCodesOfTheFrameInIt() throws {
        let plain = try film(of: LibraryFixture.first, "plain") { $0 }
        let wide = try film(of: LibraryFixture.first, "wide", framed)
        let box = FrameBox(x: 50, y: 20, width: 128, height: 128)
        let whole = try ingest(plain).clip
        let cut = try ingest(wide, boxes: [TimedBox(box)]).clip
        let (expected, found) = (try content(whole), try content(cut))
        #expect(expected.codes == found.codes)
        #expect(found.provenance.contains("[50,20,128,128]"))
        #expect(cut?.warnings == [] && whole?.warnings == [])
    }

    @Test func otherBoxesAreOtherClipsAndTheSameOnesAreKnown() throws {
        let wide = try film(of: LibraryFixture.second, "boxed", framed)
        let box = FrameBox(x: 50, y: 20, width: 128, height: 128)
        let shifted = FrameBox(x: 49, y: 20, width: 128, height: 128)
        let first = try ingest(wide, boxes: [TimedBox(box)]).clip
        let again = try ingest(wide, boxes: [TimedBox(box, end: 1), TimedBox(box, start: 1)]).clip
        #expect(first?.isNew == true && again?.isNew == false && again?.id == first?.id)
        let other = try ingest(wide, boxes: [TimedBox(shifted)]).clip
        #expect(other?.isNew == true && other?.id != first?.id)
        let moving = try ingest(wide, boxes: [TimedBox(box, end: 1), TimedBox(shifted, start: 1)])
        #expect(moving.clip?.isNew == true)
    }

    @Test func aBoxThatMissesTheFrameOrItsTimeFailsTheFile() throws {
        let outside = FrameBox(x: 500, y: 0, width: 64, height: 64)
        let missed = try ingest(LibraryFixture.first, boxes: [TimedBox(outside)])
        #expect(missed.failures.first?.reason.contains("128x128") == true)
        let box = FrameBox(x: 0, y: 0, width: 64, height: 64)
        let uncovered = try ingest(LibraryFixture.first, boxes: [TimedBox(box, end: 1)])
        #expect(uncovered.failures.first?.reason.contains("no box covers") == true)
        #expect(throws: RequestError.self) {
            try ingest(LibraryFixture.first, boxes: [TimedBox(box, start: 2, end: 1)])
        }
        #expect(throws: RequestError.self) {
            let empty = FrameBox(x: 0, y: 0, width: 0, height: 64)
            return try ingest(LibraryFixture.first, boxes: [TimedBox(empty)])
        }
    }

    @Test func unalignedClipsAreToldFromAlignedOnes() throws {
        let own = try #require(try fixture.session.pack().manifest.reconstruction)
        var lines = ["framing               distance, the pack's median \(own.median)"]
        func measure(_ label: String, _ path: String, isAligned: Bool) throws {
            let clip = try #require(try ingest(path).clip)
            let distance = try #require(clip.reconstruction)
            let isDoubted = clip.warnings.contains { $0.contains("looks unaligned") }
            lines.append("\(label): \(distance)\(isDoubted ? ", warned" : "")")
            #expect(isDoubted == (distance > own.limit))
            #expect(isDoubted != isAligned, "\(label): \(distance), limit \(own.limit)")
        }
        for name in ["figure02_motion02", "figure03_motion15", "figure08_motion20"] {
            let path = LibraryFixture.samples + "/clips/\(name).mp4"
            func changed(_ what: String, _ change: (RGBImage) -> RGBImage) throws {
                let film = try film(of: path, "\(name)-\(what)", change)
                try measure("\(name), \(what)", film, isAligned: false)
            }
            try measure("\(name), as it is", film(of: path, name) { $0 }, isAligned: true)
            try changed("right 8") { $0.shifted(x: 8, y: 0) }
            try changed("up 16") { $0.shifted(x: 0, y: -16) }
            try changed("scaled 0.7") { $0.scaled(90) }
            try changed("scaled 1.4") { $0.scaled(180) }
            try changed("turned") { $0.turned }
        }
        let bars = LibraryFixture.samples + "/../Tests/MediaTests/Fixtures/upright.mp4"
        try measure("test picture", bars, isAligned: false)
        print(lines.joined(separator: "\n"))
    }
}

extension RGBImage {
    /// The picture moved, its border repeated behind it.
    fileprivate func shifted(x: Int, y: Int) -> RGBImage {
        paddedByEdge(left: max(0, x), top: max(0, y), right: max(0, -x), bottom: max(0, -y))
            .cropped(x: max(0, -x), y: max(0, -y), width: width, height: height)
    }

    /// The picture with another number of rows, in the middle of a frame of the old size.
    fileprivate func scaled(_ rows: Int) -> RGBImage {
        let image = resized(width: rows, height: rows)
        guard rows < height else {
            let margin = (rows - height) / 2
            return image.cropped(x: margin, y: margin, width: width, height: height)
        }
        let (before, after) = ((height - rows) / 2, (height - rows + 1) / 2)
        return image.paddedByEdge(left: before, top: before, right: after, bottom: after)
    }

    /// The picture by a quarter to the right.
    fileprivate var turned: RGBImage {
        var pixels: [UInt8] = []
        for y in 0..<width {
            for x in 0..<height {
                let pixel = self[y, height - 1 - x]
                pixels += [pixel.x, pixel.y, pixel.z]
            }
        }
        return RGBImage(width: height, height: width, pixels: pixels)
    }
}

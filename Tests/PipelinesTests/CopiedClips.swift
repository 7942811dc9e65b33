import Foundation
import Media
import Pipelines
import Store
import TestSupport
import Testing

/// A library of sample clips, copies of two of them, and films in which little or nothing can be seen.
final class CopiedClips: Sendable {
    static let shared = Result { try CopiedClips() }

    /// Copies of `figure00_motion00`.
    static let copies = ["first-brighter", "first-five-of-six", "first-shorter", "first-small"]
    /// Figure 0 in another motion, and another figure.
    static let others = ["figure00_motion12", "figure01_motion01", "figure02_motion02"]

    let session: Session
    private let folder: TemporaryFolder

    static func get() throws -> CopiedClips { try shared.get() }

    private init() throws {
        folder = try TemporaryFolder()
        session = Session(library: try Library.create(at: folder.path + "/library"))
        try session.addPack(from: LibraryFixture.samples + "/packs/paper-doll")
        let first = try Self.frames("figure00_motion00")
        let still = try Self.frames("figure01_motion01")[0]
        let black = RGBImage(width: 128, height: 128, red: 0, green: 0, blue: 0)
        let films: [(name: String, frames: [RGBImage], rate: Double)] = [
            ("first-small", first.map { $0.resized(width: 96, height: 96) }, 25),
            ("first-brighter", first.map(Self.brighter), 25),
            ("first-shorter", Array(first.dropFirst(5)), 25),
            // 25 frames a second become 20 5/6.
            ("first-five-of-six", first.indices.filter { $0 % 6 != 5 }.map { first[$0] }, 20.833),
            ("standing", Array(repeating: still, count: 50), 25),
            (
                "standing-small", Array(repeating: still.resized(width: 96, height: 96), count: 50),
                25
            ),
            ("black", Array(repeating: black, count: 50), 25),
            (
                "black-small",
                Array(repeating: black.resized(width: 64, height: 64), count: 40), 25
            ),
        ]
        for film in films { try write(film.name, film.frames, film.rate) }
        for name in Self.others {
            let frames = try Self.frames(name)
            try write(
                "opening-\(name)",
                Array(repeating: black, count: 13) + frames.dropFirst(13),
                25
            )
            // Most of it is black, and the same as of the others.
            try write(
                "late-\(name)",
                Array(repeating: black, count: 35) + frames.dropFirst(35),
                25
            )
        }
        // Three quarters of it are those of the figure that stands still.
        try write(
            "standing-long",
            Array(repeating: still, count: 38)
                + (try Self.frames("figure01_motion01")).dropFirst(38),
            25
        )
        var inputs = films.map { folder.path + "/\($0.name).mkv" }
        inputs += Self.others.flatMap { name in
            ["opening", "late"].map { folder.path + "/\($0)-\(name).mkv" }
        }
        inputs.append(folder.path + "/standing-long.mkv")
        _ = try session.ingest(IngestRequest(inputs: inputs))
        // In a run of its own: the times of one commit's clips may be the same to the millisecond.
        let originals = (["figure00_motion00"] + Self.others).map(Self.path)
        _ = try session.ingest(IngestRequest(inputs: originals))
        var still2 = IngestRequest(inputs: [LibraryFixture.samples + "/stills"])
        still2.tags = ["picture"]
        _ = try session.ingest(still2)
    }

    private static func path(_ name: String) -> String {
        LibraryFixture.samples + "/clips/\(name).mp4"
    }

    private static func frames(_ name: String) throws -> [RGBImage] {
        let reader = try VideoReader(path: path(name))
        var frames: [RGBImage] = []
        while let frame = try reader.next() { frames.append(frame.image) }
        return frames
    }

    private static func brighter(_ image: RGBImage) -> RGBImage {
        RGBImage(
            width: image.width,
            height: image.height,
            pixels: image.pixels.map { UInt8(min(255, Int($0) + 12)) }
        )
    }

    private func write(_ name: String, _ frames: [RGBImage], _ rate: Double) throws {
        let writer = try VideoWriter(
            path: folder.path + "/\(name).mkv",
            width: frames[0].width,
            height: frames[0].height,
            frameRate: try #require(FrameRate(perSecond: rate))
        )
        for frame in frames { try writer.append(frame) }
        try writer.finish()
    }
}

import Foundation
import Media
import Pipelines
import Store
import Tensors
import Testing

/// A library with the sample pack and two sample clips, made once for all suites.
final class LibraryFixture: Sendable {
    static let shared = Result { try LibraryFixture() }

    static let samples = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Samples").path

    static let first = samples + "/clips/figure00_motion00.mp4"
    static let second = samples + "/clips/figure01_motion13.mp4"

    /// Written once, before the exit handler that reads it is registered.
    nonisolated(unsafe) private static var folderToRemove = ""

    let root: String
    let session: Session

    private init() throws {
        root =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("vsdb-tests-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        Self.folderToRemove = root
        atexit { try? FileManager.default.removeItem(atPath: LibraryFixture.folderToRemove) }
        session = Session(library: try Library.create(at: root + "/library"))
        try session.addPack(from: Self.samples + "/packs/paper-doll")
        _ = try session.ingest(IngestRequest(inputs: [Self.first, Self.second]))
    }

    static func get() throws -> LibraryFixture { try shared.get() }

    /// A path that no other test uses.
    func path(_ name: String) throws -> String {
        let folder = root + "/" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder + "/" + name
    }

    /// Renders a request without loss and reads the frames back.
    func frames(
        _ request: CompositionRequest,
        _ precision: Precision? = nil,
        rows: Int? = nil
    ) throws -> [RGBImage] {
        var options = RenderOptions()
        options.output = try path("film.mkv")
        options.rows = rows
        options.precision = precision
        _ = try session.render(try session.compose(request).recipe, options)
        let reader = try VideoReader(path: options.output ?? "")
        var frames: [RGBImage] = []
        while let frame = try reader.next() { frames.append(frame.image) }
        return frames
    }

    /// Content of the first clip, motion of the second, a few frames.
    func request(frames: Int = 4) -> CompositionRequest {
        var request = CompositionRequest(content: "figure00_motion00")
        request.motion = "figure01_motion13"
        request.timing.frameCount = frames
        request.timing.frameRate = 4
        return request
    }
}

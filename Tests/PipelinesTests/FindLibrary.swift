import Foundation
import Pipelines
import Store

/// A library with two figures in two motions each, and a film of one of them in the other's motion.
final class FindLibrary: Sendable {
    static let shared = Result { try FindLibrary() }
    static let names = [
        "figure00_motion00", "figure00_motion12", "figure01_motion00", "figure01_motion01",
        "figure01_motion13",
    ]

    let path: String
    let session: Session

    init() throws {
        path = try LibraryFixture.get().path("library")
        session = Session(library: try Library.create(at: path))
        try session.addPack(from: LibraryFixture.samples + "/packs/paper-doll")
        let drawn = Self.names.filter { $0 != "figure01_motion00" }
        _ = try session.ingest(
            IngestRequest(inputs: drawn.map { LibraryFixture.samples + "/clips/\($0).mp4" })
        )
        var crossed = CompositionRequest(content: "figure01_motion01")
        crossed.motion = "figure00_motion00"
        var options = RenderOptions()
        options.output = film
        _ = try session.render(try session.compose(crossed).recipe, options)
        _ = try session.ingest(IngestRequest(inputs: [film]))
    }

    /// Figure 1 in the motion of figure 0, which no sample clip shows.
    var film: String { path + "/../figure01_motion00.mkv" }

    static func get() throws -> FindLibrary { try shared.get() }

    /// A copy that a test may change.
    func copy() throws -> Session {
        let other = try LibraryFixture.get().path("library")
        try FileManager.default.copyItem(atPath: path, toPath: other)
        return Session(library: try Library.open(at: other))
    }
}

extension FindRequest {
    /// Looks for clips like a reference.
    static func like(_ reference: String, _ aspect: SearchAspect) -> FindRequest {
        var request = FindRequest()
        (request.reference, request.aspect) = (reference, aspect)
        return request
    }
}

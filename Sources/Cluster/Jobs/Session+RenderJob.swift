internal import Foundation
internal import Glibc
internal import Media
internal import Packs
public import Pipelines
internal import Store

/// A film that a cluster is to render.
public struct FilmRequest: Sendable {
    /// What the recipe is called, for people.
    public var name: String
    /// What is shown.
    public var recipe: Recipe
    /// Where the film goes; nil for none.
    public var output: String?
    /// Where the contact sheet goes; nil for none.
    public var sheet: String?

    /// A film of a recipe that goes nowhere yet.
    public init(name: String, recipe: Recipe) { (self.name, self.recipe) = (name, recipe) }
}

extension Session {
    /// Plans a render on a cluster, and makes the job's folder unless it is only planned.
    ///
    /// Every task solves the whole motion, which is cheap, and renders some of its frames: frames do not depend on which
    /// others stand beside them, so that the film has the bytes of one that is rendered here, if the nodes have processors
    /// with the same instructions.
    ///
    /// - Parameters:
    ///   - films: What is rendered, and where to.
    ///   - rendering: Size and precision; its places are not looked at.
    ///   - options: How many tasks, where, with what.
    ///   - isDryRun: Whether nothing is written.
    ///   - cancellation: Stops the copy of the clips.
    /// - Returns: The job, to be sent with `JobFollower`.
    /// - Throws: `ClusterError`, `RequestError`, `PackError`, `StoreError`, `MediaError`, errors of the disk.
    public func planRender(
        _ films: [FilmRequest],
        _ rendering: RenderOptions,
        _ options: JobOptions,
        isDryRun: Bool,
        cancellation: Cancellation = Cancellation()
    ) throws -> PlannedJob {
        let draft = try JobDraft(self, options)
        guard let first = films.first else { throw RequestError("nothing to render: name recipes") }
        for film in films { try check(film, rendering) }
        let precision = try precision(of: first.recipe, rendering.precision)
        let total = films.reduce(0) { $0 + $1.recipe.times.frameCount }
        let size =
            options.taskCount.map { max(1, (total + $0 - 1) / $0) } ?? Self.framesPerTask
        let chunks = films.enumerated().flatMap { number, film in
            FrameChunk.chunks(ofFilm: number, frameCount: film.recipe.times.frameCount, size: size)
        }
        guard chunks.count <= JobOptions.taskLimit else {
            throw ClusterError(
                .badRequest,
                "\(total) frames are \(chunks.count) tasks of \(size) frames, and an array has at most "
                    + "\(JobOptions.taskLimit); give --shards \(JobOptions.taskLimit / 2), or fewer recipes"
            )
        }
        let job = draft.job(
            taskCount: chunks.count,
            render: ClusterJob.Render(
                films: films.map {
                    ClusterJob.Film(
                        name: $0.name,
                        recipe: $0.recipe,
                        output: $0.output.map(Self.absolute),
                        sheet: $0.sheet.map(Self.absolute)
                    )
                },
                rows: rendering.rows,
                precision: precision
            )
        )
        if !isDryRun {
            try draft.write(job, tasks: chunks) { folder in
                var request = ExportRequest(output: folder.inputPath)
                request.references = Array(Set(films.flatMap(\.recipe.clipIDs)))
                request.withPacks = true
                _ = try export(request, cancellation: cancellation)
            }
        }
        return draft.planned(
            job,
            tasks: chunks.map { chunk in
                "frames \(chunk.frames.lowerBound) to \(chunk.frames.upperBound - 1) of "
                    + films[chunk.film].name
            }
        )
    }

    /// A minute or so of the paper's generator on two cores.
    private static let framesPerTask = 64

    private func check(_ film: FilmRequest, _ rendering: RenderOptions) throws {
        guard film.output != "-" else {
            throw RequestError("a cluster cannot render to standard output: give -o FILE")
        }
        for path in [film.output, film.sheet].compactMap({ $0 }) { try checkPlace(path) }
        var options = rendering
        (options.output, options.sheet) = (film.output, film.sheet)
        try validate(options, for: film.recipe)
    }

    /// Refuses a place for which hours would be rendered in vain.
    private func checkPlace(_ path: String) throws {
        var file = URL(fileURLWithPath: path)
        // Of numbered pictures the folder is made, its own folder has to be there.
        if path.hasSuffix("/") || file.lastPathComponent.contains("%") {
            if !path.hasSuffix("/") { file.deleteLastPathComponent() }
        } else {
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            guard !exists || !isFolder.boolValue else {
                throw RequestError("\"\(path)\" is a folder; name a file")
            }
        }
        let parent = file.deletingLastPathComponent().path
        guard access(parent, W_OK) == 0 else {
            throw RequestError(
                "\"\(path)\": \"\(parent)\" is not there, or nothing can be written in it; make it first"
            )
        }
    }

    private static func absolute(_ path: String) -> String {
        let full = URL(fileURLWithPath: path).standardizedFileURL.path
        return path.hasSuffix("/") ? full + "/" : full
    }
}

extension FrameChunk {
    /// A film in chunks of about equal length.
    package static func chunks(ofFilm film: Int, frameCount: Int, size: Int) -> [FrameChunk] {
        let count = max(1, (frameCount + size - 1) / size)
        return (0..<count).map { index in
            FrameChunk(
                film: film,
                frames: frameCount * index / count..<frameCount * (index + 1) / count
            )
        }
    }
}

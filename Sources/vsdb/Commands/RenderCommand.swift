import ArgumentParser
import Cluster
import Foundation
import Pipelines

/// `vsdb render`.
struct RenderCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Render saved compositions or recipe files again.",
        usage: """
            vsdb render <recipe> ... [-o <file>] [--sheet <file>] [<options>]
            vsdb render - -o 'films/{name}.mp4' [<options>] < list
            """,
        discussion: """
            On the same machine and build the frames are the same, bit for bit. Of several \
            recipes, {name} in the file's name stands for the recipe's. With a single minus sign, \
            one recipe a line is read from standard input.

              vsdb render anna-walks -o anna-walks.mp4
              vsdb render recipe.json -o preview.gif --size 128 --sheet sheet.png
              vsdb render anna-walks ben-waves -o 'films/{name}.mp4'
              vsdb render anna-walks -o anna-walks.mp4 --cluster slurm --shards 8
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Saved compositions' names or hashes, or files; - for a list on standard input.",
            valueName: "recipe"
        ),
        completion: .file(extensions: ["json"])
    )
    var recipes: [String]

    @OptionGroup(title: "Output") var output: OutputOptions

    @OptionGroup(title: "Cluster") var clusterOptions: ClusterOptions

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard output.isGiven else {
            throw ValidationError("nothing to make: give -o FILE, --sheet FILE or both")
        }
        guard !(shared.json && output.output == "-") else {
            throw ValidationError("--json and -o - both want standard output: write a file")
        }
        guard recipes == ["-"] || !recipes.contains("-") else {
            throw ValidationError("- stands alone: give recipes, or a list on standard input")
        }
        if clusterOptions.cluster != nil, output.isProfiled {
            throw ValidationError("--profile is for a render on this machine")
        }
    }

    func run() throws {
        let session = try shared.openSession()
        let cancellation = Interruption.install()
        let films = try films(session)
        guard clusterOptions.cluster == nil else {
            try ClusterWork(session: session, shared: shared).start(clusterOptions, cancellation) {
                options in
                try session.planRender(
                    films,
                    output.options,
                    options,
                    isDryRun: clusterOptions.dryRun,
                    cancellation: cancellation
                )
            }
            return
        }
        for film in films {
            var options = output.options
            (options.output, options.sheet) = (film.output, film.sheet)
            let job = RenderJob(session: session, options: options, shared: shared)
            try job.run(film.recipe, cancellation)
        }
    }

    /// What is rendered, and where to.
    private func films(_ session: Session) throws -> [FilmRequest] {
        var references = recipes
        if recipes == ["-"] {
            references = []
            while let line = readLine() {
                if !line.isEmpty { references.append(line) }
            }
            guard !references.isEmpty else {
                throw ValidationError("nothing to render: the list on standard input is empty")
            }
        }
        for (flag, path) in [("-o", output.output), ("--sheet", output.sheet)] {
            guard let path, references.count > 1, !path.contains(Self.place) else { continue }
            throw ValidationError(
                "\(flag) \"\(path)\": \(references.count) recipes need a name each; write \(Self.place) where it "
                    + "goes, as in 'films/\(Self.place).mp4'"
            )
        }
        var names: Set<String> = []
        return try references.map { reference in
            let name = Self.name(of: reference)
            guard names.insert(name).inserted else {
                throw ValidationError("\"\(name)\" would be rendered twice, to the same file")
            }
            var film = FilmRequest(name: name, recipe: try session.recipe(reference))
            film.output = output.output?.replacingOccurrences(of: Self.place, with: name)
            film.sheet = output.sheet?.replacingOccurrences(of: Self.place, with: name)
            return film
        }
    }

    /// What stands for the recipe's name in a file's name.
    private static let place = "{name}"

    /// A saved name as it is, a file's without folder and ending.
    private static func name(of reference: String) -> String {
        let last = (reference as NSString).lastPathComponent
        return last.hasSuffix(".json") ? (last as NSString).deletingPathExtension : last
    }
}

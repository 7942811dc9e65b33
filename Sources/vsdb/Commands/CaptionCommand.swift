import ArgumentParser
import Foundation
import Pipelines
import Store

/// `vsdb caption`.
struct CaptionCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "caption",
        abstract: "Write, change or take away the captions of clips.",
        usage: """
            vsdb caption <ref> <text> [<options>]
            vsdb caption --clear <ref> ... [<options>]
            vsdb caption --where <condition> (<text> | --clear) [<options>]
            vsdb caption --file <file> [<options>]
            """,
        discussion: """
            All captions are written or none. A caption is for people, filters and training: the \
            codes and the CLIP embeddings of a clip come from its frames and stay as they are.

              vsdb caption anna "a woman in a red dress"
              vsdb caption --clear anna walk
              vsdb caption --where 'base = walk' "a man walks to the left"
              vsdb caption --file captions.json
            """
    )

    @Argument(help: ArgumentHelp("The clip, then its caption.", valueName: "ref-and-text"))
    var arguments: [String] = []

    @Flag(help: "Take the captions away.")
    var clear = false

    @Option(
        help: ArgumentHelp(
            "Captions by source file name, as for vsdb ingest --captions: JSON or CSV.",
            valueName: "file"
        ),
        completion: .file(extensions: ["json", "csv"])
    )
    var file: String?

    @OptionGroup var filter: FilterOption

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard file == nil || (arguments.isEmpty && !clear && filter.condition == nil) else {
            throw ValidationError(
                "--file names the clips and their captions: give nothing beside it"
            )
        }
        guard file == nil else { return }
        guard !clear else {
            try ClipSelection.check(arguments.isEmpty, filter)
            return
        }
        let wanted = filter.condition == nil ? 2 : 1
        guard arguments.count == wanted else {
            throw ValidationError(
                wanted == 2
                    ? "a clip and its caption are expected, \(arguments.count) arguments were "
                        + "given; put the caption in quotes, or use --clear or --file FILE"
                    : "beside --where one caption is expected, \(arguments.count) arguments were "
                        + "given; put the caption in quotes"
            )
        }
        guard arguments.last?.allSatisfy(\.isWhitespace) == false else {
            throw ValidationError("the caption is empty; to take one away, use --clear")
        }
    }

    func run() throws {
        let (library, clips, captions) = try file.map(read) ?? chosen()
        let changed = try library.setCaptions(captions)
        try ChangeReport(of: clips, changed: changed).print(
            shared,
            { clear ? "took the caption from \($0)" : "captioned \($0)" },
            rest: clear ? "had none" : "had it already"
        )
    }

    private func chosen() throws -> (Library, [Clip], [ClipID: String?]) {
        let references = clear ? arguments : Array(arguments.dropLast())
        let (library, clips) = try ClipSelection.open(shared, references, filter)
        let text = clear ? nil : arguments.last
        return (library, clips, Dictionary(uniqueKeysWithValues: clips.map { ($0.id, text) }))
    }

    /// The clips whose files a list names.
    private func read(_ path: String) throws -> (Library, [Clip], [ClipID: String?]) {
        let captions = try CaptionFile.read(path, flag: "--file")
        let library = try shared.openLibrary()
        let all = try library.clips()
        let texts = all.compactMap { clip in
            captions.entry(ofFile: clip.source.path).map { (clip, Optional($0)) }
        }
        let unused = captions.names(besides: all.map(\.source.path))
        if !unused.isEmpty {
            let more = unused.count > 3 ? " and \(unused.count - 3) more" : ""
            let shown = unused.prefix(3).map { "\"\($0)\"" }.joined(separator: ", ") + more
            shared.console.warning("--file: no clip comes from a file called \(shown)")
        }
        return (
            library, texts.map(\.0),
            Dictionary(uniqueKeysWithValues: texts.map { ($0.id, $1) })
        )
    }
}

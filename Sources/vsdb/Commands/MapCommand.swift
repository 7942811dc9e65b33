public import ArgumentParser
import Foundation
import Media
public import Pipelines
import Store

extension MapRequest.Label: ExpressibleByArgument {}

/// `vsdb map`.
struct MapCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "map",
        abstract: "Draw the library as a map on which what is alike lies together.",
        usage: """
            vsdb map [--by motion|content|look] [-o <file>] [<options>]
            """,
        discussion: """
            A .html file is a page with everything in it, to be opened in any browser without \
            a network: pan and zoom, search, and the most similar clips of each. A .png or .jpg \
            shows as many pictures as have room, the other clips as dots. Near is alike; far \
            says little.

              vsdb map
              vsdb map --by look -o look.html --label collection
              vsdb map --by content --tag dance -o dance.png
            """
    )

    @Option(help: ArgumentHelp("What makes clips lie together.", valueName: "aspect"))
    var by = SearchAspect.motion

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The map: .html, .png or .jpg.", valueName: "file"),
        completion: .file(extensions: ["html", "png", "jpg"])
    )
    var output = "map.html"

    @Option(help: ArgumentHelp("What clips are coloured by.", valueName: "what"))
    var label = MapRequest.Label.tag

    @Option(help: ArgumentHelp("Another one gives a slightly other map.", valueName: "n"))
    var seed: UInt64 = 1

    @OptionGroup var conditions: ConditionOptions
    @OptionGroup var shared: SharedOptions

    private struct Record: Encodable {
        let path: String
        let by: SearchAspect
        let pack: String
        let clips: Int
        let seed: UInt64
        @OrNull var trustworthiness: Double?
        let pictures: Bool
        let bytes: Int
        let notes: [String]
    }

    private var isPage: Bool { output.lowercased().hasSuffix(".html") }

    func validate() throws {
        let ends = [".html", ".png", ".jpg", ".jpeg"]
        guard ends.contains(where: output.lowercased().hasSuffix) else {
            throw ValidationError("-o \(output): maps are written as .html, .png or .jpg")
        }
    }

    func run() throws {
        var request = MapRequest()
        (request.aspect, request.label, request.seed) = (by, label, seed)
        request.pack = conditions.pack
        request.filter = try conditions.conditions()
        try ResultFile.check(path: output)
        let session = try shared.openSession()
        let cancellation = Interruption.install()
        let progress = ProgressLine("map", shared.console)
        let map = try session.map(request, cancellation: cancellation) { stage, share in
            progress.update(ProgressLine.State(fraction: share, text: stage.rawValue))
        }
        guard !map.clips.isEmpty else {
            throw RequestError(
                "nothing to map: \(conditions.emptiness(pack: map.pack))"
            )
        }
        var hasPictures = true
        if isPage {
            let pictures = try session.pictures(of: map, cancellation: cancellation) { share in
                progress.update(ProgressLine.State(fraction: share, text: "pictures"))
            }
            hasPictures = pictures != nil
            try ResultFile.write(try MapPage(map, pictures).bytes(), to: output)
        } else {
            try session.draw(map, to: output)
        }
        ProgressLine.clear()
        try report(map, hasPictures)
    }

    private func report(_ map: LibraryMap, _ hasPictures: Bool) throws {
        let facts = try FileManager.default.attributesOfItem(atPath: output)
        let bytes = (facts[.size] as? Int) ?? 0
        for note in map.notes { shared.console.note(note) }
        if !hasPictures {
            shared.console.note(
                "more than \(MapPictures.limit) clips: the page shows points without pictures; "
                    + "choose some with --where to see them"
            )
        }
        guard !shared.json else {
            let record = Record(
                path: output,
                by: map.aspect,
                pack: map.pack,
                clips: map.clips.count,
                seed: map.seed,
                trustworthiness: map.trustworthiness.map { ($0 * 1e4).rounded() / 1e4 },
                pictures: hasPictures,
                bytes: bytes,
                notes: map.notes
            )
            return try shared.console.print(JSONOutput.document(record))
        }
        try shared.console.report(output)
        let trust = map.trustworthiness.map {
            ", trustworthiness \(Wording.decimal($0, digits: 3))"
        }
        shared.console.note(
            "\(Wording.count(map.clips.count, "clip")) by \(map.aspect.rawValue), "
                + "\(Wording.bytes(bytes))\(trust ?? "")"
        )
    }
}

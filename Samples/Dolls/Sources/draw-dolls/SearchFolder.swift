import Dolls
import FoundationEssentials

/// `draw-dolls search-set`: films of a `SearchSet`, and a `samples.json` that says who moves alike and who is who.
func writeSearchSet(_ options: Options) throws {
    let world = try options.world
    let set = SearchSet(
        world,
        performances: try options.number("performances", 12),
        repeated: try options.number("repeated", 12),
        combined: try options.number("combined", 200)
    )
    guard set.performances > 1 else {
        throw UsageError(description: "--performances \(set.performances): at least 2")
    }
    let folder = URL(fileURLWithPath: try options.text("folder"), isDirectory: true)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let films = set.films
    var document = SamplesDocument(
        name: "dolls, \(films.count) performances",
        source: "draw-dolls search-set --seed \(world.seed) --split \(world.split) --performances "
            + "\(set.performances) --repeated \(set.repeated) --combined \(set.combined)",
        split: String(describing: world.split)
    )
    let drawing = Drawing()
    for (number, performance) in films.enumerated() {
        let digits = String(number)
        let name = "film" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        let figure = world.figure(performance.figure)
        var film = FilmFile(width: 128, height: 128, frameRate: 25)
        for frame in 0..<SearchSet.frames {
            let t = Double(frame) / Double(SearchSet.frames)
            film.append(drawing.draw(figure, Pose(performance.motion, at: t)))
        }
        try film.write(to: folder.appendingPathComponent(name + ".avi"))
        document.performances.append(
            SamplesDocument.Performance(
                name: name,
                part: performance.part,
                label: performance.label,
                motions: Dictionary(
                    uniqueKeysWithValues: Pose.Part.allCases.map {
                        ($0.rawValue, performance.motion.kinds[$0])
                    }
                ),
                film: SamplesDocument.Film(path: name + ".avi")
            )
        )
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try encoder.encode(document).write(to: folder.appendingPathComponent("samples.json"))
}

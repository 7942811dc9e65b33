import Dolls
import FoundationEssentials
import Glibc

/// What can be asked for, and how.
let usage = """
    usage: draw-dolls COMMAND [--seed 1] [--split train|validation|test] ...

    sheet --columns 12 --rows 6                        PPM: figures, then motions of one figure each
    film --figure N --motion M [--mix K --parts P,P]   raw RGB of 50 frames, 128x128, 25 a second
    caption --figure N                                 the caption
    joints --figure N --motion M                       JSON: 13 points of every frame
    clips --folder D --first N --count M               films with captions.json, for vsdb train and vsdb ingest:
          [--frames 50]                                figure i doing motion i, frames spread over 2 s
    groups --first N --count M --folder D              training groups as files; see README.md
           [--chunk 16] [--backlog 4]
    eval-set --folder D --figures N [--motions M]      films, joints and samples.json for vsdb eval --samples
           [--judges FOLDER]
    search-set --folder D [--performances 12]          films of which it is known who moves alike, and samples.json:
           [--repeated 12] [--combined 200]            for vsdb eval --samples

    Everything goes to standard output but what has a folder. The same numbers give the same bytes.
    """

struct UsageError: Error, CustomStringConvertible {
    let description: String
}

/// `--name value` pairs after the command.
struct Options {
    private var values: [String: String] = [:]

    init(_ arguments: ArraySlice<String>) throws {
        var rest = arguments
        while let flag = rest.popFirst() {
            guard flag.hasPrefix("--"), let value = rest.popFirst() else {
                throw UsageError(description: "\(flag): needs --NAME VALUE")
            }
            values[String(flag.dropFirst(2))] = value
        }
    }

    func text(_ name: String, _ standard: String? = nil) throws -> String {
        guard let value = values[name] ?? standard else {
            throw UsageError(description: "--\(name) is missing")
        }
        return value
    }

    func number(_ name: String, _ standard: Int? = nil) throws -> Int {
        let value = try text(name, standard.map(String.init))
        guard let number = Int(value), number >= 0 else {
            throw UsageError(description: "--\(name) \(value): not a whole number from 0 up")
        }
        return number
    }

    func has(_ name: String) -> Bool { values[name] != nil }

    var world: World {
        get throws {
            let splits: [String: World.Split] = [
                "train": .train, "validation": .validation, "test": .test,
            ]
            guard let split = splits[try text("split", "train")] else {
                throw UsageError(description: "--split: train, validation or test")
            }
            return World(seed: UInt64(try number("seed", 1)), split: split)
        }
    }
}

/// The pipe that the bytes went into is closed, or the disk is full.
struct OutputError: Error {}

/// Writes all bytes to a file descriptor.
func output(_ bytes: [UInt8], to descriptor: Int32 = STDOUT_FILENO) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written > 0 else { throw OutputError() }
        rest = rest.dropFirst(written)
    }
}

/// The poses of a clip: 50 frames of one motion, or with some parts of another.
func poses(_ options: Options) throws -> [Pose] {
    let world = try options.world
    let motion = world.motion(try options.number("motion"))
    let own = (0..<50).map { Pose(motion, at: Double($0) / 50) }
    guard options.has("mix") else { return own }
    let other = world.motion(try options.number("mix"))
    let parts = try options.text("parts").split(separator: ",").map { name in
        guard let part = Pose.Part(rawValue: String(name)) else {
            throw UsageError(
                description: "--parts \(name): one of \(Pose.Part.allCases.map(\.rawValue))"
            )
        }
        return part
    }
    return own.enumerated().map { $1.taking(parts, from: Pose(other, at: Double($0) / 50)) }
}

func sheet(_ options: Options) throws {
    let (columns, rows) = (try options.number("columns", 12), try options.number("rows", 6))
    let (world, drawing) = (try options.world, Drawing())
    var bytes = [UInt8](repeating: 0, count: columns * rows * drawing.byteCount)
    let stills = rows - rows / 3
    for row in 0..<rows {
        for column in 0..<columns {
            let index = row < stills ? row * columns + column : columns * rows + row
            let t = row < stills ? Double(index % 17) / 17 : Double(column) / Double(columns)
            let picture = drawing.draw(
                world.figure(index),
                Pose(world.motion(index), at: t)
            )
            for y in 0..<128 {
                let start = ((row * 128 + y) * columns + column) * 384
                bytes.replaceSubrange(start..<start + 384, with: picture[y * 384..<y * 384 + 384])
            }
        }
    }
    try output(Array("P6 \(columns * 128) \(rows * 128) 255\n".utf8) + bytes)
}

func film(_ options: Options) throws {
    let (figure, drawing) = (try options.world.figure(try options.number("figure")), Drawing())
    for pose in try poses(options) { try output(drawing.draw(figure, pose)) }
}

func joints(_ options: Options) throws {
    let figure = try options.world.figure(try options.number("figure"))
    let frames = try poses(options).map { pose in
        Dictionary(
            uniqueKeysWithValues: zip(
                Skeleton.jointNames,
                Skeleton(figure, pose).joints.map { [$0.x, $0.y] }
            )
        )
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try output(Array(try encoder.encode(frames)) + [10])
}

/// Writes films and, last, what they show: `figure00000.avi` and `captions.json`.
func clips(_ options: Options) throws {
    let (world, drawing) = (try options.world, Drawing())
    let folder = URL(fileURLWithPath: try options.text("folder"), isDirectory: true)
    let (first, count) = (try options.number("first", 0), try options.number("count"))
    let frames = try options.number("frames", 50)
    guard frames > 0, 50 % frames == 0 else {
        throw UsageError(description: "--frames \(frames): 1, 2, 5, 10, 25 or 50")
    }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var captions: [String: String] = [:]
    for index in first..<first + count {
        let (figure, motion) = (world.figure(index), world.motion(index))
        // Two seconds, however many frames; below one a second the container counts in whole ones.
        var film = FilmFile(width: 128, height: 128, frameRate: max(frames / 2, 1))
        for frame in 0..<frames {
            film.append(
                drawing.draw(figure, Pose(motion, at: Double(frame) / Double(frames)))
            )
        }
        let digits = String(index)
        let zeros = String(repeating: "0", count: max(0, 5 - digits.count))
        let name = "figure\(zeros)\(digits).avi"
        try film.write(to: folder.appendingPathComponent(name))
        captions[name] = figure.caption
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    try encoder.encode(captions).write(to: folder.appendingPathComponent("captions.json"))
}

/// Writes chunks of groups: NAME.numbers, NAME.captions, and last, under its name only when whole, NAME.frames.
func groups(_ options: Options) throws {
    let (world, drawing) = (try options.world, Drawing())
    let folder = URL(fileURLWithPath: try options.text("folder"), isDirectory: true)
    let (first, count) = (try options.number("first", 0), try options.number("count"))
    let (chunk, backlog) = (try options.number("chunk", 16), try options.number("backlog", 4))
    guard chunk > 0, backlog > 0 else {
        throw UsageError(description: "--chunk and --backlog need at least 1")
    }
    let groupBytes = TrainingGroup.frameCount * drawing.byteCount
    var waiting: [URL] = []
    for start in stride(from: first, to: first + count, by: chunk) {
        // The reader removes what it has read.
        while waiting.count >= backlog {
            waiting = waiting.filter { FileManager.default.fileExists(atPath: $0.path) }
            if waiting.count >= backlog { usleep(5_000) }
        }
        let groups = (start..<min(start + chunk, first + count)).map { TrainingGroup(world, $0) }
        let name = String(start)
        let numbers = groups.flatMap(\.description)
        try numbers.withUnsafeBytes { Data($0) }
            .write(to: folder.appendingPathComponent(name + ".numbers"))
        let lines = groups.map { $0.captions.joined(separator: "\t") + "\n" }.joined()
        try Data(lines.utf8).write(to: folder.appendingPathComponent(name + ".captions"))
        var frames = Data(count: groups.count * groupBytes)
        frames.withUnsafeMutableBytes { bytes in
            for (index, group) in groups.enumerated() {
                let place = bytes[index * groupBytes..<(index + 1) * groupBytes]
                group.draw(drawing, into: UnsafeMutableRawBufferPointer(rebasing: place))
            }
        }
        let partial = folder.appendingPathComponent(name + ".partial")
        let whole = folder.appendingPathComponent(name + ".frames")
        guard !FileManager.default.fileExists(atPath: whole.path) else {
            throw UsageError(description: "\(whole.path) is there already; give an empty folder")
        }
        try frames.write(to: partial)
        try FileManager.default.moveItem(at: partial, to: whole)
        waiting.append(whole)
    }
}

do {
    guard CommandLine.arguments.count > 1, !CommandLine.arguments.contains("--help") else {
        print(usage)
        exit(CommandLine.arguments.count > 1 ? 0 : 64)
    }
    let options = try Options(CommandLine.arguments.dropFirst(2))
    switch CommandLine.arguments[1] {
    case "sheet": try sheet(options)
    case "film": try film(options)
    case "caption": print(try options.world.figure(try options.number("figure")).caption)
    case "joints": try joints(options)
    case "clips": try clips(options)
    case "groups": try groups(options)
    case "eval-set": try writeEvaluationSet(options)
    case "search-set": try writeSearchSet(options)
    default: throw UsageError(description: "no command \(CommandLine.arguments[1])\n\(usage)")
    }
} catch {
    // With standard error closed there is nowhere left to say it; the status does.
    try? output(Array("draw-dolls: \(error)\n".utf8), to: STDERR_FILENO)
    exit(error is UsageError ? 64 : 1)
}

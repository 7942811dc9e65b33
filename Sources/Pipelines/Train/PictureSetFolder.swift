internal import Foundation
internal import Hashing
internal import Media
internal import Models
internal import Packs
public import Training

/// Frames of a folder of aligned clips, read once into a file of a run.
///
/// Captions come from `captions.json` in the folder (file names and texts), else from `NAME.txt` beside a clip. The frames
/// are cropped at their centre to the wanted shape and resized as ingest does (antialiased bilinear).
public struct PictureSetFolder {
    private let folder: String
    private let height: Int
    private let width: Int
    private let framesPerClip: Int

    /// The most that the file of frames may hold.
    private static let byteLimit = 64 << 30

    /// Names a folder and what is wanted of it.
    ///
    /// - Parameters:
    ///   - folder: With clips or pictures, at any depth.
    ///   - height: Of a frame, in pixels.
    ///   - width: Of a frame, in pixels.
    ///   - framesPerClip: At most so many of each clip, evenly spread.
    public init(folder: String, height: Int, width: Int, framesPerClip: Int) {
        self.folder = folder
        self.height = height
        self.width = width
        self.framesPerClip = framesPerClip
    }

    /// What the file of frames was made of; another folder or size makes another file.
    private struct Index: Codable {
        let key: String
        let height: Int
        let width: Int
        let clips: [PictureSet.Clip]
        let skipped: [String]
    }

    /// Reads the folder, or what was read of it before.
    ///
    /// - Parameters:
    ///   - run: The folder of the run: `frames.rgb` and `frames.json` are written into it.
    ///   - cancellation: Stops between clips.
    ///   - progress: Clips read, of how many.
    /// - Returns: The frames, and the files that could not be read with the reasons.
    /// - Throws: `RequestError` without clips, `TrainingError`, `.cannotWrite`, `InterruptedError`.
    public func read(
        run: String,
        cancellation: Cancellation,
        progress: (Int, Int) -> Void
    ) throws -> (pictures: PictureSet, skipped: [String]) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder),
            isFolder.boolValue
        else {
            throw RequestError("\"\(folder)\" is no folder; give one with clips or pictures")
        }
        let files = try SourceList.files([folder])
        try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
        let (data, index) = (run + "/frames.rgb", run + "/frames.json")
        let key = try key(files)
        // What is not there, or not as it was, is read again from the clips.
        if let known = try? JSONDecoder().decode(
            Index.self,
            from: Data(contentsOf: URL(fileURLWithPath: index))
        ), known.key == key, let pictures = try? map(known, data) {
            return (pictures, known.skipped)
        }
        // It must not outlive the frames that it describes, should this be interrupted.
        if FileManager.default.fileExists(atPath: index) {
            try FileManager.default.removeItem(atPath: index)
        }
        let made = try write(files, to: data, key, cancellation, progress)
        try JSONEncoder().encode(made).write(to: URL(fileURLWithPath: index), options: .atomic)
        return (try map(made, data), made.skipped)
    }

    private func map(_ index: Index, _ path: String) throws -> PictureSet {
        try PictureSet(
            height: index.height,
            width: index.width,
            clips: index.clips,
            bytes: Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        )
    }

    /// Names, sizes and times of the files, captions and the wanted size.
    private func key(_ files: [String]) throws -> String {
        var text = "\(width)x\(height), \(framesPerClip)\n"
        for file in files + files.map(captionBeside) + [captionsPath] {
            // A file that is not there has facts of its own.
            let facts = try? FileManager.default.attributesOfItem(atPath: file)
            let size = (facts?[.size] as? NSNumber)?.intValue ?? -1
            let time = (facts?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            text += "\(file) \(size) \(time)\n"
        }
        return SHA256.digest(Data(text.utf8)).hex
    }

    private var captionsPath: String { folder + "/captions.json" }

    /// The text file of a clip's name.
    private func captionBeside(_ file: String) -> String {
        (file as NSString).deletingPathExtension + ".txt"
    }

    /// The text beside a clip, nil if there is none.
    private func text(beside file: String) throws -> String? {
        let path = captionBeside(file)
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        guard let text = String(data: data, encoding: .utf8) else {
            throw TrainingError(.badData, "caption \"\(path)\": it is not UTF-8 text")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Texts by path below the folder, or by name.
    private func captions() throws -> [String: String] {
        guard let data = FileManager.default.contents(atPath: captionsPath) else { return [:] }
        do {
            return try JSONDecoder().decode([String: String].self, from: data)
        } catch {
            throw TrainingError(
                .badData,
                "\"\(captionsPath)\": it must be one JSON object of file names and captions, as "
                    + #"{"anna.mp4": "a woman in a red dress"}"#
            )
        }
    }

    private func write(
        _ files: [String],
        to path: String,
        _ key: String,
        _ cancellation: Cancellation,
        _ progress: (Int, Int) -> Void
    ) throws -> Index {
        let captions = try captions()
        let alignment = FrameAlignment(mode: .center, height: height, width: width)
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let output = FileHandle(forWritingAtPath: path)
        else {
            throw TrainingError(.cannotWrite, "\"\(path)\" cannot be written; check the folder")
        }
        // Every write was checked; there is nothing to lose here.
        defer { try? output.close() }
        var clips: [PictureSet.Clip] = []
        var skipped: [String] = []
        var count = 0
        for (number, file) in files.enumerated() {
            try cancellation.check()
            progress(number, files.count)
            let name =
                file.hasPrefix(folder + "/") ? String(file.dropFirst(folder.count + 1)) : file
            do {
                let frames = try frames(file, alignment)
                guard (count + frames.count) * height * width * 3 <= Self.byteLimit else {
                    throw TrainingError(
                        .badData,
                        "the frames of \"\(folder)\" need more than \(Self.byteLimit >> 30) GiB; take "
                            + "fewer of each clip (framesPerClip)"
                    )
                }
                for frame in frames { try output.write(contentsOf: Data(frame.pixels)) }
                let caption =
                    try captions[name] ?? captions[(name as NSString).lastPathComponent]
                    ?? text(beside: file)
                clips.append(
                    PictureSet.Clip(
                        name: name,
                        caption: caption.flatMap { $0.isEmpty ? nil : $0 },
                        first: count,
                        count: frames.count
                    )
                )
                count += frames.count
            } catch let error as MediaError {
                skipped.append("\(error)")
            } catch let error as TrainingError {
                throw error
            } catch {
                throw TrainingError(
                    .cannotWrite,
                    "\"\(path)\" could not be written: \(error.localizedDescription)"
                )
            }
        }
        progress(files.count, files.count)
        guard !clips.isEmpty else {
            throw TrainingError(
                .badData,
                "none of the \(files.count) files in \"\(folder)\" could be read: "
                    + (skipped.first ?? "")
            )
        }
        return Index(key: key, height: height, width: width, clips: clips, skipped: skipped)
    }

    /// Evenly spread frames of a file, of the wanted size.
    private func frames(_ file: String, _ alignment: FrameAlignment) throws -> [RGBImage] {
        guard try MediaKind.probe(file) == .video else {
            return [alignment(try StillImage.read(file))]
        }
        let total = try VideoTimeline(path: file).seconds.count
        let wanted = min(total, framesPerClip)
        let chosen = (0..<wanted).map { $0 * total / wanted }
        return try VideoReader(path: file).images(at: chosen) {
            alignment(try $0.image(alignment.part(ofWidth:height:)))
        }
    }
}

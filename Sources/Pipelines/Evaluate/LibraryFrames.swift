internal import Foundation
internal import Hashing
internal import Media
internal import Packs
internal import Store

/// The frames of clips of the library, read again from their source files.
final class LibraryFrames {
    private let pack: LoadedPack
    private let size: (width: Int, height: Int)
    /// Why a source file cannot be used, by its path; an empty text if it can.
    private var faults: [String: String] = [:]

    init(_ pack: LoadedPack, size: (width: Int, height: Int)) {
        (self.pack, self.size) = (pack, size)
    }

    /// The frames at seconds of the clip, aligned as they were ingested.
    ///
    /// - Parameters:
    ///   - clip: The clip.
    ///   - seconds: Since the clip's start, rising, not behind its end.
    /// - Returns: A frame for each second: the one that is shown then.
    /// - Throws: `RequestError` saying why there are none.
    func frames(of clip: Clip, at seconds: [Double]) throws -> [RGBImage] {
        if let fault = fault(of: clip.source) { throw RequestError(fault) }
        let (alignment, crop, box) = try preparation(clip)
        do {
            let reader = try VideoReader(path: clip.source.path, from: max(0, clip.start - 0.001))
            var found: [RGBImage] = []
            var shown: RGBImage?
            while found.count < seconds.count, let frame = try reader.nextTimestamped() {
                // What was shown until now is the picture of all moments before this frame.
                while found.count < seconds.count, let shown,
                    clip.start + seconds[found.count] < frame.seconds - 0.000_5
                {
                    found.append(shown)
                }
                guard found.count < seconds.count else { break }
                shown = alignment(try crop(try frame.image(), box))
            }
            if let shown { while found.count < seconds.count { found.append(shown) } }
            guard found.count == seconds.count else {
                throw RequestError("its source \"\(clip.source.path)\" has no frame there")
            }
            return found
        } catch let error as MediaError {
            throw RequestError("\(error)")
        }
    }

    private func fault(of source: Source) -> String? {
        if let known = faults[source.path] { return known.isEmpty ? nil : known }
        let path = source.path
        // Whatever keeps it from being read, the clip is left out and the report says so.
        let found = try? SHA256.digest(fileAt: path).hex
        let fault =
            found == nil
            ? "its source \"\(path)\" is not there any more, or cannot be read"
            : found != source.sha256
                ? "its source \"\(path)\" is another file now" : ""
        faults[path] = fault
        return fault.isEmpty ? nil : fault
    }

    /// How an ingest prepared frames, as the clip's settings tell.
    private func preparation(_ clip: Clip) throws -> (FrameAlignment, FrameCrop, FrameBox?) {
        var mode = pack.manifest.alignment
        var box: FrameBox?
        for word in clip.settings.split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "align": mode = PackManifest.Alignment(rawValue: parts[1]) ?? mode
            case "box":
                let numbers = parts[1].split(separator: ",").compactMap { Int($0) }
                guard numbers.count == 4 else { continue }
                let (x, y, width, height) = (numbers[0], numbers[1], numbers[2], numbers[3])
                box = FrameBox(x: x, y: y, width: width, height: height)
            case "boxes":
                throw RequestError("its boxes move, and only those of observed frames are known")
            default: continue
            }
        }
        return (
            FrameAlignment(mode: mode, height: size.height, width: size.width),
            FrameCrop(fractions: pack.manifest.cropBox, boxes: nil), box
        )
    }
}

internal import Foundation
internal import Media
internal import Metrics
internal import Packs
internal import Tensors

/// A film of the samples, frames not read yet.
struct SampleFilm {
    let path: String
    /// The second of each frame.
    let seconds: [Double]
    /// The joints of each frame; nil if nobody says.
    let joints: [[SIMD2<Double>]]?
    private let background: RGBImage?
    private let mask: String?
    private let width: Int
    private let height: Int
    private let key: String

    /// How far the figure's mask reaches beyond the pixels that differ from the background.
    static let maskRadius = 5

    /// What is known of one frame.
    struct Frame: Sendable {
        let index: Int
        let second: Double
        let image: RGBImage
        /// The figure, grown by `maskRadius`; nil if it is not known.
        let mask: [Bool]?
        let joints: [SIMD2<Double>]?
    }

    /// Looks at a film of a manifest.
    ///
    /// - Parameters:
    ///   - film: What the manifest says.
    ///   - key: Its key, for messages.
    ///   - samples: The folder and the manifest.
    ///   - size: The pictures' width and height.
    /// - Throws: `RequestError` naming file and key.
    init(
        _ film: SampleManifest.Film,
        key: String,
        _ samples: (folder: String, manifest: SampleManifest),
        size: (width: Int, height: Int)
    ) throws {
        let place = "samples \"\(samples.folder)/\(SampleManifest.name)\", the key \(key)"
        func at(_ path: String) -> String {
            path.hasPrefix("/") ? path : samples.folder + "/" + path
        }
        (path, self.key) = (at(film.path), place)
        (width, height) = size
        do {
            let count =
                try MediaKind.probe(path) == .stillImage
                ? 1 : try VideoTimeline(path: path).seconds.count
            seconds = film.seconds ?? (0..<count).map { Double($0) / samples.manifest.frameRate }
            guard seconds.count == count else {
                throw RequestError("seconds has \(seconds.count) entries, the film \(count) frames")
            }
            joints = try film.joints.map { try Self.joints(at($0), samples.manifest, count) }
            background = try film.background.map { try StillImage.read(at($0)) }
            mask = film.mask.map(at)
        } catch {
            throw RequestError("\(place): \(error)")
        }
        if let background, (background.width, background.height) != size {
            throw wrongSize(background, film.background ?? "")
        }
    }

    private static func joints(
        _ path: String,
        _ manifest: SampleManifest,
        _ count: Int
    ) throws -> [[SIMD2<Double>]] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RequestError("joints \"\(path)\" cannot be read")
        }
        let frames: [[[Double]]]
        do {
            frames = try JSONDecoder().decode([[[Double]]].self, from: data)
        } catch {
            throw RequestError(
                "joints \"\(path)\" is no list of frames of points [x, y]: it "
                    + JSONFault.text(data, error)
            )
        }
        let names = manifest.jointNames ?? []
        guard frames.count == count,
            frames.allSatisfy({ $0.count == names.count && $0.allSatisfy { $0.count == 2 } })
        else {
            throw RequestError(
                "joints \"\(path)\" has not \(count) frames of \(names.count) points, as the film and "
                    + "jointNames want"
            )
        }
        return frames.map { $0.map { SIMD2($0[0], $0[1]) } }
    }

    /// Decodes some frames, in order of their indices.
    ///
    /// - Parameter indices: Which; those beyond the film's end are left out.
    /// - Returns: The frames.
    /// - Throws: `RequestError` naming file and key if it cannot be read or has another size.
    func frames(_ indices: some Sequence<Int>) throws -> [Frame] {
        let wanted = Set(indices).filter { seconds.indices.contains($0) }.sorted()
        let images = try decoded(path, wanted)
        let masks = try mask.map { path in
            try decoded(path, wanted).map { image in
                stride(from: 0, to: image.pixels.count, by: 3).map { image.pixels[$0] > 127 }
            }
        }
        return zip(wanted, images).enumerated().map { place, pair in
            let (index, image) = pair
            return Frame(
                index: index,
                second: seconds[index],
                image: image,
                mask: masks?[place] ?? background.map { figure(image, $0) },
                joints: joints?[index]
            )
        }
    }

    /// The frames nearest to some seconds, one for each.
    ///
    /// - Throws: `RequestError`, as `frames` does.
    func images(nearestTo seconds: [Double]) throws -> [RGBImage] {
        let indices = seconds.map(nearest)
        let found = try frames(indices)
        let byIndex = Dictionary(uniqueKeysWithValues: found.map { ($0.index, $0.image) })
        return indices.compactMap { byIndex[$0] }
    }

    private func figure(_ image: RGBImage, _ background: RGBImage) -> [Bool] {
        let differing = PixelMask.difference(image.pixels, background.pixels)
        return PixelMask.dilated(differing, width: image.width, radius: Self.maskRadius)
    }

    private func decoded(_ path: String, _ wanted: [Int]) throws -> [RGBImage] {
        let found: [RGBImage]
        do {
            found = try VideoReader(path: path).images(at: wanted) { try $0.image() }
        } catch {
            throw RequestError("\(key): \(error)")
        }
        guard found.count == wanted.count else {
            throw RequestError("\(key): \"\(path)\" ends before frame \(wanted[found.count])")
        }
        if let wrong = found.first(where: { ($0.width, $0.height) != (width, height) }) {
            throw wrongSize(wrong, path)
        }
        return found
    }

    private func wrongSize(_ image: RGBImage, _ path: String) -> RequestError {
        RequestError(
            "\(key): \"\(path)\" has frames of \(image.width)x\(image.height), the pack renders "
                + "\(width)x\(height); the truth must have that size"
        )
    }

    /// The second at which the frame behind a window of so many frames is due.
    func end(ofWindow window: Int) -> Double {
        2 * seconds[window - 1] - seconds[window - 2]
    }

    /// The index of the frame nearest to a second.
    func nearest(_ second: Double) -> Int {
        seconds.indices.min { abs(seconds[$0] - second) < abs(seconds[$1] - second) } ?? 0
    }
}

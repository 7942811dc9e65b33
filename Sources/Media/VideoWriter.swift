/// Writes pictures as a film; the path decides on the format, see `VideoFormat`.
///
/// * `.mp4` is H.264 (crf 18, 4:2:0, BT.709 limited, tagged, index at the front), `.webm` is VP9. Both
///   need even sizes: odd ones get one more column or row, a copy of the edge.
/// * `.gif` has 255 colours and times in hundredths of a second.
/// * `.mkv` is FFV1 in RGB, and PNG files are lossless: both give back the same pixels.
///
/// A file appears under its name only when `finish` has put all of it on the disk; until then it has
/// a hidden name in the same folder. Equal pictures give equal bytes on the same libraries, whatever
/// the number of cores. Use it from one thread at a time.
public final class VideoWriter {
    /// Where the film goes.
    public let path: String
    /// What it is written as.
    public let format: VideoFormat
    /// Columns of every picture.
    public let width: Int
    /// Rows of every picture.
    public let height: Int
    /// Frames per second.
    public let frameRate: FrameRate
    /// The pictures written so far.
    public private(set) var frameCount = 0

    private var output: (any FrameOutput)?

    /// Starts a film.
    ///
    /// - Parameters:
    ///   - path: The result; replaced if it exists, once the new one is complete.
    ///   - width: Columns of every picture, `1...16_384`.
    ///   - height: Rows of every picture, `1...16_384`.
    ///   - frameRate: Frames per second.
    /// - Throws: `MediaError` of the kinds `unsupportedFormat`, `cannotWrite` and `noSpace`.
    public init(
        path: String,
        width: Int,
        height: Int,
        frameRate: FrameRate
    ) throws(MediaError) {
        format = try VideoFormat(path: path)
        self.path = path
        (self.width, self.height, self.frameRate) = (width, height, frameRate)
        let film = FilmShape(width: width, height: height, rate: frameRate)
        output =
            switch format {
            case .mp4:
                try FilmFileOutput(
                    path,
                    .h264,
                    film,
                    muxer: "mp4",
                    options: ["movflags": "+faststart"]
                )
            case .webm: try FilmFileOutput(path, .vp9, film, muxer: "webm")
            case .gif: try FilmFileOutput(path, .gif, film, muxer: "gif")
            case .mkv: try FilmFileOutput(path, .ffv1, film, muxer: "matroska")
            case .pngSequence: try PictureFolderOutput(path)
            case .png: try PictureFileOutput(path)
            case .raw: DescriptorOutput(descriptor: 1, path: "standard output")
            }
    }

    deinit { cancel() }

    /// Adds a picture of the agreed size.
    ///
    /// - Throws: `MediaError` of the kinds `cannotWrite` and `noSpace`; nothing is left then.
    public func append(_ image: RGBImage) throws(MediaError) {
        precondition(
            image.width == width && image.height == height,
            "a film of \(width)x\(height) cannot take a picture of \(image.width)x\(image.height)"
        )
        precondition(output != nil, "the film is finished or cancelled")
        do {
            try output?.append(image)
        } catch {
            cancel()
            throw error
        }
        frameCount += 1
    }

    /// Completes the film and gives it its name.
    ///
    /// - Throws: `MediaError` of the kinds `noFrames`, `cannotWrite` and `noSpace`; nothing is left
    ///   then.
    public func finish() throws(MediaError) {
        precondition(output != nil, "the film is finished or cancelled")
        defer { cancel() }
        guard frameCount > 0 else {
            throw MediaError(.noFrames, path: path, "a film needs at least one picture")
        }
        try output?.finish()
    }

    /// Removes what was written; does nothing after `finish`.
    public func cancel() {
        output?.cancel()
        output = nil
    }
}

/// The size and rate of a film.
struct FilmShape {
    let width: Int
    let height: Int
    let rate: FrameRate
}

/// Takes the pictures of a film one by one.
package protocol FrameOutput {
    /// Writes one more picture.
    func append(_ image: RGBImage) throws(MediaError)
    /// Makes the result appear.
    func finish() throws(MediaError)
    /// Removes everything unless `finish` has succeeded.
    func cancel()
}

/// A film of one picture, as a PNG file.
final class PictureFileOutput: FrameOutput {
    private let path: String
    private let file: PendingFile
    private var image: RGBImage?

    init(_ path: String) throws(MediaError) {
        self.path = path
        file = try PendingFile(path: path)
    }

    func append(_ image: RGBImage) throws(MediaError) {
        guard self.image == nil else {
            throw MediaError(
                .unsupportedFormat,
                path: path,
                "one PNG file holds one frame; write folder/%05d.png, or ask for one frame"
            )
        }
        self.image = image
    }

    func finish() throws(MediaError) {
        guard let image else { return }
        try file.write(StillImage.encode(image, as: .png))
        try file.commit()
    }

    func cancel() { file.discard() }
}

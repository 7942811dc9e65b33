internal import Media

/// Where the frames of a recipe go: into a film, and a few of them onto a contact sheet.
struct FilmOutput {
    /// Frames per second, as they can be written.
    let rate: FrameRate
    private let recipe: Recipe
    private let sheet: String?
    private let film: VideoWriter?
    private var samples: SheetSamples

    /// Refuses a recipe that does not fit the file.
    ///
    /// - Returns: Its frames per second, as they can be written.
    /// - Throws: `RequestError`, `MediaError` for a file of no known format.
    @discardableResult
    static func validate(_ recipe: Recipe, _ options: RenderOptions) throws -> FrameRate {
        guard let rate = FrameRate(perSecond: recipe.times.frameRate) else {
            throw RequestError("\(recipe.times.frameRate) frames per second cannot be written")
        }
        let frameCount = options.frames?.count ?? recipe.times.frameCount
        if let path = options.output, try VideoFormat(path: path) == .png, frameCount > 1 {
            throw RequestError(
                "\"\(path)\": one PNG file holds one frame, the composition has "
                    + "\(frameCount); write folder/%05d.png, or give --frames 1"
            )
        }
        return rate
    }

    /// Starts the film.
    ///
    /// - Throws: `RequestError` if the recipe does not fit the file, `MediaError` if it cannot be written.
    init(_ recipe: Recipe, _ options: RenderOptions, width: Int, height: Int) throws {
        let rate = try Self.validate(recipe, options)
        (self.recipe, self.rate, sheet) = (recipe, rate, options.sheet)
        samples = SheetSamples(frameCount: recipe.times.frameCount)
        film = try options.output.map {
            try VideoWriter(path: $0, width: width, height: height, frameRate: rate)
        }
    }

    /// Adds a frame of the recipe, in order.
    mutating func append(_ image: RGBImage, _ index: Int) throws {
        try film?.append(image)
        samples.offer(image, index)
    }

    /// Completes the film, then the sheet.
    func finish(_ session: Session) throws {
        try film?.finish()
        if let sheet { try StillImage.write(try session.sheet(recipe, samples), to: sheet) }
    }

    /// Removes what was written; does nothing after `finish`.
    func cancel() { film?.cancel() }
}

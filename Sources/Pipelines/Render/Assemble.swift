internal import Media

extension Session {
    /// Writes the film and the sheet of a recipe from pictures of its frames that lie in files.
    ///
    /// The result has the bytes that `render` writes from the same pictures.
    ///
    /// - Parameters:
    ///   - recipe: What the frames show.
    ///   - options: Where it goes.
    ///   - cancellation: Stops between frames; nothing is left behind.
    ///   - picture: The path of a frame's picture, frames counted from 0.
    /// - Returns: Columns and rows of a frame.
    /// - Throws: `RequestError`, `StoreError`, `MediaError` or `InterruptedError`.
    @discardableResult
    public func assemble(
        _ recipe: Recipe,
        _ options: RenderOptions,
        cancellation: Cancellation = Cancellation(),
        picture: (Int) throws -> String
    ) throws -> (width: Int, height: Int) {
        let first = try StillImage.read(try picture(0))
        var output = try FilmOutput(recipe, options, width: first.width, height: first.height)
        defer { output.cancel() }
        for index in 0..<recipe.times.frameCount {
            try cancellation.check()
            let path = try picture(index)
            let image = index == 0 ? first : try StillImage.read(path)
            guard image.width == first.width, image.height == first.height else {
                throw RequestError(
                    "\"\(path)\" has \(image.width)x\(image.height) pixels, the first frame has "
                        + "\(first.width)x\(first.height); render them anew"
                )
            }
            try output.append(image, index)
        }
        try output.finish(self)
        return (first.width, first.height)
    }
}

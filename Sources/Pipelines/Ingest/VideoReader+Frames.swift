internal import Media

extension VideoReader {
    /// The frames of some numbers, made into pictures; fewer if the film ends before.
    ///
    /// - Parameters:
    ///   - indices: Rising, counted from the first frame that has not been read.
    ///   - convert: Makes a picture of a frame, such as its middle.
    /// - Returns: One picture for each.
    /// - Throws: `MediaError`, or what `convert` throws.
    func images(
        at indices: [Int],
        _ convert: (DecodedFrame) throws -> RGBImage
    ) throws -> [RGBImage] {
        var found: [RGBImage] = []
        var index = 0
        while found.count < indices.count, let frame = try nextTimestamped() {
            if index == indices[found.count] { found.append(try convert(frame)) }
            index += 1
        }
        return found
    }
}

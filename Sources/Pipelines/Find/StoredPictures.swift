internal import Media
internal import Models
internal import Packs
internal import Store

extension Session {
    /// The stored pictures of a clip, evenly over its length.
    ///
    /// - Parameters:
    ///   - clip: The clip.
    ///   - pack: The pack that made it.
    /// - Returns: None if none are stored.
    /// - Throws: `StoreError` or `MediaError` if they cannot be read.
    func storedPictures(of clip: ClipID, _ pack: LoadedPack) throws -> [RGBImage] {
        guard let strip = try library.thumbnails(of: clip) else { return [] }
        return try ThumbnailStrip.decode(strip, aspect: pack.pictureAspect)
    }
}

extension LoadedPack {
    /// Width over height of the pictures that the pack makes.
    var pictureAspect: Double {
        let config = manifest.generator.config
        return Double(config.width) / Double(config.height)
    }
}

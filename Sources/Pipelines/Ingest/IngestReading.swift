package import Packs

/// All that an ingest reads of one file, without a library and networks.
///
/// Fuzzing and tests of hostile files go this way: `MediaFile` and `FrameSource` are those of `vsdb ingest`.
package struct IngestReading: Sendable, Hashable {
    /// How many clips were planned.
    package let plannedClips: Int
    /// How many of them were whole.
    package let clips: Int
    /// How many frames were decoded and aligned.
    package let frames: Int
    /// Why the file ended early, or nil.
    package let damage: String?

    /// Reads a file, front to back.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - request: Settings; `inputs` are not looked at.
    ///   - clipSeconds: The length of a clip where `request` leaves it to the pack.
    ///   - alignment: How frames become pictures of 64 by 64.
    /// - Throws: `MediaError` or `RequestError`, as of a file that cannot be ingested.
    package init(
        path: String,
        request: IngestRequest,
        clipSeconds: Double,
        alignment: PackManifest.Alignment
    ) throws {
        let file = try MediaFile(
            path: path,
            request: request,
            clipSeconds: clipSeconds,
            observedFrames: 4,
            cropBox: nil
        )
        plannedClips = file.plans.count
        var (clips, frames) = (0, 0)
        damage = try file.frames(
            of: file.plans,
            alignment: FrameAlignment(mode: alignment, height: 64, width: 64),
            cancellation: Cancellation()
        ) { observed in
            clips += 1
            frames += observed.frames.count
        }
        (self.clips, self.frames) = (clips, frames)
    }
}

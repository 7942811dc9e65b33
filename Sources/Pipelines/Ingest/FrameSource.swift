internal import Foundation
internal import Media

/// The decoded and aligned frames of one planned clip.
struct ObservedClip: Sendable {
    let plan: ClipPlan
    /// One image per observed time, all of the generator's size.
    let frames: [RGBImage]
    /// The rectangle of each, if the file has boxes of its own.
    let boxes: [FrameBox]?
}

/// Decodes a file once, front to back, and hands over clip after clip.
///
/// Memory is bounded by one clip's observed frames at the generator's size, whatever the length of the file;
/// only observed frames are converted to RGB.
struct FrameSource {
    let reader: VideoReader
    let plans: [ClipPlan]
    let alignment: FrameAlignment
    let crop: FrameCrop
    /// Whether the last clip ends with the file, so that damage behind its last frame matters.
    let reachesEnd: Bool

    /// Calls `deliver` with every clip whose frames could be decoded.
    ///
    /// - Returns: Why the file ended early, or nil if all clips were delivered.
    /// - Throws: `MediaError`, `RequestError` if a box does not fit, or what `deliver` throws.
    func run(
        cancellation: Cancellation,
        deliver: (ObservedClip) throws -> Void
    ) throws -> String? {
        var frames: [RGBImage] = []
        var clip = 0
        while clip < plans.count {
            let plan = plans[clip]
            guard let frame = try reader.nextTimestamped() else { break }
            try cancellation.check()
            // The timeline came from the same container: half a millisecond covers its rounding.
            guard frame.seconds >= plan.observed[frames.count] - 0.000_5 else { continue }
            let boxes = try crop.boxes(of: plan)
            let box = boxes?[frames.count]
            // What alignment cuts off need not be converted.
            let part = crop.usesAll(box) ? alignment.part(ofWidth:height:) : nil
            frames.append(alignment(try crop(frame.image(part), box)))
            guard frames.count == plan.observed.count else { continue }
            try deliver(ObservedClip(plan: plan, frames: frames, boxes: boxes))
            frames = []
            clip += 1
        }
        guard clip < plans.count else {
            // The last observed frame is the clip's last: what follows says whether the file is whole.
            while reachesEnd, !cancellation.isCancelled, try reader.nextTimestamped() != nil {}
            return reader.damage
        }
        return reader.damage ?? "its frames end before \(plans[clip].end) s"
    }
}

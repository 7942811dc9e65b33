/// A range of a video and the frames of it that are looked at.
package struct ClipPlan: Sendable, Hashable {
    /// The first second, since the first frame of the file.
    package let start: Double
    /// Where the clip ends.
    package let end: Double
    /// The times of the observed frames, increasing, the first one the clip's first frame.
    package let observed: [Double]
    /// Whether it is one of several pieces of its source.
    package let isSegment: Bool

    /// Whether there is anything to take a motion from.
    package var hasMotion: Bool { observed.count > 1 }

    /// Cuts a timeline into clips and chooses the frames to look at.
    ///
    /// A rest of up to a tenth of a piece joins the piece before it, so that no clip is a scrap.
    ///
    /// - Parameters:
    ///   - times: When frames are shown, increasing.
    ///   - end: When the last one ends.
    ///   - range: The part of the file that counts.
    ///   - pieceSeconds: The length of a piece; nil for one clip.
    ///   - observedCount: How many frames are looked at in each.
    /// - Returns: The clips in order; none if no frame lies in the range.
    package static func clips(
        times: [Double],
        end: Double,
        range: Range<Double>,
        pieceSeconds: Double?,
        observedCount: Int
    ) -> [ClipPlan] {
        // Containers round times: a frame half a millisecond early still belongs to the range.
        let slack = 0.000_5
        let inside = times.filter {
            $0 >= range.lowerBound - slack && $0 < range.upperBound - slack
        }
        guard var start = inside.first else { return [] }
        let last = min(end, range.upperBound)
        var plans: [ClipPlan] = []
        var next = 0
        var isSegment = false
        // Damaged times may lie anywhere: the work grows with the frames, never with the seconds between them.
        while next < inside.count {
            let nextStart = start + (pieceSeconds ?? .infinity)
            let isLast = !(last - nextStart > (pieceSeconds ?? 0) / 10) || nextStart <= start
            let stop = isLast ? last : nextStart
            isSegment = isSegment || !isLast
            let frames = inside[next...].prefix { $0 < stop - slack }
            if !frames.isEmpty {
                plans.append(
                    ClipPlan(
                        start: start,
                        end: stop,
                        observed: spread(Array(frames), observedCount),
                        isSegment: isSegment
                    )
                )
            }
            next = isLast ? inside.count : frames.endIndex
            start = stop
            guard let pieceSeconds, next < inside.count else { continue }
            // Shorter gaps are counted through: sums round otherwise than products, and bounds are part of a clip's id.
            let pieces = ((inside[next] - start) / pieceSeconds).rounded(.down)
            if pieces > 1_000 { start += pieces * pieceSeconds }
        }
        return plans
    }

    /// Frames nearest to evenly spaced times from the first frame to the last, none twice.
    package static func spread(_ frames: [Double], _ count: Int) -> [Double] {
        guard frames.count > count, count > 1 else { return Array(frames.prefix(max(count, 1))) }
        let (first, last) = (frames[0], frames[frames.count - 1])
        var chosen: [Double] = []
        var next = 0
        for index in 0..<count {
            let target = first + (last - first) * Double(index) / Double(count - 1)
            while next + 1 < frames.count,
                abs(frames[next + 1] - target) <= abs(frames[next] - target)
            {
                next += 1
            }
            if chosen.last != frames[next] { chosen.append(frames[next]) }
        }
        return chosen
    }
}

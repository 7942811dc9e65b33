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
        guard let first = inside.first else { return [] }
        let last = min(end, range.upperBound)
        var bounds = [first]
        if let pieceSeconds {
            while last - (bounds[bounds.count - 1] + pieceSeconds) > pieceSeconds / 10 {
                bounds.append(bounds[bounds.count - 1] + pieceSeconds)
            }
        }
        bounds.append(last)
        return zip(bounds, bounds.dropFirst()).compactMap { start, stop in
            let frames = inside.filter { $0 >= start - slack && $0 < stop - slack }
            guard !frames.isEmpty else { return nil }
            return ClipPlan(
                start: start,
                end: stop,
                observed: spread(frames, observedCount),
                isSegment: bounds.count > 2
            )
        }
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

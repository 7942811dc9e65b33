/// A clip that was referred to, with the times in it.
public struct ClipReference: Sendable, Equatable {
    /// The clip.
    public let clip: Clip
    /// The first second meant, from the start of the clip.
    public let start: Double
    /// The last second meant, from the start of the clip; `start` for a moment.
    public let end: Double
    /// Whether the reference named times that are less than the whole clip.
    public let namesTimes: Bool

    /// The whole clip.
    init(whole clip: Clip) {
        self.clip = clip
        (start, end, namesTimes) = (0, clip.duration, false)
    }

    /// A part between two seconds of the source, which lies in the clip but for the slack.
    init(_ clip: Clip, from: Double, to: Double) {
        self.clip = clip
        start = min(max(0, from - clip.start), clip.duration)
        end = min(max(0, to - clip.start), clip.duration)
        namesTimes = true
    }
}

extension Reference {
    /// Seconds by which times may miss a bound: names are rounded to the millisecond.
    private static let slack = 0.001 + 1e-9

    /// Finds the clip, among those of the name or hash, that has the times.
    ///
    /// - Throws: `StoreError`: `.ambiguousReference` if several have them, `.invalidValue` with
    ///   the ranges there are if none has.
    func choose(among clips: [Clip]) throws(StoreError) -> ClipReference {
        switch times {
        case .all: return ClipReference(whole: try only(clips, of: clips))
        case .moment(let time):
            let touched = clips.filter {
                $0.start - Self.slack <= time && time <= $0.end + Self.slack
            }
            // At the boundary of two segments the later one is meant.
            let running = touched.filter { time < $0.end - Self.slack }
            return ClipReference(
                try only(running.isEmpty ? touched : running, of: clips),
                from: time,
                to: time
            )
        case .range(let from, let to):
            if let from, let to {
                guard from < to else {
                    throw StoreError(
                        .invalidValue,
                        "reference \"\(text)\": its end is not after its start; write the earlier "
                            + "time first"
                    )
                }
                if let clip = exact(clips, from, to) { return ClipReference(whole: clip) }
            }
            let clip = try only(clips.filter { contains($0, from, to) }, of: clips)
            let (from, to) = (from ?? clip.start, to ?? clip.end)
            return isRange(from, to, of: clip)
                ? ClipReference(whole: clip) : ClipReference(clip, from: from, to: to)
        }
    }

    /// The segment of that very name, else a clip whose range is the same but for the slack.
    private func exact(_ clips: [Clip], _ from: Double, _ to: Double) -> Clip? {
        let range = ClipName.range(from, to)
        return clips.first { $0.isSegment && $0.name == $0.baseName + range }
            ?? clips.first { isRange(from, to, of: $0) }
    }

    private func isRange(_ from: Double, _ to: Double, of clip: Clip) -> Bool {
        abs(clip.start - from) <= Self.slack && abs(clip.end - to) <= Self.slack
    }

    /// Whether a clip has a range; an open one must take up more than an instant of it.
    private func contains(_ clip: Clip, _ from: Double?, _ to: Double?) -> Bool {
        let (first, last) = (clip.start - Self.slack, clip.end + Self.slack)
        switch (from, to) {
        case (let from?, let to?): return first <= from && to <= last
        case (let from?, nil): return first <= from && from < clip.end - Self.slack
        case (nil, let to?): return clip.start + Self.slack < to && to <= last
        case (nil, nil): return true
        }
    }

    private func only(_ found: [Clip], of clips: [Clip]) throws(StoreError) -> Clip {
        guard let clip = found.first else {
            throw StoreError(
                .unknownReference,
                "reference \"\(text)\": these seconds of the source do not lie in one clip; there "
                    + "is \(listed(clips.map(describe))); name times in it"
            )
        }
        guard found.count == 1 else {
            // A name stands for one clip as it is; a part of it is named by its hash.
            throw times == .all
                ? StoreError.ambiguous("clip", text, found.map(\.name), hint: "name one of them")
                : StoreError.ambiguous(
                    "clip",
                    text,
                    found.map { "\($0.name) (\($0.id))" },
                    hint: "write the times behind a hash, as in \(clip.id)"
                        + text.dropFirst(name.count)
                )
        }
        return clip
    }

    private func describe(_ clip: Clip) -> String {
        let range = ClipName.range(clip.start, clip.end).dropFirst()
        return clip.isSegment ? clip.name : "\(clip.name) with \(range)"
    }
}

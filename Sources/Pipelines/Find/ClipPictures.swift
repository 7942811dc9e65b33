internal import Media

/// The stored pictures of a clip, small, to be compared with those of another one.
struct ClipPictures: Sendable {
    /// Rows and columns of a picture.
    static let side = 24
    /// A picture that differs less from its own mean shows nothing: it is black, or of one colour.
    private static let blank: Float = 0.03
    /// Steps between pictures that are smaller than this share of the greatest difference are stillness.
    private static let stillStep: Float = 0.15

    /// Numbers 0...1 of each picture, in the order of time.
    let pictures: [[Float]]
    /// When the last of them is shown, in seconds from the first one.
    let seconds: Double
    /// How much is seen in the picture that shows most: the deviation of its numbers.
    let contrast: Float
    /// How far the two of its pictures that differ most are from each other.
    let change: Float
    /// The share of its length in which nothing moves, for what does move.
    let stillness: Float
    /// Whether some of its pictures show nothing, and some show something.
    let isPartlyBlank: Bool

    /// Makes pictures small and measures them.
    init(_ images: [RGBImage], duration: Double) {
        let pictures = images.map { image in
            image.resized(width: Self.side, height: Self.side).pixels.map { Float($0) / 255 }
        }
        self.pictures = pictures
        // The last picture is the last frame, not the end: at usual rates this far before it.
        seconds = max(0, duration - 0.04)
        let contrasts = pictures.map(Self.deviation)
        contrast = contrasts.max() ?? 0
        let blanks = contrasts.count { $0 < Self.blank }
        isPartlyBlank = blanks > 0 && blanks < contrasts.count
        var change: Float = 0
        for (place, picture) in pictures.enumerated() {
            for other in pictures[(place + 1)...] {
                change = max(change, Self.distance(picture, other, offset: 0))
            }
        }
        self.change = change
        let steps = zip(pictures, pictures.dropFirst()).map { Self.distance($0, $1, offset: 0) }
        let still = steps.count { $0 < Self.stillStep * change }
        stillness = steps.isEmpty ? 0 : Float(still) / Float(steps.count)
    }

    /// The picture at a second, between the two that were stored, before the first and behind the last these.
    func picture(at second: Double) -> [Float] {
        let last = pictures.count - 1
        guard last > 0, seconds > 0 else { return pictures[0] }
        let place = min(max(0, second / seconds), 1) * Double(last)
        let first = min(Int(place), last - 1)
        let share = Float(place - Double(first))
        return zip(pictures[first], pictures[first + 1]).map { $0 + share * ($1 - $0) }
    }

    private static func deviation(_ picture: [Float]) -> Float {
        let mean = picture.reduce(0, +) / Float(picture.count)
        return distance(picture, [Float](repeating: mean, count: picture.count), offset: 0)
    }

    /// The root of the mean square of what is left of a difference without an offset.
    static func distance(_ a: [Float], _ b: [Float], offset: Float) -> Float {
        var sum: Float = 0
        for index in a.indices {
            let difference = a[index] - b[index] - offset
            sum += difference * difference
        }
        return (sum / Float(a.count)).squareRoot()
    }
}

/// Whether the pictures of two clips can be those of one film.
///
/// Descriptors are of whole clips: where most of two films is the same black or the same standing figure, they are nearly
/// equal whatever comes then. Pictures are compared moment by moment, the worst of them counts.
/// docs/map-and-duplicates.md has the measurements behind the numbers.
enum PictureAgreement {
    /// The greatest difference of two pictures of the same moment, in their contrast.
    private static let greatestDifference: Float = 0.58
    /// Of two clips that are the same, one does not move this much less than the other.
    private static let leastChangeShare: Float = 0.5
    /// What changes less moves as little as noise does.
    private static let noise: Float = 0.006
    /// Of clips that stand still for a larger share what moves has to agree by itself.
    private static let stillShare: Float = 0.4
    /// The greatest difference of two pictures of the same moment then, in what changes.
    private static let greatestDeviation: Float = 0.85
    /// Copies may begin so many seconds earlier or later.
    private static let shifts = (-6...6).map { 0.05 * Double($0) }

    /// Whether what is seen, what moves and how much moves agree.
    static func isSame(_ a: ClipPictures, _ b: ClipPictures) -> Bool {
        let change = max(a.change, b.change)
        if change >= noise, min(a.change, b.change) < leastChangeShare * change { return false }
        let difference = difference(a, b)
        guard isAlike(a, b, difference) else { return false }
        let isStill = min(a.stillness, b.stillness) >= stillShare
        return !isStill || change < noise || difference <= greatestDeviation * change
    }

    /// Whether what is seen agrees.
    static func looksSame(_ a: ClipPictures, _ b: ClipPictures) -> Bool {
        isAlike(a, b, difference(a, b))
    }

    private static func isAlike(_ a: ClipPictures, _ b: ClipPictures, _ difference: Float) -> Bool {
        difference <= greatestDifference * max(a.contrast, b.contrast, 0.02)
    }

    /// The difference of the moment that agrees least, where the clips are laid upon each other best.
    ///
    /// Shifts are seconds of the first clip: where the other one runs at another speed, its seconds are tried too.
    private static func difference(_ a: ClipPictures, _ b: ClipPictures) -> Float {
        let difference = oneSided(a, b)
        return a.seconds == b.seconds ? difference : min(difference, oneSided(b, a))
    }

    private static func oneSided(_ a: ClipPictures, _ b: ClipPictures) -> Float {
        var best = Float.infinity
        // Of two lengths either the end is cut off, or one runs more slowly.
        let speeds = a.seconds > 0 && b.seconds > 0 ? Set([1, b.seconds / a.seconds]) : [1]
        for speed in speeds {
            for shift in shifts {
                let difference = max(
                    worst(a, b, below: best) { $0 * speed - shift },
                    worst(b, a, below: best) { ($0 + shift) / speed }
                )
                best = min(best, difference)
            }
        }
        return best
    }

    /// The greatest difference of pictures of one clip from those of another one at the same moments.
    ///
    /// A copy may be brighter: what all pictures differ by is taken away.
    private static func worst(
        _ a: ClipPictures,
        _ b: ClipPictures,
        below limit: Float,
        _ second: (Double) -> Double
    ) -> Float {
        let step = a.seconds / Double(max(1, a.pictures.count - 1))
        let others = a.pictures.indices.map { b.picture(at: second(Double($0) * step)) }
        var sum: Float = 0
        for (picture, other) in zip(a.pictures, others) {
            sum += zip(picture, other).reduce(0) { $0 + $1.0 - $1.1 }
        }
        let offset = sum / Float(a.pictures.count * a.pictures[0].count)
        var worst: Float = 0
        for (picture, other) in zip(a.pictures, others) where worst < limit {
            worst = max(worst, ClipPictures.distance(picture, other, offset: offset))
        }
        return worst
    }
}

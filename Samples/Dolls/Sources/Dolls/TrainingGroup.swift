/// What networks are trained on: two figures, two motions, and exact drawings of how they combine.
///
/// Frames of a group, 60 pictures in this order, where A and B are figures and a and b motions:
///
/// | frames | show |
/// |---|---|
/// | 0..<16 | A does a, at 16 observed times |
/// | 16..<32 | B does b, at 16 observed times |
/// | 32..<40 | A does b: four of b's observed times, two others, two beyond the window |
/// | 40..<48 | B does a, likewise |
/// | 48..<54 | A does a, but some parts do b: four times inside the window, two beyond it |
/// | 54..<60 | A with one attribute edited does a: four of a's observed times, two others |
public struct TrainingGroup {
    /// Pictures of a group.
    public static let frameCount = 60
    /// Observed frames of a clip.
    public static let observedCount = 16
    /// Frames of the window, 2 seconds; frame k is at t = k / 50.
    public static let windowFrames = 50
    /// Times at which `description` has poses: t up to 2.5.
    public static let poseCount = 126
    /// Numbers of `description`.
    public static let numberCount =
        3 * 34 + 2 + frameCount + 12 + 2 * poseCount * Pose.names.count
        + frameCount * 2 * Skeleton.jointNames.count

    private struct Picture {
        let figure: Figure
        let pose: Pose
        let time: Int
    }

    private let pictures: [Picture]
    /// Numbers of A, B and edited A, the edited attribute, the parts as bits, the time of every frame, which
    /// observed frames 32..<36, 40..<44 and 54..<58 share their pose with, poses of a and b on the grid of
    /// frames, joints of every frame.
    public let description: [Float]
    /// Captions of A, B and edited A.
    public let captions: [String]

    /// Draws up the group of a number.
    public init(_ world: World, _ index: Int) {
        var random = Randomness(world.seed, world.split.rawValue, 4, UInt64(index))
        let (a, b) = (world.motion(2 * index), world.motion(2 * index + 1))
        let (figureA, figureB) = (world.figure(2 * index), world.figure(2 * index + 1))
        let edit = world.edit(of: figureA, index)
        func pose(_ motion: Motion, _ frame: Int) -> Pose {
            Pose(motion, at: Double(frame) / Double(Self.windowFrames))
        }
        let timesA = Self.observed(&random)
        let timesB = Self.observed(&random)
        var pictures = timesA.map { Picture(figure: figureA, pose: pose(a, $0), time: $0) }
        pictures += timesB.map { Picture(figure: figureB, pose: pose(b, $0), time: $0) }
        var shared: [Int] = []
        func crossing(_ figure: Figure, _ motion: Motion, _ times: [Int]) {
            let observed = Self.some(4, of: times.indices, &random)
            shared += observed
            let others = Self.some(2, of: 0..<50, &random) + Self.some(2, of: 50..<76, &random)
            pictures += (observed.map { times[$0] } + others).map {
                Picture(figure: figure, pose: pose(motion, $0), time: $0)
            }
        }
        crossing(figureA, b, timesB)
        crossing(figureB, a, timesA)
        let parts = Self.parts(&random)
        for time in Self.some(4, of: 0..<50, &random) + Self.some(2, of: 50..<66, &random) {
            let mixed = pose(a, time).taking(parts, from: pose(b, time))
            pictures.append(Picture(figure: figureA, pose: mixed, time: time))
        }
        let observed = Self.some(4, of: timesA.indices, &random)
        shared += observed
        for time in observed.map({ timesA[$0] }) + Self.some(2, of: 0..<50, &random) {
            pictures.append(Picture(figure: edit.figure, pose: pose(a, time), time: time))
        }
        self.pictures = pictures
        captions = [figureA, figureB, edit.figure].map(\.caption)
        let bits = parts.reduce(0) { $0 | 1 << (Pose.Part.allCases.firstIndex(of: $1) ?? 0) }
        let numbers =
            [figureA, figureB, edit.figure].flatMap(\.numbers)
            + [Double(edit.attribute.rawValue), Double(bits)]
            + pictures.map { Double($0.time) } + shared.map(Double.init)
            + [a, b].flatMap { motion in
                (0..<Self.poseCount).flatMap { pose(motion, $0).numbers }
            }
            + pictures.flatMap { picture in
                Skeleton(picture.figure, picture.pose).joints.flatMap { [$0.x, $0.y] }
            }
        description = numbers.map(Float.init)
        precondition(description.count == Self.numberCount, "\(description.count) numbers")
    }

    /// Draws all pictures: RGB bytes `[60, size, size, 3]`.
    public func draw(_ drawing: Drawing, into target: UnsafeMutableRawBufferPointer) {
        for (index, picture) in pictures.enumerated() {
            let start = index * drawing.byteCount
            let place = UnsafeMutableRawBufferPointer(
                rebasing: target[start..<start + drawing.byteCount]
            )
            drawing.draw(picture.figure, picture.pose, into: place)
        }
    }

    /// Evenly spread over the window, or anywhere in it; the first frame is always seen, so that t starts with it.
    private static func observed(_ random: inout Randomness) -> [Int] {
        if random.happens(0.5) {
            return (0..<observedCount).map { ($0 * 49 + 7) / (observedCount - 1) }
                .map { min($0, 49) }
        }
        return [0] + some(observedCount - 1, of: 1..<windowFrames, &random).sorted()
    }

    private static func parts(_ random: inout Randomness) -> [Pose.Part] {
        if random.happens(0.6) { return [random.one(of: Pose.Part.allCases)] }
        let some = Pose.Part.allCases.filter { _ in random.happens(0.5) }
        return some.isEmpty ? [.rightArm] : some
    }

    private static func some(
        _ count: Int,
        of range: Range<Int>,
        _ random: inout Randomness
    ) -> [Int] {
        Array(range.shuffled(using: &random)[..<count])
    }
}

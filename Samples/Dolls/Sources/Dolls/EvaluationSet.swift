/// Clips, pairs, edits and their exact drawings, to measure a pack by.
///
/// Figure i does motion i, modulo the number of motions, and is to do the motion of figure i + 1. All of it follows from
/// the world and the counts.
public struct EvaluationSet: Sendable {
    /// Frames of the window that is observed: 2 seconds.
    public static let window = 50
    /// Frames drawn: to 1.5 of the window.
    public static let frames = 75
    /// The frames of a window at which parts and edits are drawn.
    public static let someFrames = [0, 7, 14, 21, 28, 35, 42, 49]

    /// The world.
    public let world: World
    /// How many figures, each with a clip.
    public let figures: Int
    /// How many motions.
    public let motions: Int

    /// Names a set.
    ///
    /// - Parameters:
    ///   - world: Where figures and motions come from.
    ///   - figures: How many, at least 2.
    ///   - motions: How many, at least 2 and at most as many.
    public init(_ world: World, figures: Int, motions: Int) {
        precondition((2...max(2, figures)).contains(motions), "\(motions) motions of \(figures)")
        (self.world, self.figures, self.motions) = (world, figures, motions)
    }

    /// The clip whose motion a clip's figure is to do.
    public func partner(_ clip: Int) -> Int { (clip + 1) % figures }

    /// The motion of a clip.
    public func motion(_ clip: Int) -> Motion { world.motion(clip % motions) }

    /// The pose of a clip's motion in a frame.
    public func pose(_ clip: Int, _ frame: Int) -> Pose {
        Pose(motion(clip), at: Double(frame) / Double(Self.window))
    }

    /// Poses of a clip with some parts from its partner.
    public func mixed(_ clip: Int, _ part: Pose.Part, _ frame: Int) -> Pose {
        pose(clip, frame).taking([part], from: pose(partner(clip), frame))
    }

    /// Three to five frames that are observed when the others are to be guessed; the first is one of them.
    public func sparseFrames(_ clip: Int) -> [Int] {
        var random = Randomness(world.seed, world.split.rawValue, 5, UInt64(clip))
        let count = 2 + Int(random.next() % 3)
        let others = Array(1..<Self.window).shuffled(using: &random).prefix(count)
        return [0] + others.sorted()
    }

    /// An edit of a clip's figure: what it becomes, and all values that the attribute could have.
    public func edit(
        _ clip: Int,
        _ attribute: Attribute
    ) -> (target: Figure, candidates: [Figure]) {
        let figure = world.figure(clip)
        let others = figure.variants(of: attribute)
        var random = Randomness(
            world.seed,
            world.split.rawValue,
            6,
            UInt64(clip),
            UInt64(attribute.rawValue)
        )
        return (random.one(of: others), [figure] + others)
    }
}

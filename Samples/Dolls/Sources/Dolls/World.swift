/// All figures and motions of a seed, apart for training, validation and test.
public struct World: Sendable {
    /// What figures and motions are for.
    ///
    /// No two splits share a figure or a motion.
    public enum Split: UInt64, CaseIterable, Sendable { case train, validation, test }

    /// What everything is drawn from.
    public let seed: UInt64
    /// The split.
    public let split: Split

    /// Names a world.
    public init(seed: UInt64, split: Split) {
        (self.seed, self.split) = (seed, split)
    }

    /// The figure of a number, always the same.
    public func figure(_ index: Int) -> Figure {
        var random = Randomness(seed, split.rawValue, 1, UInt64(index))
        return Figure(&random)
    }

    /// The motion of a number, always the same.
    public func motion(_ index: Int) -> Motion {
        var random = Randomness(seed, split.rawValue, 2, UInt64(index))
        return Motion(&random)
    }

    /// A motion whose parts do something given, at rates, phases and amplitudes of the number.
    public func motion(_ index: Int, of kinds: Motion.Kinds) -> Motion {
        var random = Randomness(seed, split.rawValue, 7, UInt64(index))
        return Motion(&random, kinds)
    }

    /// A figure with one attribute changed, and which one.
    public func edit(of figure: Figure, _ index: Int) -> (figure: Figure, attribute: Attribute) {
        var random = Randomness(seed, split.rawValue, 3, UInt64(index))
        let attribute = random.one(of: figure.editable)
        return (figure.edited(attribute, &random), attribute)
    }
}

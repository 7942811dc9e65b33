internal import Glibc

/// How a figure moves: one smooth motion per part of the body, each with amplitude, rate and phase.
public struct Motion: Sendable, Hashable {
    /// What an arm does.
    public enum Arm: String, CaseIterable, Sendable {
        case still, raise, wave, hip, curl, spread, swing
    }
    /// What the legs do.
    public enum Legs: String, CaseIterable, Sendable { case still, walk, step, wide, knee }
    /// What the torso does.
    public enum Torso: String, CaseIterable, Sendable { case still, sway, turn }
    /// What the head does.
    public enum Head: String, CaseIterable, Sendable { case still, nod, turn, tilt }

    /// A cosine: cycles per unit of t, radians at t = 0, and a factor around 1.
    struct Cycle: Sendable, Hashable {
        var rate: Double
        var phase: Double
        var amplitude: Double
        var offset: Double = 0

        init(_ random: inout Randomness, rate: ClosedRange<Double>, offset: Double = 0) {
            self.rate = random.uniform(rate.lowerBound, rate.upperBound)
            phase = random.uniform(0, 2 * .pi)
            amplitude = random.uniform(0.75, 1.08)
            self.offset = random.uniform(-1, 1) * offset
        }

        func angle(_ t: Double) -> Double { 2 * .pi * rate * t + phase }
        /// -1...1.
        func sine(_ t: Double) -> Double { sin(angle(t)) }
        /// 0...1.
        func rise(_ t: Double) -> Double { 0.5 - 0.5 * cos(angle(t)) }
    }

    /// What each part does.
    public struct Kinds: Sendable, Hashable {
        /// The figure's right arm, on the left of the picture.
        public var rightArm = Arm.still
        /// The figure's left arm.
        public var leftArm = Arm.still
        /// The legs.
        public var legs = Legs.still
        /// The torso.
        public var torso = Torso.still
        /// The head.
        public var head = Head.still

        /// The name of what a part does.
        public subscript(part: Pose.Part) -> String {
            switch part {
            case .rightArm: rightArm.rawValue
            case .leftArm: leftArm.rawValue
            case .legs: legs.rawValue
            case .torso: torso.rawValue
            case .head: head.rawValue
            }
        }
    }

    /// What each part does.
    public let kinds: Kinds
    var right: Cycle
    var left: Cycle
    var leg: Cycle
    var trunk: Cycle
    var face: Cycle
    var blink: Cycle

    /// Draws a motion of a stream.
    init(_ random: inout Randomness) {
        let arms: [(Arm, Double)] = [
            (.still, 0.17), (.raise, 0.2), (.wave, 0.19), (.hip, 0.11), (.curl, 0.13),
            (.spread, 0.13), (.swing, 0.07),
        ]
        var kinds = Kinds()
        kinds.rightArm = random.one(of: arms)
        kinds.leftArm = random.one(of: arms)
        kinds.legs = random.one(of: [
            (.still, 0.3), (.walk, 0.28), (.step, 0.16), (.wide, 0.1), (.knee, 0.16),
        ])
        kinds.torso = random.one(of: [(.still, 0.4), (.sway, 0.35), (.turn, 0.25)])
        kinds.head = random.one(of: Head.allCases)
        if kinds.legs == .walk, random.happens(0.4) {
            (kinds.rightArm, kinds.leftArm) = (.swing, .swing)
        }
        self.init(&random, kinds)
    }

    /// Draws rates, phases and amplitudes of what the parts do.
    init(_ random: inout Randomness, _ kinds: Kinds) {
        self.kinds = kinds
        let (rightArm, leftArm, legs) = (kinds.rightArm, kinds.leftArm, kinds.legs)
        right = Cycle(&random, rate: Self.rate(of: rightArm), offset: 0.1)
        left = Cycle(&random, rate: Self.rate(of: leftArm), offset: 0.1)
        leg = Cycle(&random, rate: legs == .walk ? 0.8...1.5 : 0.5...1.1)
        if leftArm == rightArm, random.happens(0.5) { left = right }
        if legs == .walk, rightArm == .swing, leftArm == .swing {
            (right.rate, left.rate) = (leg.rate, leg.rate)
            (right.phase, left.phase) = (leg.phase, leg.phase + .pi)
        }
        trunk = Cycle(&random, rate: 0.5...1.1)
        face = Cycle(&random, rate: 0.5...1.3)
        blink = Cycle(&random, rate: 0.6...1.1)
    }

    private static func rate(of arm: Arm) -> ClosedRange<Double> {
        switch arm {
        case .still, .hip: 0.5...1
        case .raise: 0.5...1
        case .wave: 1...1.7
        case .curl: 0.7...1.5
        case .spread: 0.6...1.3
        case .swing: 0.8...1.5
        }
    }
}

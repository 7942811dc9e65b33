internal import Glibc

/// The angles of the skeleton at one moment.
public struct Pose: Sendable, Hashable {
    /// Where each number lies in `numbers`.
    public static let names = [
        "lean", "hipShift", "torsoTurn", "headTilt", "headTurn", "headNod", "blink",
        "rightArm", "rightElbow", "rightForward", "leftArm", "leftElbow", "leftForward",
        "rightLift", "rightSpread", "leftLift", "leftSpread", "rise",
    ]

    /// A part of the body that can move like another figure's.
    public enum Part: String, CaseIterable, Sendable {
        case rightArm = "right-arm"
        case leftArm = "left-arm"
        case legs, torso, head

        /// The numbers of a pose that belong to the part.
        public var range: Range<Int> {
            switch self {
            case .torso: 0..<3
            case .head: 3..<7
            case .rightArm: 7..<10
            case .leftArm: 10..<13
            case .legs: 13..<18
            }
        }
    }

    /// Angles in radians, shifts in pixels of a picture of 128, blink from 0 (open) to 1.
    public var numbers: [Double]

    /// The pose of a motion at a time, in units of t: two seconds.
    public init(_ motion: Motion, at t: Double) {
        numbers = [Double](repeating: 0, count: Self.names.count)
        set(.rightArm, Self.arm(motion.kinds.rightArm, motion.right, t))
        set(.leftArm, Self.arm(motion.kinds.leftArm, motion.left, t))
        set(.legs, Self.legs(motion.kinds.legs, motion.leg, t))
        let swing = motion.trunk.sine(t) * motion.trunk.amplitude
        switch motion.kinds.torso {
        case .still: break
        case .sway: set(.torso, [0.13 * swing, -2.6 * swing, 0])
        case .turn: set(.torso, [0.02 * swing, 0, 0.75 * swing])
        }
        let look = motion.face.sine(t) * motion.face.amplitude
        // The lids close for a tenth of a cycle.
        let blink = 1 / (1 + exp(-14 * (motion.blink.sine(t) - 0.86)))
        switch motion.kinds.head {
        case .still: set(.head, [0, 0, 0, blink])
        case .nod: set(.head, [0, 0, look, blink])
        case .turn: set(.head, [0, look, 0, blink])
        case .tilt: set(.head, [0.28 * look, 0, 0, blink])
        }
    }

    /// This pose with some parts from another one.
    public func taking(_ parts: [Part], from other: Pose) -> Pose {
        var pose = self
        for part in parts {
            pose.numbers.replaceSubrange(part.range, with: other.numbers[part.range])
        }
        return pose
    }

    private mutating func set(_ part: Part, _ values: [Double]) {
        numbers.replaceSubrange(part.range, with: values)
    }

    /// The angle from the body, the bend of the elbow, and how far the arm points at the viewer.
    private static func arm(_ kind: Motion.Arm, _ cycle: Motion.Cycle, _ t: Double) -> [Double] {
        let (s, rise) = (cycle.sine(t) * cycle.amplitude, cycle.rise(t) * cycle.amplitude)
        let offset = cycle.offset
        return switch kind {
        case .still: [0.22 + 0.04 * s + 0.5 * offset, 0.10, 0]
        case .raise: [0.22 + 2.25 * rise + offset, 0.18, 0]
        case .wave: [1.95 + offset + 0.10 * s, 0.55 + 0.62 * s, 0]
        case .hip: [0.85 + 0.5 * offset + 0.02 * s, -1.85, 0]
        case .curl: [0.40 + offset, 1.25 + 1.0 * s, 0]
        case .spread: [1.30 + 0.45 * s + offset, 0.10, 0]
        case .swing: [0.24 + 0.4 * offset, 0.22 + 0.25 * (1 + s), 0.75 * s]
        }
    }

    /// Lift and spread of the right and of the left leg, and the rise onto the toes.
    private static func legs(_ kind: Motion.Legs, _ cycle: Motion.Cycle, _ t: Double) -> [Double] {
        let (s, rise) = (cycle.sine(t), cycle.rise(t) * cycle.amplitude)
        /// The positive part, rounded off around 0.
        func positive(_ x: Double) -> Double { (x + (x * x + 0.02).squareRoot()) / 2 }
        let a = cycle.amplitude
        return switch kind {
        case .still: [0, 0.07, 0, 0.07, 0]
        case .walk: [0.85 * a * positive(s), 0.07, 0.85 * a * positive(-s), 0.07, 1.2 * s * s]
        case .step: [0, 0.07 + 0.48 * rise, 0, 0.07, 0]
        case .wide: [0, 0.22 + 0.10 * rise, 0, 0.22 + 0.10 * rise, 0]
        case .knee: [0.95 * rise, 0.10, 0, 0.09, 0]
        }
    }
}

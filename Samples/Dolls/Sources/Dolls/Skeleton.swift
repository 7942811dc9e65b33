internal import Glibc

/// A point of the picture; x to the right, y down, in pixels of a picture of 128.
public struct Point: Sendable, Hashable {
    /// To the right.
    public var x: Double
    /// Down.
    public var y: Double

    init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }

    static func + (a: Point, b: Point) -> Point { Point(a.x + b.x, a.y + b.y) }
    static func - (a: Point, b: Point) -> Point { Point(a.x - b.x, a.y - b.y) }
    static func * (a: Point, k: Double) -> Point { Point(a.x * k, a.y * k) }

    /// The point a fraction of the way to another.
    func toward(_ other: Point, _ fraction: Double) -> Point { self + (other - self) * fraction }
}

/// Where the joints of a figure in a pose lie in the picture.
///
/// Right and left are the figure's own: its right arm is on the left of the picture.
public struct Skeleton: Sendable {
    /// The order of `joints`.
    public static let jointNames = [
        "head", "neck", "hip", "rightShoulder", "rightElbow", "rightHand", "leftShoulder",
        "leftElbow", "leftHand", "rightKnee", "rightFoot", "leftKnee", "leftFoot",
    ]

    /// Shoulder, elbow and hand.
    struct Arm: Sendable {
        var side: Double
        var shoulder: Point
        var elbow: Point
        var hand: Point
    }

    /// The top of the thigh, knee and foot.
    struct Leg: Sendable {
        var side: Double
        var top: Point
        var knee: Point
        var foot: Point
        var lift: Double
    }

    let hip: Point
    let neck: Point
    let head: Point
    let headAngle: Double
    /// Along the spine, and to the right of the picture across it; both of length 1.
    let up: Point
    let across: Point
    /// How wide the torso seems: below 1 when turned.
    let facing: Double
    let torsoLength: Double
    let arms: [Arm]
    let legs: [Leg]

    static let floor = 116.5

    /// The exact joints, in the order of `jointNames`.
    public var joints: [Point] {
        [head, neck, hip] + arms.flatMap { [$0.shoulder, $0.elbow, $0.hand] }
            + legs.flatMap { [$0.knee, $0.foot] }
    }

    /// Places a figure in a pose.
    public init(_ figure: Figure, _ pose: Pose) {
        let (body, p) = (figure.body, pose.numbers)
        let (lean, turn) = (p[0], p[2])
        facing = 0.6 + 0.4 * cos(turn)
        let thigh = 24 * body.height * body.leg
        let shin = 22.5 * body.height * body.leg
        let stance = 0.5 * body.hip * (0.65 + 0.35 * cos(turn))
        func leg(_ side: Double, lift: Double, spread: Double) -> Leg {
            let top = Point(side * stance, 1)
            let knee =
                top
                + Point(
                    side * (sin(spread) * thigh + 3 * lift),
                    cos(spread) * cos(1.25 * lift) * thigh
                )
            let foot =
                knee
                + Point(
                    side * (0.9 * sin(spread) * shin - 1.5 * lift),
                    cos(spread) * (1 - 0.18 * lift) * shin
                )
            return Leg(side: side, top: top, knee: knee, foot: foot, lift: lift)
        }
        let free = [leg(-1, lift: p[13], spread: p[14]), leg(1, lift: p[15], spread: p[16])]
        // The lower foot stands on the floor.
        let reach = max(free[0].foot.y, free[1].foot.y)
        let hip = Point(64 + p[1], Self.floor - reach - p[17])
        self.hip = hip
        legs = free.map {
            var leg = $0
            (leg.top, leg.knee, leg.foot) = (leg.top + hip, leg.knee + hip, leg.foot + hip)
            return leg
        }
        torsoLength = 31 * body.height
        let up = Point(sin(lean), -cos(lean))
        let across = Point(cos(lean), sin(lean))
        let neck = hip + up * torsoLength
        (self.up, self.across, self.neck) = (up, across, neck)
        headAngle = lean + p[3]
        let distance = 0.98 * body.head + 1.8
        head =
            neck + Point(sin(headAngle) * distance, -cos(headAngle) * distance + 0.9 * p[5])
        func arm(_ side: Double, _ angle: Double, _ bend: Double, _ forward: Double) -> Arm {
            let depth = 1.6 * sin(turn) * -side
            let shoulder =
                neck + across * (side * (body.shoulder - 1.2) * cos(turn)) + up * -4.2
                + Point(0, depth)
            let upper = 16.5 * body.height * (0.4 + 0.6 * cos(forward))
            let elbow = shoulder + Point(side * sin(angle) * upper, cos(angle) * upper)
            let fore = 15.5 * body.height * (1 - 0.25 * abs(sin(forward)))
            let hand =
                elbow
                + Point(
                    side * sin(angle + bend) * fore,
                    cos(angle + bend) * fore - 3 * max(0, forward)
                )
            return Arm(side: side, shoulder: shoulder, elbow: elbow, hand: hand)
        }
        arms = [arm(-1, p[7], p[8], p[9]), arm(1, p[10], p[11], p[12])]
    }
}
